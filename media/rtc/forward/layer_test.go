package forward

import (
	"testing"

	"parley/media"
)

// TestStartsOfAV1: units that begin within a frame do not look like the next
// one, of which the rate of a source leaves out all or nothing.
func TestStartsOfAV1(t *testing.T) {
	from := &publisher{}
	from.incoming.Store(newIncoming())
	l := &layer{track: &track{from: from}}
	for i, step := range []struct {
		ts      media.Ticks
		payload []byte
		start   bool
	}{
		{0, []byte{0x18, 0x08, 0}, true}, // a key frame, whatever its time
		{0, []byte{0x10, 0x30, 1}, false},
		{3000, []byte{0x50, 0x30, 1}, true},
		{3000, []byte{0x90, 1, 2}, false},
		{3000, []byte{0x10, 0x20, 1}, false},
		{6000, []byte{0x90, 1, 2}, false}, // its first packet is missing
		{9000, []byte{0x10, 0x30, 1}, true},
	} {
		p := packet{params: &media.CodecParams{Codec: media.CodecAV1}, payload: step.payload}
		if !l.read(&p, &media.Header{TS: step.ts}, false) || p.facts.Start != step.start {
			t.Errorf("packet %d starts a frame: %v", i, p.facts.Start)
		}
		l.ts = step.ts
	}
}
