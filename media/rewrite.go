package media

import "time"

// Rewriter makes one continuous stream out of what sits in a seat, for one
// kind of media: sequence numbers, timestamps and picture ids go on
// without a break when the source or its layer changes. A receiver can not
// tell that anything changed but the picture.
//
// # Rules
//
// A new source starts at once for sound and at a key frame for pictures; the
// former source stops at once, so that nobody sees one person under another's
// name. A new layer of the same source starts at its key frame and the old
// layer goes on until then.
//
// Packets lost on the way in leave holes in the numbers going out, so that
// the subscriber asks for them again and they still fit when the publisher
// repeats them: as far as repairs reach, and no more in a second than
// holeBudget allows. Beyond that the numbers go on without a hole, at a key
// frame for pictures. Packets left out on purpose (Skip) leave no holes.
//
// Timestamps are the source's own, moved by a constant, as long as they keep
// to the clock (see timeline). One that leaps goes on instead from where the
// stream stood, by the time that passed. Picture ids are passed on as they
// come: receivers take them relative to the one before and start over at the
// key frame of the next source, which gets the id after the last.
//
// A key frame that needs another packet before it (Lead) has the number before
// its own left free for that, which then belongs to it.
//
// No outgoing number is ever given to two packets: see Sealer.
//
// A Rewriter belongs to one goroutine. It holds a few hundred bytes once in
// use.
type Rewriter struct {
	kind        Kind
	clock       uint32
	cur, target stream // cur is where the open segment comes from; 0: none
	segs        seqMap
	sent        replayWindow // outgoing numbers already used
	holes       holeBudget
	line        timeline
	highIn      ExtSeq // newest incoming number of cur
	next        ExtSeq // outgoing number for the next switch; valid while cur is none
	started     bool
	lastTS      Ticks   // newest outgoing timestamp
	lastAt      Instant // when it was first used
	doubtful    Instant // the source's clock may have stood still until then
	lastPID     uint16  // newest outgoing picture id, 15 bits
	lastTL0     uint8
	havePID     bool
	haveTL0     bool
	skipPID     uint16 // last frame left out
	skippedPID  bool   // skipPID is valid in this segment
}

// NewRewriter returns a Rewriter for KindAudio or KindVideo whose stream
// starts at seq and ts. Both should be random; the top bit of seq is cleared,
// so that a receiver that misses the first packets does not guess a wrong
// roll-over counter.
func NewRewriter(kind Kind, seq Seq, ts Ticks) Rewriter {
	clock := CodecVP8.ClockRate()
	if kind == KindAudio {
		clock = CodecOpus.ClockRate()
	}
	return Rewriter{kind: kind, clock: clock, next: ExtSeq(seq & 0x7fff), lastTS: ts}
}

// Input is a received packet as a Rewriter sees it.
type Input struct {
	Source uint64 // never 0
	Layer  uint8
	Ext    ExtSeq // counted per source and layer
	TS     Ticks
	Marker bool
	Facts  *Facts       // never nil; for sound a zero one will do
	Clocks *LayerClocks // of the source's track; may be nil
	Now    Instant
}

// Output is what the packet becomes. PictureID and TL0 mean something only if
// the source has them (Facts.Counters).
type Output struct {
	Ext       ExtSeq
	TS        Ticks
	Marker    bool
	PictureID uint16
	TL0       uint8
	Switched  bool // first packet from another source or layer
	// Lead: the packet that Facts.Lead tells of is to be sent before this one,
	// as AsLead says.
	Lead bool
}

// AsLead makes out that of the packet which goes before: one number less, in
// the same frame.
func (out *Output) AsLead() {
	out.Ext--
	out.Marker, out.Lead = false, false
}

// Verdict says what becomes of a packet.
type Verdict uint8

// The verdicts. All but Forward are drops; those that are no part of an honest
// stream's life are to be counted by reason.
const (
	Forward          Verdict = iota
	DropFormer               // of a source that does not sit here
	DropOtherLayer           // of a layer that is not wanted now
	DropWaitKeyframe         // of the wanted layer, before its key frame
	DropLate                 // too old, or from before the switch
	DropDuplicate            // sent before
	DropTimestamp            // late, with a time that can not have been its own
)

// String returns a name for counters.
func (v Verdict) String() string {
	return [...]string{"forward", "former", "other_layer", "wait_keyframe", "late", "duplicate", "timestamp"}[v]
}

// maxJump is the largest gap that is kept as a gap: what is missing beyond it
// is asked of no publisher (see NackTracker), so it never comes, and the stream
// starts anew, at a key frame for pictures.
const maxJump = maxNackGap

// SetTarget says what the seat shall carry: a layer of a source. Source 0
// empties the seat. A change of source takes effect at once (the former stops,
// pictures wait for a key frame); a change of layer at its key frame.
func (r *Rewriter) SetTarget(source uint64, layer uint8) {
	if source != r.target.source {
		r.stop()
	}
	r.target = stream{source, layer}
}

// Restart ends the current stretch; what comes next starts as after a change
// of source. To be called when a source is forwarded again after its packets
// were withheld (mute).
func (r *Rewriter) Restart() { r.stop() }

// Current returns what is being forwarded, source 0 if nothing.
func (r *Rewriter) Current() (source uint64, layer uint8) { return r.cur.source, r.cur.layer }

// Pending reports whether the target is not reached yet. For pictures it is
// then time to ask the target for a key frame.
func (r *Rewriter) Pending() bool { return r.target.source != 0 && r.cur != r.target }

// stop closes the open segment.
func (r *Rewriter) stop() {
	if r.cur.source == 0 {
		return
	}
	r.next = r.nextOut()
	r.segs.close(r.highIn)
	r.cur = stream{}
}

// nextOut is one above the highest outgoing number given out or reserved.
func (r *Rewriter) nextOut() ExtSeq {
	if r.cur.source == 0 {
		return r.next
	}
	s := r.segs.last()
	return s.out + (r.highIn + 1 - s.in)
}

// Rewrite maps one packet. If the verdict is Forward, out says how it is to
// be sent; else out is unchanged.
func (r *Rewriter) Rewrite(in *Input, out *Output) Verdict {
	st := stream{in.Source, in.Layer}
	if in.Source == 0 || in.Source != r.target.source {
		return DropFormer
	}
	if st == r.cur && in.Ext > r.highIn+1 && !r.holes.take(in.Ext-r.highIn-1, in.Now) {
		r.stop()
	}
	if st != r.cur {
		return r.rewriteOther(st, in, out)
	}
	s := r.segs.byIn(st, in.Ext)
	if s == nil {
		return DropLate
	}
	if in.Ext > r.highIn {
		if !r.onTime(in.TS+s.ts, in.Now) {
			s = r.retime(s, in)
		}
		if in.Facts.Lead == LeadAlways {
			s = r.makeRoom(s, in)
		}
	}
	return r.forward(s, in, out, false)
}

// onTime reports whether the newest packet may have the timestamp ts. The
// packets of one picture share theirs, however long they take.
func (r *Rewriter) onTime(ts Ticks, now Instant) bool {
	return ts == r.lastTS || int32(ts-r.lastTS) >= -maxBack*int32(r.clock) && r.line.holds(ts, now, r.clock)
}

// retime goes on with the open segment s, from the packet in on, at the time
// that passed since the newest timestamp.
func (r *Rewriter) retime(s *segment, in *Input) *segment {
	s = r.cutAt(s, in.Ext)
	r.doubtful = in.Now
	s.ts = r.later(r.lastTS+ticksIn(max(0, in.Now.Sub(r.lastAt)), r.clock), in.Now) - in.TS
	return s
}

// makeRoom leaves a number free before in, the newest of the open segment s.
func (r *Rewriter) makeRoom(s *segment, in *Input) *segment {
	s = r.cutAt(s, in.Ext)
	s.out++
	s.lead = true
	return s
}

// cutAt makes the open segment s, of which in has not been sent, start at in.
func (r *Rewriter) cutAt(s *segment, in ExtSeq) *segment {
	if in == s.in {
		return s
	}
	return r.divide(s, in, in)
}

// later bounds what becomes the newest timestamp.
func (r *Rewriter) later(ts Ticks, now Instant) Ticks {
	if ts = r.line.bound(ts, now, r.clock); !ts.Newer(r.lastTS) {
		ts = r.lastTS + 1
	}
	return ts
}

// divide ends the open segment s before the incoming number end and opens
// another one like it, which starts with the number in under the outgoing
// number that end would have had.
func (r *Rewriter) divide(s *segment, end, in ExtSeq) *segment {
	rest := *s
	rest.out += end - s.in
	rest.in, rest.mark, rest.lead = in, false, false
	s.open, s.end = false, end-1
	return r.segs.push(rest)
}

// rewriteOther handles a packet that is not of the current layer: a late one
// of the layer before, the start of the wanted layer, or neither.
func (r *Rewriter) rewriteOther(st stream, in *Input, out *Output) Verdict {
	if s := r.segs.byIn(st, in.Ext); s != nil {
		return r.forward(s, in, out, false)
	}
	switch {
	case st != r.target:
		return DropOtherLayer
	case in.Ext <= r.segs.newest(st):
		return DropLate
	case r.kind == KindVideo && !(in.Facts.Keyframe && in.Facts.Start):
		return DropWaitKeyframe
	}
	return r.forward(r.begin(st, in), in, out, true)
}

// begin opens a segment for st whose first packet is in.
func (r *Rewriter) begin(st stream, in *Input) *segment {
	s := segment{stream: st, open: true, in: in.Ext, mark: r.kind == KindAudio}
	r.doubtful = 0
	if last := r.segs.last(); last != nil && last.stream == st {
		r.doubtful = in.Now // the same again, after a pause
	}
	s.ts = r.startTS(st, in) - in.TS
	r.stop()
	s.out = r.next
	if s.lead = in.Facts.Lead != LeadNone; s.lead {
		s.out++
	}
	if v := &in.Facts.Counters; v.PIDBits != 0 && r.havePID {
		s.pid = r.lastPID + 1 - v.PictureID
	}
	if v := &in.Facts.Counters; v.HasTL0 && r.haveTL0 {
		s.tl0 = r.lastTL0 + 1 - v.TL0
	}
	r.skippedPID = false
	r.cur, r.highIn = st, in.Ext-1
	return r.segs.push(s)
}

// startTS chooses the outgoing timestamp of a segment's first packet: as much
// later than the newest one as time has passed. A clock that both sides share
// tells that better than the wall clock here, which has the network's jitter
// in it: the stream's own clock if it only paused, sender reports if another
// layer of the same source goes on. At least one tick passes.
func (r *Rewriter) startTS(st stream, in *Input) Ticks {
	if !r.started {
		return r.lastTS
	}
	ts := r.lastTS + ticksIn(max(0, in.Now.Sub(r.lastAt)), r.clock)
	if s := r.segs.last(); s != nil && s.source == st.source {
		if exact, ok := r.sharedClock(s, st, in); ok {
			// More than a second off: one of the clocks is wrong.
			if d := int32(exact - ts); d > -int32(r.clock) && d < int32(r.clock) {
				ts = exact
			}
		}
	}
	return r.later(ts, in.Now)
}

// sharedClock continues the timeline of s, the segment before.
func (r *Rewriter) sharedClock(s *segment, st stream, in *Input) (Ticks, bool) {
	if s.layer == st.layer {
		return in.TS + s.ts, true
	}
	if in.Clocks == nil || int(s.layer) >= MaxLayers || int(st.layer) >= MaxLayers {
		return 0, false
	}
	from, to := in.Clocks[st.layer], in.Clocks[s.layer]
	if !from.Known() || !to.Known() {
		return 0, false
	}
	return to.TicksAt(from.NTPAt(in.TS, r.clock), r.clock) + s.ts, true
}

// forward fills out from segment s and moves the state if in is the newest.
func (r *Rewriter) forward(s *segment, in *Input, out *Output, switched bool) Verdict {
	ext := s.out + (in.Ext - s.in)
	if !r.sent.fresh(uint64(ext)) {
		if r.sent.top-uint64(ext) > replayWindowSize {
			return DropLate
		}
		return DropDuplicate
	}
	newest := s.open && in.Ext > r.highIn
	if !newest {
		if !r.wasTimely(in.TS + s.ts) {
			return DropTimestamp
		}
		r.holes.filled()
	}
	s.fill(in, out)
	if out.Lead {
		r.sent.mark(uint64(ext - 1))
	}
	r.sent.mark(uint64(ext))
	out.Switched = switched
	if newest {
		r.highIn = in.Ext
		r.noteNewest(in, out)
	}
	return Forward
}

// wasTimely reports whether ts may be that of a packet which comes late.
func (r *Rewriter) wasTimely(ts Ticks) bool {
	d := int32(ts - r.lastTS)
	return d <= maxBack*int32(r.clock) && d >= -maxLate*int32(r.clock)
}

// noteNewest remembers where the outgoing stream stands.
func (r *Rewriter) noteNewest(in *Input, out *Output) {
	if !r.started || out.TS.Newer(r.lastTS) {
		r.lastTS, r.lastAt, r.started = out.TS, in.Now, true
		r.line.follow(out.TS, in.Now, r.clock)
	}
	v := &in.Facts.Counters
	if v.PIDBits != 0 {
		r.lastPID, r.havePID = out.PictureID, true
	}
	if v.HasTL0 {
		r.lastTL0, r.haveTL0 = out.TL0, true
	}
}

// fill applies the segment's offsets to a packet.
func (s *segment) fill(in *Input, out *Output) {
	out.Ext = s.out + (in.Ext - s.in)
	out.TS = in.TS + s.ts
	out.Marker = in.Marker || s.mark && in.Ext == s.in
	out.Lead = s.lead && in.Ext == s.in
	v := &in.Facts.Counters
	out.PictureID, out.TL0 = 0, 0
	if v.PIDBits != 0 {
		out.PictureID = (v.PictureID + s.pid) & (1<<v.PIDBits - 1)
	}
	if v.HasTL0 {
		out.TL0 = v.TL0 + s.tl0
	}
}

// Skip notes that a packet of the current layer is left out on purpose: a
// padding packet, or a frame of a temporal layer that is not wanted. The next
// ones move up, so the subscriber sees no gap. Frames have to be left out
// whole. It does nothing for packets that would not have been forwarded.
func (r *Rewriter) Skip(in *Input) {
	if r.cur.source == 0 || (stream{in.Source, in.Layer}) != r.cur || in.Ext <= r.highIn {
		return
	}
	if gap := in.Ext - r.highIn - 1; gap > 0 && !r.holes.take(gap, in.Now) {
		return
	}
	s := r.segs.last()
	if in.Ext == s.in { // nothing of this segment has been sent or reserved
		s.in++
	} else {
		s = r.divide(s, in.Ext, in.Ext+1)
	}
	r.highIn = in.Ext
	if in.Facts.Counters.PIDBits == 0 {
		return
	}
	// Close the gap in the picture ids too, once per frame.
	if pid := in.Facts.Counters.PictureID; !r.skippedPID || pid != r.skipPID {
		r.skipPID, r.skippedPID = pid, true
		s.pid--
	}
}

// SenderReport returns the clock to state in a sender report at now: the
// outgoing timestamp of this moment on our wall clock. clocks are those of
// the current source, offset its publisher's; either may know nothing, then
// the time since the newest packet has to do, as it has after a pause or a leap
// until they were looked at again: some clocks stand still while a source is
// muted (see ClockWatch, which keeps clocks). ok is false while nothing is being
// sent.
func (r *Rewriter) SenderReport(now Instant, clocks *LayerClocks, offset *ClockOffset) (c SenderClock, ok bool) {
	if r.cur.source == 0 || !r.started {
		return c, false
	}
	c.NTP = now.NTP()
	c.RTP = r.lastTS + ticksIn(now.Sub(r.lastAt), r.clock)
	if clocks == nil || offset == nil || int(r.cur.layer) >= MaxLayers {
		return c, true
	}
	sender := clocks[r.cur.layer]
	captured, known := offset.Local(sender.NTP)
	if !sender.Known() || !known || captured.Sub(r.doubtful.NTP()) < 0 {
		return c, true
	}
	exact := sender.RTP + r.segs.last().ts + ticksIn(c.NTP.Sub(captured), r.clock)
	if d := time.Duration(int32(exact-c.RTP)) * time.Second / time.Duration(r.clock); d.Abs() < maxClockStep {
		c.RTP = exact
	}
	return c, true
}

// Origin is where an outgoing packet came from.
type Origin struct {
	Source uint64
	Layer  uint8
	Ext    ExtSeq // incoming: the key into that layer's Cache
	// Lead: the number is that of the packet sent before this one.
	Lead bool
	seg  segment
}

// Lookup finds the origin of an outgoing number that a subscriber asks for
// again. It fails for numbers that were never sent (the packet is missing
// here too) and for those sent too long ago.
func (r *Rewriter) Lookup(seq Seq) (Origin, bool) {
	if r.sent.top == 0 {
		return Origin{}, false
	}
	ext := extendNear(ExtSeq(r.sent.top-1), seq)
	if uint64(ext) >= r.sent.top || r.sent.top-uint64(ext) > replayWindowSize || r.sent.fresh(uint64(ext)) {
		return Origin{}, false
	}
	s := r.segs.byOut(ext)
	if s == nil {
		return Origin{}, false
	}
	o := Origin{Source: s.source, Layer: s.layer, Ext: s.in + (ext - s.out), seg: *s}
	if o.Lead = ext < s.out; o.Lead {
		o.Ext = s.in
	}
	return o, true
}

// Recreate fills out exactly as it was when the packet was first sent. in is
// the packet from the cache; its Source, Layer, Clocks and Now are not used.
func (o *Origin) Recreate(in *Input, out *Output) {
	o.seg.fill(in, out)
	out.Switched = false
	if o.Lead {
		out.AsLead()
	}
}
