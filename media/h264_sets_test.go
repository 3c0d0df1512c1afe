package media

import (
	"bytes"
	"testing"
)

// pps0 is a set as OpenH264 writes it: number 0, of sequence 0.
var pps0 = []byte{0x68, 0xce, 0x3c, 0x80}

// testPPS returns a set with the given numbers.
func testPPS(id, of uint32) []byte {
	var w bitWriter
	w.ue(id)
	w.ue(of)
	w.bits(0x155, 9)
	return append([]byte{0x68}, w.rbsp()...)
}

// testSPS returns a set with the given number, of macroblocks × macroblocks.
func testSPS(id, wide, high uint32) []byte {
	var w bitWriter
	w.bits(66, 8)
	w.bits(0xc01f, 16)
	w.ue(id)
	w.ue(0)
	w.ue(2)
	w.ue(1)
	w.bits(0, 1)
	w.ue(wide - 1)
	w.ue(high - 1)
	w.bits(0b11010, 5)
	return append([]byte{0x67}, w.rbsp()...)
}

// slice returns a slice of type t that starts at a macroblock and refers to a
// picture parameter set.
func slice(t uint8, first, pps uint32) []byte {
	var w bitWriter
	w.ue(first)
	w.ue(7)
	w.ue(pps)
	for range 8 {
		w.bits(0x5555, 16)
	}
	return append([]byte{0x60 | t}, w.rbsp()...)
}

func stapA(units ...[]byte) []byte {
	b := []byte{0x78}
	for _, u := range units {
		b = append(b, byte(len(u)>>8), byte(len(u)))
		b = append(b, u...)
	}
	return b
}

// fuA returns the first and the last fragment of a unit.
func fuA(unit []byte) (first, last []byte) {
	head := []byte{unit[0]&0xe0 | nalFUA, unit[0]&0x1f | 0x80}
	half := len(unit) / 2
	return append(bytes.Clone(head), unit[1:half]...), append([]byte{head[0], head[1]&^0x80 | 0x40}, unit[half:]...)
}

// setsStep is a packet and what is to be made of it.
type setsStep struct {
	payload    []byte
	ts         Ticks
	late, drop bool // drop: it does not go on to anybody
	start      bool // a switch may begin here
	lead       Lead
	width      uint16
}

// TestParamSets: a key frame is a start if its sets are known, however they
// came, and whoever needs them gets them first.
func TestParamSets(t *testing.T) {
	idr := slice(nalIDR, 0, 0)
	first, last := fuA(idr)
	for _, tt := range []struct {
		name   string
		offer  [][]byte
		steps  []setsStep
		packet []byte
	}{
		{name: "in one packet with the picture", steps: []setsStep{
			{payload: stapA(sps640, pps0, idr), start: true, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "before the picture, as browsers do", steps: []setsStep{
			{payload: stapA(sps640, pps0)}, {payload: first, start: true, lead: LeadFirst, width: 640}, {payload: last},
		}, packet: stapA(sps640, pps0)},
		{name: "each in a packet, PPS first", steps: []setsStep{
			{payload: pps0}, {payload: sps640}, {payload: idr, start: true, lead: LeadFirst, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "both in a packet, PPS first", steps: []setsStep{
			{payload: stapA(pps0, sps640, idr), start: true, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "sent once", steps: []setsStep{
			{payload: stapA(sps640, pps0)}, {payload: slice(nalSlice, 0, 0)},
			{payload: idr, ts: 3000, start: true, lead: LeadAlways, width: 640},
			{payload: slice(nalIDR, 9, 0), ts: 3000}, // another slice of it
			{payload: first, ts: 6000, start: true, lead: LeadAlways, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "said in the offer", offer: [][]byte{sps640, pps0}, steps: []setsStep{
			{payload: idr, start: true, lead: LeadAlways, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "the sequence once, the picture's always", steps: []setsStep{
			{payload: sps640}, {payload: stapA(pps0), ts: 3000}, {payload: idr, ts: 3000, start: true, lead: LeadFirst, width: 640},
			{payload: stapA(pps0, idr), ts: 6000, start: true, lead: LeadAlways, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "left out by the rate of the source", steps: []setsStep{
			{payload: stapA(sps640, pps0), drop: true}, {payload: idr, start: true, lead: LeadAlways, width: 640},
		}, packet: stapA(sps640, pps0)},
		{name: "never", steps: []setsStep{{payload: idr}, {payload: first}, {payload: stapA(nal(nalSEI, 1), idr)}}},
		{name: "only the picture's", steps: []setsStep{{payload: stapA(pps0, idr)}}, packet: stapA(pps0)},
		{name: "for another number", steps: []setsStep{
			{payload: stapA(sps640, pps0)}, {payload: slice(nalIDR, 0, 1)}, {payload: slice(nalIDR, 0, 255)},
			{payload: stapA(testPPS(2, 1))}, {payload: slice(nalIDR, 0, 2)},
		}, packet: stapA(sps640, pps0, testPPS(2, 1))},
		{name: "of several sequences", steps: []setsStep{
			{payload: stapA(sps640, testPPS(0, 0))}, {payload: stapA(testSPS(1, 20, 15), testPPS(1, 1))},
			{payload: slice(nalIDR, 0, 1), ts: 1, start: true, lead: LeadAlways, width: 320},
			{payload: idr, ts: 2, start: true, lead: LeadAlways, width: 640},
		}, packet: stapA(sps640, testSPS(1, 20, 15), testPPS(0, 0), testPPS(1, 1))},
		{name: "changed", steps: []setsStep{
			{payload: stapA(sps640, pps0)}, {payload: stapA(testSPS(0, 20, 15), testPPS(0, 0)), ts: 1},
			{payload: idr, ts: 1, start: true, lead: LeadFirst, width: 320},
		}, packet: stapA(testSPS(0, 20, 15), testPPS(0, 0))},
		{name: "late ones yield", steps: []setsStep{
			{payload: stapA(testSPS(0, 20, 15)), ts: 1}, {payload: stapA(sps640, pps0), late: true},
			{payload: idr, ts: 1, start: true, lead: LeadFirst, width: 320},
		}, packet: stapA(testSPS(0, 20, 15), pps0)},
		{name: "malformed", steps: []setsStep{
			{payload: []byte{0x67, 0x42}}, {payload: []byte{0x68, 0x00}}, {payload: stapA([]byte{0x67}, []byte{0x68})}, {payload: idr},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s ParamSets
			s.Add(tt.offer)
			for i, step := range tt.steps {
				var f Facts
				if err := ParseFacts(CodecH264, step.payload, &f); err != nil {
					t.Fatal(err)
				}
				if f.Sets || f.Keyframe {
					s.Take(step.payload, step.ts, step.late, &f)
				}
				if f.Sets && !step.drop && !step.late {
					s.Passed(step.ts)
				}
				if got := f.Keyframe && f.Start; got != step.start || f.Lead != step.lead || f.Width != step.width {
					t.Errorf("packet %d: start %v, lead %d, %d wide", i, got, f.Lead, f.Width)
				}
			}
			if got := s.Packet(); !bytes.Equal(got, tt.packet) {
				t.Errorf("packet %x, want %x", got, tt.packet)
			}
		})
	}
}

// What is kept is bounded, and a set that is gone is not said to be known.
func TestParamSetsAreBounded(t *testing.T) {
	var s ParamSets
	long := func(unit []byte, n int) []byte { return append(bytes.Clone(unit), make([]byte, n)...) }
	s.Add([][]byte{sps640, long(pps0, maxSetsLen)})
	if got := s.Packet(); !bytes.Equal(got, stapA(sps640)) {
		t.Errorf("with one that is too long: %x", got)
	}
	s.Add([][]byte{pps0})
	var f Facts
	take := func(payload []byte) {
		if err := ParseFacts(CodecH264, payload, &f); err != nil {
			t.Fatal(err)
		}
		s.Take(payload, 0, false, &f)
	}
	before := s.Packet()
	take(long(pps0, maxSetsLen))
	if got := s.Packet(); !bytes.Equal(got, stapA(sps640)) || !bytes.Equal(before, stapA(sps640, pps0)) {
		t.Errorf("one that became too long: %x, before %x", got, before)
	}
	for i := range uint32(200) {
		take(long(testPPS(i, 0), 100))
		if n := len(s.Packet()); n > 1+maxSetsLen || len(s.sets) > maxParamSets {
			t.Fatalf("%d sets, %d bytes", len(s.sets), n)
		}
	}
	if take(slice(nalIDR, 0, 199)); f.Start {
		t.Error("the sequence's set gave way and is said to be known")
	}
	s.Reset()
	if got := s.Packet(); got != nil {
		t.Errorf("after a reset: %x", got)
	}
}

// Sets that do not change cost nothing.
func TestParamSetsNoAlloc(t *testing.T) {
	var s ParamSets
	var f Facts
	sets, idr := stapA(sps640, pps0), slice(nalIDR, 0, 0)
	if n := testing.AllocsPerRun(1000, func() {
		for _, p := range [][]byte{sets, idr} {
			_ = ParseFacts(CodecH264, p, &f)
			s.Take(p, 0, false, &f)
		}
		if !f.Start || s.Packet() == nil {
			t.Fatal("no start")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParamSets feeds packets, each with its length in front. The first one may
// be an offer's.
func FuzzParamSets(f *testing.F) {
	pack := func(list ...[]byte) (b []byte) {
		for _, p := range list {
			b = append(append(b, byte(len(p))), p...)
		}
		return b
	}
	idr := slice(nalIDR, 0, 0)
	first, last := fuA(idr)
	f.Add(pack(stapA(sps640, pps0), first, last, slice(nalSlice, 0, 0)))
	f.Add(pack(pps0, sps640, idr, testPPS(1, 0), testSPS(0, 20, 15), slice(nalIDR, 0, 1)))
	f.Add(pack(stapA(testSPS(3, 20, 15), testPPS(7, 3), slice(nalIDR, 0, 7)), stapA(pps0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s ParamSets
		for ts := Ticks(0); len(b) > 1; ts += Ticks(b[0] & 1) {
			n := min(int(b[0]), len(b)-1)
			p := b[1 : 1+n]
			b = b[1+n:]
			if ts == 0 && n&1 == 0 {
				s.Add([][]byte{p})
			}
			var facts Facts
			if ParseFacts(CodecH264, p, &facts) != nil {
				if len(b) == 0 {
					return
				}
				continue
			}
			if facts.Sets || facts.Keyframe {
				s.Take(p, ts, n&2 != 0, &facts)
			}
			lead := s.Packet()
			if len(lead) > 1+maxSetsLen || len(s.sets) > maxParamSets {
				t.Fatalf("%d sets, %d bytes", len(s.sets), len(lead))
			}
			if facts.Keyframe && facts.Start && len(s.sets) < 2 || facts.Lead != LeadNone && !facts.Start {
				t.Fatalf("%x with %d sets: %+v", p, len(s.sets), facts)
			}
			if lead != nil {
				var again Facts
				if ParseFacts(CodecH264, lead, &again) != nil || !again.Sets || again.Keyframe {
					t.Fatalf("%x is %+v", lead, again)
				}
			}
			if len(b) == 0 {
				return
			}
		}
	})
}

// TestAggregateOfManySets: a packet full of sets that take one another's place
// costs no more than a few of them.
func TestAggregateOfManySets(t *testing.T) {
	p := []byte{nalSTAPA}
	for i := 0; len(p) < 1380; i++ {
		p = append(p, 0, 2, 0x60|nalPPS, 0xc0|byte(i&0x3f))
	}
	var s ParamSets
	ts := Ticks(0)
	if n := testing.AllocsPerRun(10, func() {
		var f Facts
		if err := ParseFacts(CodecH264, p, &f); err != nil {
			t.Fatal(err)
		}
		ts++
		s.Take(p, ts, false, &f)
	}); n > 2*maxUnits {
		t.Errorf("%v allocations for one packet", n)
	}
}
