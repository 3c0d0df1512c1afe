package forward

import (
	"testing"

	"parley/media"
)

// TestNothingOfAPacketSurvives: whatever a slot held, what comes next starts
// from a zero packet.
func TestNothingOfAPacketSurvives(t *testing.T) {
	var r runs
	fresh := *r.next()
	if fresh.in.Facts != &r.packets[0].facts {
		t.Fatal("the facts are somewhere else")
	}
	*r.next() = packet{
		in: media.Input{
			Source: 9, Layer: 9, Ext: 9, TS: 9, Marker: true, Facts: &media.Facts{}, Clocks: &media.LayerClocks{}, Now: 9,
		},
		facts:  media.Facts{Keyframe: true, Width: 9, Counters: media.Counters{PIDBits: 9}},
		params: &media.CodecParams{}, payload: make([]byte, 9), descriptor: make([]byte, 9), lead: make([]byte, 9),
		level: media.AudioLevel{Known: true, Byte: 5}, skip: true, next: 9,
	}
	p := r.next()
	if p.in != fresh.in || p.facts != fresh.facts || p.params != nil || p.payload != nil || p.descriptor != nil || p.lead != nil || p.level != fresh.level || p.skip || p.next != noPacket {
		t.Errorf("left over: %+v", *p)
	}
}
