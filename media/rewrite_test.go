package media

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

// harness for the single cases below
type seat struct {
	t   *testing.T
	r   Rewriter
	now Instant
}

func newSeat(t *testing.T, kind Kind, seq Seq, ts Ticks) *seat {
	return &seat{t, NewRewriter(kind, seq, ts), InstantOf(time.Unix(1_800_000_000, 0))}
}

func (s *seat) send(in Input, want Verdict) Output {
	s.t.Helper()
	in.Now = s.now
	if in.Facts == nil {
		in.Facts = &Facts{}
	}
	var out Output
	if got := s.r.Rewrite(&in, &out); got != want {
		s.t.Fatalf("packet %d of %d/%d: %v, want %v", in.Ext, in.Source, in.Layer, got, want)
	}
	return out
}

var keyStart = &Facts{Keyframe: true, Start: true}

func TestRewriterNumbersFromEveryStart(t *testing.T) {
	for _, from := range starts {
		for _, to := range starts {
			s := newSeat(t, KindAudio, Seq(to), Ticks(to)<<16)
			s.r.SetTarget(1, 0)
			base := 1<<16 + ExtSeq(from)
			want := ExtSeq(to & 0x7fff)
			for i := range ExtSeq(5) {
				out := s.send(Input{Source: 1, Ext: base + i, TS: Ticks(from)<<16 + Ticks(i)*960}, Forward)
				if out.Ext != want+i || out.TS != Ticks(to)<<16+Ticks(i)*960 {
					t.Fatalf("from %d to %d: packet %d became %d at %d", from, to, i, out.Ext, out.TS)
				}
			}
		}
	}
}

func TestRewriterAudioSwitch(t *testing.T) {
	s := newSeat(t, KindAudio, 100, 1000)
	s.r.SetTarget(1, 0)
	out := s.send(Input{Source: 1, Ext: 70000, TS: 5}, Forward)
	if !out.Marker || !out.Switched || out.Ext != 100 || out.TS != 1000 {
		t.Fatalf("first packet %+v", out)
	}
	s.send(Input{Source: 1, Ext: 70001, TS: 965}, Forward)
	s.r.SetTarget(2, 0)
	s.send(Input{Source: 1, Ext: 70002, TS: 1925}, DropFormer)
	s.now = s.now.Add(60 * time.Millisecond)
	out = s.send(Input{Source: 2, Ext: 90000, TS: 77}, Forward)
	if out.Ext != 102 || out.TS != 1960+2880 || !out.Marker {
		t.Fatalf("first packet of the new source %+v", out)
	}
	if out = s.send(Input{Source: 2, Ext: 90001, TS: 77 + 960}, Forward); out.Marker || out.Switched {
		t.Fatalf("second packet %+v", out)
	}
	s.r.SetTarget(0, 0)
	s.send(Input{Source: 2, Ext: 90002, TS: 77}, DropFormer)
	if src, _ := s.r.Current(); src != 0 || s.r.Pending() {
		t.Error("an empty seat has or awaits a source")
	}
}

// A muted microphone's numbers go on; its timeline is its own clock's.
func TestRewriterRestartAfterMute(t *testing.T) {
	s := newSeat(t, KindAudio, 5, 0)
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000, TS: 1 << 31}, Forward)
	s.r.Restart()
	s.now = s.now.Add(10*time.Second + 7*time.Millisecond) // 7 ms of jitter
	out := s.send(Input{Source: 1, Ext: 70500, TS: 1<<31 + 480000}, Forward)
	if out.Ext != 6 || out.TS != 480000 || !out.Marker {
		t.Fatalf("after mute %+v", out)
	}
}

func TestRewriterVideoSwitch(t *testing.T) {
	s := newSeat(t, KindVideo, 0, 0)
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000}, DropWaitKeyframe)
	if !s.r.Pending() {
		t.Error("no key frame wanted")
	}
	s.send(Input{Source: 1, Ext: 70001, Facts: keyStart}, Forward)
	s.send(Input{Source: 1, Ext: 70000}, DropLate) // from before the switch
	s.send(Input{Source: 1, Ext: 70003}, Forward)  // 70002 is missing
	s.r.SetTarget(1, 2)
	s.send(Input{Source: 1, Layer: 2, Ext: 500_000}, DropWaitKeyframe)
	s.send(Input{Source: 1, Layer: 1, Ext: 1, Facts: keyStart}, DropOtherLayer)
	s.now = s.now.Add(33 * time.Millisecond)
	if out := s.send(Input{Source: 1, Ext: 70004, TS: 3000}, Forward); out.Ext != 3 {
		t.Errorf("the old layer went on at %d", out.Ext)
	}
	if out := s.send(Input{Source: 1, Layer: 2, Ext: 500_001, Facts: keyStart}, Forward); out.Ext != 4 || !out.Switched {
		t.Errorf("new layer starts %+v", out)
	}
	if s.r.Pending() {
		t.Error("key frame still wanted")
	}
	if out := s.send(Input{Source: 1, Ext: 70002}, Forward); out.Ext != 1 {
		t.Errorf("late packet of the layer before became %d, want 1", out.Ext)
	}
	s.send(Input{Source: 1, Ext: 70002}, DropDuplicate)
	s.send(Input{Source: 1, Ext: 70005}, DropOtherLayer)
	s.send(Input{Source: 1, Layer: 2, Ext: 500_001, Facts: keyStart}, DropDuplicate)
	// Back to the layer before: not from a key frame that is older than what
	// was already sent of it.
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 69990, Facts: keyStart}, DropLate)
	s.send(Input{Source: 1, Ext: 70010, Facts: keyStart}, Forward)
}

// A source whose clock steps back does not take the seat's clock with it.
func TestRewriterKeepsNewestTimestamp(t *testing.T) {
	s := newSeat(t, KindVideo, 0, 0)
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000, TS: 50_000, Facts: keyStart}, Forward)
	top := s.send(Input{Source: 1, Ext: 70001, TS: 80_000}, Forward)
	s.send(Input{Source: 1, Ext: 70002, TS: 50_000}, Forward)
	s.r.SetTarget(2, 0)
	if out := s.send(Input{Source: 2, Ext: 5, TS: 7, Facts: keyStart}, Forward); out.TS != top.TS+1 {
		t.Errorf("new source starts at %d, the newest was %d", out.TS, top.TS)
	}
}

// Sender reports align layers better than arrival does: the new layer's frame
// was captured 40 ms after the last one though it arrived 90 ms later.
func TestRewriterAlignsLayers(t *testing.T) {
	clocks := &LayerClocks{
		{NTP: 1000 << 32, RTP: 50_000},
		{NTP: 1001 << 32, RTP: 4_000_000_000}, // one second later
	}
	at := func(layer int, captured time.Duration) Ticks { // after NTP 1002
		return clocks[layer].RTP + ticksIn(captured+time.Duration(2-layer)*time.Second, 90000)
	}
	s := newSeat(t, KindVideo, 0, 0)
	s.r.SetTarget(1, 0)
	first := s.send(Input{Source: 1, Ext: 70000, TS: at(0, 0), Facts: keyStart, Clocks: clocks}, Forward)
	s.r.SetTarget(1, 1)
	s.now = s.now.Add(90 * time.Millisecond)
	out := s.send(Input{Source: 1, Layer: 1, Ext: 80000, TS: at(1, 40*time.Millisecond), Facts: keyStart, Clocks: clocks}, Forward)
	if d := out.TS - first.TS; d < 3599 || d > 3601 {
		t.Errorf("new layer starts %d ticks later, want 3600", d)
	}
	// The same picture in another layer still moves on by a tick.
	s.r.SetTarget(1, 0)
	again := s.send(Input{Source: 1, Layer: 0, Ext: 70009, TS: at(0, 40*time.Millisecond), Facts: keyStart, Clocks: clocks}, Forward)
	if again.TS != out.TS+1 {
		t.Errorf("same capture time: %d after %d", again.TS, out.TS)
	}
}

func TestRewriterSkip(t *testing.T) {
	s := newSeat(t, KindVideo, 0, 0)
	facts := func(pid uint16, key bool) *Facts {
		return &Facts{Keyframe: key, Start: true, Counters: Counters{PIDBits: 15, PictureID: pid}}
	}
	s.r.SetTarget(1, 0)
	if out := s.send(Input{Source: 1, Ext: 100, Facts: facts(7, true)}, Forward); out.PictureID != 7 {
		t.Errorf("picture id %d", out.PictureID)
	}
	skip := func(ext ExtSeq, pid uint16) {
		s.r.Skip(&Input{Source: 1, Ext: ext, Facts: facts(pid, false), Now: s.now})
	}
	skip(101, 8)
	skip(102, 8)
	skip(103, 9)
	if out := s.send(Input{Source: 1, Ext: 104, TS: 1, Facts: facts(10, false)}, Forward); out.Ext != 1 || out.PictureID != 8 {
		t.Errorf("after three skipped packets: %+v", out)
	}
	s.send(Input{Source: 1, Ext: 102, Facts: facts(8, false)}, DropLate)
	// 105 is lost, 106 left out, 107 comes: the hole stays one number wide.
	skip(106, 12)
	if out := s.send(Input{Source: 1, Ext: 107, TS: 2, Facts: facts(13, false)}, Forward); out.Ext != 3 || out.PictureID != 10 {
		t.Errorf("after loss and skip: %+v", out)
	}
	if out := s.send(Input{Source: 1, Ext: 105, TS: 1, Facts: facts(11, false)}, Forward); out.Ext != 2 || out.PictureID != 9 {
		t.Errorf("late packet: %+v", out)
	}
	// Padding packets at the very end, then another source.
	skip(108, 13)
	s.r.SetTarget(2, 0)
	if out := s.send(Input{Source: 2, Ext: 5000, TS: 9, Facts: facts(12, true)}, Forward); out.Ext != 4 || out.PictureID != 11 {
		t.Errorf("new source: %+v", out)
	}
	// The new source's picture 13 is another frame than the 13 left out above.
	s.r.Skip(&Input{Source: 2, Ext: 5001, Facts: facts(13, false), Now: s.now})
	if out := s.send(Input{Source: 2, Ext: 5002, TS: 99, Facts: facts(14, false)}, Forward); out.Ext != 5 || out.PictureID != 12 {
		t.Errorf("after skipping of the new source: %+v", out)
	}
	// A stretch of which nothing was sent leaves nothing behind.
	n := len(s.r.segs.segs)
	s.r.Skip(&Input{Source: 2, Ext: 5003, Facts: facts(15, false), Now: s.now})
	s.r.Restart()
	if got := len(s.r.segs.segs); got != n {
		t.Errorf("%d segments, %d before an empty one", got, n)
	}
}

// TestRewriterLead: the number before a packet's own belongs to what goes before
// it: for who begins, or for everybody.
func TestRewriterLead(t *testing.T) {
	s := newSeat(t, KindVideo, 10, 0)
	first, always := &Facts{Keyframe: true, Start: true, Lead: LeadFirst}, &Facts{Keyframe: true, Start: true, Lead: LeadAlways}
	s.r.SetTarget(1, 0)
	want := func(out Output, ext ExtSeq, lead bool) {
		t.Helper()
		if out.Ext != ext || out.Lead != lead {
			t.Errorf("sent as %+v, want %d, lead %v", out, ext, lead)
		}
	}
	want(s.send(Input{Source: 1, Ext: 100, TS: 5, Marker: true, Facts: first}, Forward), 11, true)
	want(s.send(Input{Source: 1, Ext: 101, TS: 3005}, Forward), 12, false)
	want(s.send(Input{Source: 1, Ext: 102, TS: 6005, Facts: first}, Forward), 13, false)
	want(s.send(Input{Source: 1, Ext: 105, TS: 9005, Facts: always}, Forward), 17, true) // 103 and 104 are missing
	want(s.send(Input{Source: 1, Ext: 106, TS: 9005}, Forward), 18, false)
	want(s.send(Input{Source: 1, Ext: 104, TS: 9005, Facts: always}, Forward), 15, false) // late: there is no room any more
	want(s.send(Input{Source: 1, Ext: 107, TS: 12005, Facts: always}, Forward), 20, true)
	want(s.send(Input{Source: 1, Ext: 108, TS: 15005, Facts: always}, Forward), 22, true)
	s.r.Skip(&Input{Source: 1, Ext: 109, Facts: &Facts{}, Now: s.now})
	want(s.send(Input{Source: 1, Ext: 110, TS: 18005, Facts: always}, Forward), 24, true)
	s.r.SetTarget(2, 0)
	want(s.send(Input{Source: 2, Ext: 7, TS: 9, Facts: keyStart}, Forward), 25, false)
	s.r.SetTarget(1, 0)
	want(s.send(Input{Source: 1, Ext: 111, TS: 21005, Facts: always}, Forward), 27, true)
	for seq, from := range map[Seq]struct {
		ext  ExtSeq
		lead bool
	}{10: {100, true}, 11: {100, false}, 15: {104, false}, 16: {105, true}, 17: {105, false}, 19: {107, true}, 21: {108, true}, 23: {110, true}, 25: {7, false}, 26: {111, true}, 27: {111, false}} {
		o, ok := s.r.Lookup(seq)
		if !ok || o.Ext != from.ext || o.Lead != from.lead {
			t.Errorf("number %d came from %d, lead %v, %v", seq, o.Ext, o.Lead, ok)
			continue
		}
		var out Output
		if o.Recreate(&Input{Ext: o.Ext, Marker: true, Facts: always}, &out); out.Ext.Seq() != seq || out.Marker == o.Lead {
			t.Errorf("number %d again is %+v", seq, out)
		}
	}
	if _, ok := s.r.Lookup(14); ok {
		t.Error("what never came is found")
	}
}

func TestRewriterJump(t *testing.T) {
	s := newSeat(t, KindVideo, 0, 0)
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000, Facts: keyStart}, Forward)
	s.send(Input{Source: 1, Ext: 70002 + maxJump}, DropWaitKeyframe)
	if !s.r.Pending() {
		t.Error("no key frame wanted after a jump")
	}
	s.now = s.now.Add(time.Second)
	if out := s.send(Input{Source: 1, Ext: 70003 + maxJump, TS: 90000, Facts: keyStart}, Forward); out.Ext != 1 || out.TS != 90000 {
		t.Errorf("after the jump: %+v", out)
	}
}

func TestRewriterLookupUnknown(t *testing.T) {
	s := newSeat(t, KindAudio, 10, 0)
	if _, ok := s.r.Lookup(10); ok {
		t.Error("found a packet before any was sent")
	}
	s.r.SetTarget(1, 0)
	s.send(Input{Source: 1, Ext: 70000}, Forward)
	s.send(Input{Source: 1, Ext: 70002}, Forward)
	for seq, want := range map[Seq]bool{9: false, 10: true, 11: false, 12: true, 13: false, 40000: false} {
		if _, ok := s.r.Lookup(seq); ok != want {
			t.Errorf("Lookup(%d) = %v", seq, ok)
		}
	}
}

func TestRewriterSenderReport(t *testing.T) {
	s := newSeat(t, KindAudio, 10, 0)
	s.r.SetTarget(1, 0)
	if _, ok := s.r.SenderReport(s.now, nil, nil); ok {
		t.Error("a report before anything was sent")
	}
	// The publisher's clock is 1,000 s ahead; its packets take 30 ms.
	var offset ClockOffset
	clocks := &LayerClocks{{NTP: s.now.Add(1000 * time.Second).NTP(), RTP: 4800}}
	offset.Observe(clocks[0].NTP, s.now.Add(30*time.Millisecond))
	s.now = s.now.Add(130 * time.Millisecond) // captured 100 ms after the report
	out := s.send(Input{Source: 1, Ext: 70000, TS: 4800 + 4800, Clocks: clocks}, Forward)
	at := s.now.Add(20 * time.Millisecond)
	c, ok := s.r.SenderReport(at, clocks, &offset)
	if !ok || c.NTP != at.NTP() {
		t.Fatalf("report %+v, %v", c, ok)
	}
	// What was captured at the report's moment, seen 30 ms late: the newest
	// packet's timestamp belongs to 20 ms before.
	if d := int32(c.RTP - out.TS); d < 959 || d > 961 {
		t.Errorf("report is %d ticks after the newest packet, want 960", d)
	}
	if c, ok := s.r.SenderReport(at, nil, nil); !ok || c.RTP-out.TS != 960 {
		t.Errorf("report without clocks %+v, %v", c, ok)
	}
}

func TestRewriterNoAlloc(t *testing.T) {
	r := NewRewriter(KindVideo, 0, 0)
	r.SetTarget(1, 0)
	in := Input{Source: 1, Ext: 70000, Facts: &Facts{Keyframe: true, Start: true, Counters: Counters{PIDBits: 15}}, Now: 1}
	var out Output
	if n := testing.AllocsPerRun(1000, func() {
		in.Ext++
		in.TS += 3000
		if r.Rewrite(&in, &out) != Forward {
			t.Fatal("dropped")
		}
		in.Ext++
		r.Skip(&in)
		o, ok := r.Lookup(out.Ext.Seq())
		if !ok {
			t.Fatal("not found")
		}
		o.Recreate(&in, &out)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRewriter feeds arbitrary packets and orders: it must not panic and
// never give a number to two packets.
func FuzzRewriter(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x01\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0"))
	seed := make([]byte, 0, 400)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		seed = append(seed, byte(rng.Uint32()))
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewRewriter(KindVideo, 0x7fff, 0)
		now := Instant(1e18)
		ext := [3]ExtSeq{1<<16 + 65530, 1 << 16, 1<<16 + 32760}
		used := map[ExtSeq]bool{}
		for len(b) >= 4 {
			op, arg := b[0], binary.BigEndian.Uint16(b[1:])
			layer := b[3] % 3
			b = b[4:]
			now = now.Add(time.Duration(arg) * time.Millisecond)
			ext[layer] += ExtSeq(arg%7) + ExtSeq(op&1)*ExtSeq(arg%1500)
			back := ExtSeq(op>>1&1) * ExtSeq(arg%3000)
			in := Input{Source: uint64(op>>2&1) + 1, Layer: layer, Ext: ext[layer] - min(back, ext[layer]-1), TS: Ticks(arg) << 8, Now: now,
				Facts: &Facts{Keyframe: op&8 != 0, Start: op&8 != 0, Lead: Lead(op>>3&1) * Lead(arg%3), Counters: Counters{PIDBits: []uint8{0, 7, 15}[layer], PictureID: arg & 0x7f, HasTL0: true, TL0: op}}}
			switch op >> 5 {
			case 0:
				r.SetTarget(in.Source, layer)
			case 1:
				r.Skip(&in)
			case 2:
				r.Restart()
			case 3:
				r.Lookup(Seq(arg))
				r.SenderReport(now, nil, nil)
			default:
				var out Output
				if r.Rewrite(&in, &out) != Forward {
					continue
				}
				if used[out.Ext] {
					t.Fatalf("number %d used twice", out.Ext)
				}
				used[out.Ext] = true
				if out.Lead {
					if used[out.Ext-1] {
						t.Fatalf("number %d used twice, at last by a lead", out.Ext-1)
					}
					used[out.Ext-1] = true
					if o, ok := r.Lookup(out.Ext.Seq() - 1); !ok || !o.Lead || o.Ext != in.Ext {
						t.Fatalf("lead of %d looked up as %+v, %v", in.Ext, o, ok)
					}
				}
				if o, ok := r.Lookup(out.Ext.Seq()); ok && (o.Lead || o.Ext != in.Ext || o.Source != in.Source || o.Layer != in.Layer) {
					t.Fatalf("%d/%d/%d looked up as %d/%d/%d", in.Source, in.Layer, in.Ext, o.Source, o.Layer, o.Ext)
				}
			}
		}
	})
}

func BenchmarkRewrite(b *testing.B) {
	r := NewRewriter(KindVideo, 0, 0)
	r.SetTarget(1, 0)
	in := Input{Source: 1, Ext: 70000, Facts: &Facts{Keyframe: true, Start: true, Counters: Counters{PIDBits: 15, HasTL0: true}}, Now: 1}
	var out Output
	for b.Loop() {
		in.Ext++
		in.TS += 3000
		in.Now = in.Now.Add(time.Second / 30)
		r.Rewrite(&in, &out)
	}
}

func BenchmarkLookup(b *testing.B) {
	r := NewRewriter(KindAudio, 0, 0)
	r.SetTarget(1, 0)
	in := Input{Source: 1, Ext: 70000, Facts: &Facts{}, Now: 1}
	var out Output
	for range 2000 {
		in.Ext++
		r.Rewrite(&in, &out)
	}
	for b.Loop() {
		if _, ok := r.Lookup(out.Ext.Seq() - 500); !ok {
			b.Fatal("not found")
		}
	}
}
