package media

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// testLayer is one simulcast layer of a simulated publisher: its own random
// starts for number, timestamp, picture id and TL0.
type testLayer struct {
	ext   ExtSeq
	ts    Ticks
	tsAt  Instant
	pid   uint16
	tl0   uint8
	frame int
}

// testPacket is a simulated received packet.
type testPacket struct {
	source uint64
	layer  uint8
	ext    ExtSeq
	ts     Ticks
	marker bool
	facts  Facts
	at     Instant
	id     uint64 // names the content
	frame  int    // of this layer
	last   bool
}

func (p *testPacket) input(now Instant, clocks *LayerClocks) Input {
	return Input{Source: p.source, Layer: p.layer, Ext: p.ext, TS: p.ts, Marker: p.marker, Facts: &p.facts, Clocks: clocks, Now: now}
}

// testSource publishes video at 30 frames a second on some layers.
type testSource struct {
	id      uint64
	pidBits uint8
	layers  []testLayer
	clocks  LayerClocks
	rng     *rand.Rand
	nextID  *uint64
}

// starts are the numbers at which wrap-around goes wrong if it does.
var starts = []uint16{0, 1, 32767, 32768, 65534, 65535}

func newTestSource(rng *rand.Rand, id uint64, layers int, now Instant, nextID *uint64) *testSource {
	s := &testSource{id: id, rng: rng, pidBits: []uint8{15, 15, 7, 0}[rng.IntN(4)], nextID: nextID}
	for l := range layers {
		tl := testLayer{
			ext: 1<<16 + ExtSeq(starts[rng.IntN(len(starts))]), ts: Ticks(uint32(starts[rng.IntN(len(starts))]) << 16), tsAt: now,
			pid: starts[rng.IntN(len(starts))] & 0x7fff, tl0: uint8(starts[rng.IntN(len(starts))]),
		}
		s.layers = append(s.layers, tl)
		s.clocks[l] = SenderClock{NTP: now.NTP() + 5<<32, RTP: tl.ts}
	}
	return s
}

// frame makes the packets of one frame of every layer.
func (s *testSource) frame(now Instant, key bool) []testPacket {
	var out []testPacket
	for l := range s.layers {
		tl := &s.layers[l]
		ts := tl.ts + ticksIn(now.Sub(tl.tsAt), 90000)
		tl.pid++
		tl.tl0++
		tl.frame++
		n := 1 + s.rng.IntN(4)
		for i := range n {
			*s.nextID++
			p := testPacket{source: s.id, layer: uint8(l), ext: tl.ext, ts: ts, marker: i == n-1, at: now, id: *s.nextID, frame: tl.frame, last: i == n-1}
			p.facts = Facts{Start: i == 0, Keyframe: key && i == 0}
			if p.facts.Keyframe {
				p.facts.Lead = Lead(s.rng.IntN(3))
			}
			p.facts.Counters = Counters{PIDBits: s.pidBits, PictureID: tl.pid & (1<<s.pidBits - 1), HasTL0: s.pidBits != 0, TL0: tl.tl0}
			tl.ext++
			out = append(out, p)
		}
	}
	return out
}

// sentPacket is one outgoing packet and what it was made of.
type sentPacket struct {
	in   testPacket
	out  Output
	lead bool // it is what goes before in
}

// TestRewriterProperties drives a seat through random sources, layers,
// losses, disorder, duplicates and omissions, and checks what a receiver and
// a repair would notice.
func TestRewriterProperties(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runRewriter(t, seed) })
	}
}

func runRewriter(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 77))
	now := InstantOf(time.Unix(1_800_000_000, 0))
	var nextID uint64
	sources := []*testSource{
		newTestSource(rng, 1, 3, now, &nextID), newTestSource(rng, 2, 1, now, &nextID), newTestSource(rng, 3, 3, now, &nextID),
	}
	loss := []float64{0, 0, 0.02, 0.2}[rng.IntN(4)]
	reorder := []int{0, 0, 3, 12}[rng.IntN(4)]
	skips := rng.IntN(3) == 0
	r := NewRewriter(KindVideo, Seq(starts[rng.IntN(len(starts))]), Ticks(rng.Uint32()))
	byExt := map[ExtSeq]sentPacket{}
	var order []ExtSeq // of sending
	var queue []testPacket
	target := sources[0]
	skipFrame := map[[3]int]bool{}
	newest := ExtSeq(0) // outgoing
	r.SetTarget(1, 0)
	for step := range 400 {
		now = now.Add(time.Second / 30)
		switch rng.IntN(25) {
		case 0:
			target = sources[rng.IntN(len(sources))]
			r.SetTarget(target.id, uint8(rng.IntN(len(target.layers))))
		case 1:
			r.SetTarget(target.id, uint8(rng.IntN(len(target.layers))))
		case 2:
			r.Restart()
		case 3: // long silence, with nothing on its way
			if reorder > 0 {
				break
			}
			now = now.Add(time.Duration(rng.IntN(3000)) * time.Millisecond)
		}
		for _, s := range sources {
			for _, p := range s.frame(now, rng.IntN(6) == 0) {
				if rng.Float64() >= loss {
					queue = append(queue, p)
				}
				if rng.IntN(200) == 0 {
					queue = append(queue, p) // duplicate
				}
			}
		}
		if reorder > 0 {
			for i := range queue {
				j := min(len(queue)-1, i+rng.IntN(reorder))
				if rng.IntN(4) == 0 {
					queue[i], queue[j] = queue[j], queue[i]
				}
			}
		}
		hold := 0
		if reorder > 0 && step < 399 {
			hold = min(len(queue), rng.IntN(2*reorder))
		}
		for _, p := range queue[:len(queue)-hold] {
			in := p.input(now, &target.clocks)
			key := [3]int{int(p.source), int(p.layer), p.frame}
			if skips && loss == 0 && reorder == 0 && !p.facts.Keyframe {
				skip, decided := skipFrame[key]
				if p.facts.Start && !decided { // not for a duplicate
					skip = rng.IntN(3) == 0
					skipFrame[key] = skip
				}
				if skip {
					r.Skip(&in)
					continue
				}
			}
			var out Output
			v := r.Rewrite(&in, &out)
			if p.source != target.id && v != DropFormer {
				t.Fatalf("packet of source %d forwarded from %d: %v", p.source, target.id, v)
			}
			if v != Forward {
				continue
			}
			if out.Lead != (p.facts.Lead == LeadAlways && out.Ext > newest || p.facts.Lead != LeadNone && out.Switched) {
				t.Fatalf("lead %v of %+v", out.Lead, p)
			}
			newest = max(newest, out.Ext)
			sent := []sentPacket{{p, out, false}}
			if out.Lead {
				lead := out
				lead.AsLead()
				sent = []sentPacket{{p, lead, true}, sent[0]}
			}
			for _, s := range sent {
				if old, dup := byExt[s.out.Ext]; dup {
					t.Fatalf("number %d given to packets %d and %d", s.out.Ext, old.in.id, p.id)
				}
				byExt[s.out.Ext] = s
				order = append(order, s.out.Ext)
			}
			// Every packet sent lately can be asked for.
			if len(order) > 0 && rng.IntN(5) == 0 {
				checkRepair(t, &r, byExt[order[max(0, len(order)-1-rng.IntN(200))]])
			}
		}
		queue = queue[len(queue)-hold:]
	}
	if len(order) < 100 {
		t.Fatalf("only %d packets forwarded", len(order))
	}
	checkStream(t, byExt, loss == 0 && reorder == 0)
}

// checkRepair asks for a packet again, as a subscriber's NACK does. Segments
// are forgotten after many switches, so it may be unknown, but never wrong.
func checkRepair(t *testing.T, r *Rewriter, s sentPacket) {
	t.Helper()
	o, ok := r.Lookup(s.out.Ext.Seq())
	if !ok {
		return
	}
	if o.Source != s.in.source || o.Layer != s.in.layer || o.Ext != s.in.ext || o.Lead != s.lead {
		// 16 bits are ambiguous only beyond half the number space.
		t.Fatalf("number %d came from %d/%d/%d, looked up %d/%d/%d", s.out.Ext, s.in.source, s.in.layer, s.in.ext, o.Source, o.Layer, o.Ext)
	}
	in := s.in.input(0, nil)
	var again Output
	o.Recreate(&in, &again)
	want := s.out
	want.Switched = false
	if again != want {
		t.Fatalf("repair of %d is %+v, was %+v", s.out.Ext, again, want)
	}
}

// checkStream looks at the outgoing stream in order of its numbers.
func checkStream(t *testing.T, byExt map[ExtSeq]sentPacket, perfect bool) {
	t.Helper()
	first, last := ^ExtSeq(0), ExtSeq(0)
	for e := range byExt {
		first, last = min(first, e), max(last, e)
	}
	var prev sentPacket
	havePrev, gap := false, false
	for e := first; e <= last; e++ {
		s, ok := byExt[e]
		if !ok {
			if perfect {
				t.Fatalf("hole at %d without losses", e)
			}
			gap = true
			continue
		}
		if havePrev {
			checkNeighbours(t, prev, s, gap)
		}
		prev, havePrev, gap = s, true, false
	}
}

func checkNeighbours(t *testing.T, a, b sentPacket, gap bool) {
	t.Helper()
	sameFrame := a.in.source == b.in.source && a.in.layer == b.in.layer && a.in.frame == b.in.frame
	sameStream := a.in.source == b.in.source && a.in.layer == b.in.layer && !b.out.Switched
	if sameFrame != (a.out.TS == b.out.TS) {
		t.Fatalf("timestamps %d, %d of same frame %v", a.out.TS, b.out.TS, sameFrame)
	}
	if !sameFrame && !b.out.TS.Newer(a.out.TS) {
		t.Fatalf("timestamp %d after %d in number order", b.out.TS, a.out.TS)
	}
	// Time on the wire passes as time does, within disorder and clamping.
	if d, real := int32(b.out.TS-a.out.TS), b.in.at.Sub(a.in.at); time.Duration(d)*time.Second/90000-real > 2*time.Second {
		t.Fatalf("timestamp moved %d ticks in %v", d, real)
	}
	if b.out.Switched && !(b.in.facts.Keyframe && b.in.facts.Start) {
		t.Fatal("switched at something else than a key frame's start")
	}
	bits := b.in.facts.Counters.PIDBits
	if bits == 0 || a.in.facts.Counters.PIDBits != bits {
		return
	}
	step := (b.out.PictureID - a.out.PictureID) & (1<<bits - 1)
	tl0 := b.out.TL0 - a.out.TL0
	switch {
	case sameFrame && (step != 0 || tl0 != 0):
		t.Fatalf("picture id moved %d, TL0 %d inside a frame", step, tl0)
	case !sameFrame && step == 0 && !gap:
		t.Fatalf("two frames with picture id %d", b.out.PictureID)
	case !sameFrame && !gap && a.in.last && !sameStream && (step != 1 || tl0 != 1):
		t.Fatalf("picture id moved %d, TL0 %d at a switch", step, tl0)
	case !sameFrame && !gap && a.in.last && step != 1 && b.in.frame == a.in.frame+1:
		t.Fatalf("picture id moved %d from frame to frame", step)
	}
}
