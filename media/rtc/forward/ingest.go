package forward

import (
	"encoding/binary"

	"parley/media"
)

// ingestLoop takes a packet that a publisher sends, in the clear: from here on
// all are alike. It accounts for it and queues it for its subscribers. What h and
// plain point to is theirs to write in until forwardLoop has returned.
func (w *worker) ingestLoop(from *publisher, h *media.Header, plain []byte) {
	l := &w.loop
	from.rx.packetAt = l.now
	w.activate(from)
	in := from.incoming.Load()
	if in != from.rx.in {
		w.follow(from, in)
	}
	if id := in.exts.TransportCC; id != 0 {
		if v := h.Ext(id); len(v) == 2 {
			from.rx.twcc.Record(binary.BigEndian.Uint16(v), h.SSRC, l.now)
		}
	}
	st := from.rx.stream(h.SSRC)
	if st == nil {
		var why drop
		if st, why = from.learn(h, l.now); st == nil {
			w.count.drop(why)
			return
		}
	}
	if st.former(l.now) {
		w.count.drop(dropFormer)
		return
	}
	st.at = l.now
	st.layer.track.followCodecs()
	if st.repair {
		if plain = unwrapRepair(plain, h, st.layer); plain == nil {
			w.count.drop(dropPadding)
			return
		}
	}
	w.layerLoop(st, h, plain)
}

// unwrapRepair turns an RTX packet (RFC 4588 §4) back into the packet that
// was lost, in place: the header moves two bytes up, over the original
// sequence number. h describes the result. It returns nil for padding, and
// for repairs of a layer of which nothing came yet.
//
//	| header (RTX) | OSN | payload |   →   | – | header (media) | payload |
func unwrapRepair(pkt []byte, h *media.Header, l *layer) []byte {
	payload, err := media.Payload(pkt, h)
	if err != nil || len(payload) <= 2 || !l.started {
		return nil
	}
	osn := binary.BigEndian.Uint16(payload)
	params, _ := l.track.params(h.PT)
	if params == nil {
		return nil
	}
	end := h.HeaderLen + len(payload)
	copy(pkt[2:], pkt[:h.HeaderLen])
	out := pkt[2:end]
	out[0] &^= 0x20 // padding is cut off
	out[1] = out[1]&0x80 | params.PT
	binary.BigEndian.PutUint16(out[2:], osn)
	binary.BigEndian.PutUint32(out[8:], uint32(l.ssrc))
	if media.ParseHeader(out, h) != nil {
		return nil
	}
	return out
}

// layerLoop accounts for a packet of a layer and queues it.
func (w *worker) layerLoop(st *rtpStream, h *media.Header, pkt []byte) {
	loop, l := &w.loop, st.layer
	t := l.track
	payload, err := media.Payload(pkt, h)
	params, _ := t.params(h.PT)
	if err != nil || params == nil {
		w.count.drop(dropPayload)
		return
	}
	ext := l.extend(h.SSRC, h.Seq, st.repair, loop.now)
	arrival := l.nack.Push(ext, loop.now)
	if arrival.Drop() {
		w.count.drop(dropDuplicate)
		return
	}
	w.accountLoop(st, h, ext, arrival, len(pkt))
	late := arrival == media.ArrivalLate
	p := loop.run.next()
	p.params, p.payload = params, payload
	w.inspectLoop(l, p, h, late)
	if t.muted.Load() {
		w.withhold(t)
		return
	}
	if t.kind == media.KindAudio && !p.skip {
		p.level = media.AudioLevelOf(h, t.from.incoming.Load().exts.AudioLevel)
		w.levelLoop(t, p.level, payload)
	}
	t.own.withheld = false
	if !p.skip && !w.admitLoop(l, &p.facts, l.cost(&p.facts, len(pkt)), late) {
		p.skip = true
	}
	if !p.skip {
		l.cache.Put(ext, pkt, loop.now)
		p.lead = l.notePicture(&p.facts, h.TS)
	}
	in := &p.in
	in.Source, in.Layer, in.Ext, in.TS, in.Marker = t.id, l.index, ext, h.TS, h.Marker
	in.Clocks, in.Now = &t.own.clocks, loop.now
	loop.run.add(l)
}

// accountLoop notes that a packet of so many bytes came, and what is missing
// around it.
func (w *worker) accountLoop(st *rtpStream, h *media.Header, ext media.ExtSeq, arrival media.Arrival, size int) {
	l := st.layer
	if arrival == media.ArrivalJump && l.watched() {
		w.wantKeyframe(l)
	}
	if l.nack.Missing() > 0 {
		w.tickSoon()
	}
	if st.repair {
		w.count.recovered.Add(1)
	}
	l.noteArrival(h, ext, st.repair, size, w.loop.now)
}

// inspectLoop finds out what a packet holds, be it forwarded or not: time and codec
// are those of what came last.
func (w *worker) inspectLoop(l *layer, p *packet, h *media.Header, late bool) {
	switch {
	case len(p.payload) == 0:
		p.skip = true
		w.count.drop(dropPadding)
	case !l.read(p, h, late):
		p.skip = true
		w.count.drop(dropPayload)
	}
	if late { // it may be of a codec before
		return
	}
	l.ts = h.TS
	if t := l.track; t.sends.Load() != p.params {
		t.noteCodec(p.params)
	}
}

// withhold drops a packet of a muted track. The first one starts a gap, which
// subscribers' streams step over when the source is heard again.
func (w *worker) withhold(t *track) {
	if !t.own.withheld {
		t.own.withheld = true
		t.own.gap++
	}
	w.count.drop(dropMuted)
}

// noteArrival updates what reports and layer choice need.
func (l *layer) noteArrival(h *media.Header, ext media.ExtSeq, repair bool, size int, now media.Instant) {
	l.lastAt = now
	if !repair {
		clock := l.track.clockRate()
		l.stats.Update(ext, h.TS, size, now, clock)
		l.watch.Arrived(l.stats.Transit(), now, clock)
	}
	if !l.track.live.Load() {
		l.track.live.Store(true)
	}
}

// read finds out what a packet of l holds, and reports whether that can be
// forwarded. late says that newer ones came before.
func (l *layer) read(p *packet, h *media.Header, late bool) bool {
	f := &p.facts
	if media.ParseFacts(p.params.Codec, p.payload, f) != nil {
		*f = media.Facts{}
		return false
	}
	switch p.params.Codec {
	case media.CodecH264:
		l.takeSets(p.params, p.payload, h.TS, late, f)
	case media.CodecAV1:
		// Any unit that begins looks like the start of a frame.
		f.Start = f.Keyframe || f.Start && h.TS != l.ts
		p.describe(h, l.track)
	}
	return true
}

// describe completes what is known of a packet of t by its dependency
// descriptor, if there is one that makes sense.
func (p *packet) describe(h *media.Header, t *track) {
	d := h.Ext(t.from.incoming.Load().exts.Dependency)
	if len(d) > 0 && p.in.Facts.Describe(d) {
		p.descriptor = d
	}
}

// notePicture remembers what a packet that goes on says of the picture, and
// returns the payload of what has to go before it. The start of a key frame
// answers all wishes for one; of one that nobody can decode there is none (see
// media.ParamSets).
func (l *layer) notePicture(f *media.Facts, ts media.Ticks) (lead []byte) {
	if f.Lead != media.LeadNone {
		lead = l.sets.Packet()
	}
	if f.Sets {
		l.sets.Passed(ts)
	}
	if f.Keyframe && f.Start {
		l.gate.arrived()
	}
	if f.Keyframe && f.Width > 0 {
		l.width, l.height = int(f.Width), int(f.Height)
	}
	return lead
}

// levelLoop tells the engine when someone starts or stops speaking. A
// microphone of which no packet has told its level is judged by the sizes of
// its packets; those who see it are not told that guess as a level, for their
// browsers measure what they play themselves.
func (w *worker) levelLoop(t *track, level media.AudioLevel, payload []byte) {
	if t.source != media.Microphone {
		return
	}
	l := level.Byte
	switch own := &t.own; {
	case level.Known:
		own.leveled = true
	case own.leveled:
		return // some packets of it have none
	default:
		if own.guess == nil {
			own.guess = new(media.VoiceGuess)
		}
		l = own.guess.Level(payload, w.loop.now)
	}
	if t.own.speaking.Update(l, w.loop.now) {
		w.speakingChanged(t)
	}
}

func (w *worker) speakingChanged(t *track) {
	t.from.to.Speaking(t.own.speaking.Active(), int(t.own.speaking.Level()))
}
