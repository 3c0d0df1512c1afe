package media

import (
	"bytes"
	"testing"
)

// sequence is a sequence header of AV1 for the tests, in the fields that stand
// before the picture's size.
type sequence struct {
	reduced       bool
	timing, model bool // timing_info, decoder_model_info
	displayDelays bool
	points        int // operating points
	level         uint32
	width, height uint32
}

// unit returns the sequence header as an open bitstream unit.
func (s sequence) unit() []byte {
	var w bitWriter
	w.bits(0, 4) // seq_profile, still_picture
	w.bits(b2u(s.reduced), 1)
	if s.reduced {
		w.bits(s.level, 5)
	} else {
		s.operatingPoints(&w)
	}
	w.bits(15, 4) // 16 bits each
	w.bits(10, 4) // 11
	w.bits(s.width-1, 16)
	w.bits(s.height-1, 11)
	w.bits(0x155, 9) // and so on
	return append([]byte{obuSequenceHeader << 3}, w.b...)
}

func (s sequence) operatingPoints(w *bitWriter) {
	w.bits(b2u(s.timing), 1)
	if s.timing {
		w.bits(1, 32)
		w.bits(30, 32)
		w.bits(1, 1) // equal_picture_interval
		w.bits(1, 5) // 4 zeros and a one: 15 + 4 bits
		w.bits(9, 4)
		w.bits(b2u(s.model), 1)
		if s.model {
			w.bits(6, 5) // delays have 7 bits
			w.bits(1, 32)
			w.bits(0, 10)
		}
	}
	w.bits(b2u(s.displayDelays), 1)
	w.bits(uint32(s.points-1), 5)
	for i := range s.points {
		w.bits(0x101, 12)
		w.bits(s.level, 5)
		if s.level > 7 {
			w.bits(1, 1)
		}
		if s.timing && s.model {
			w.bits(b2u(i%2 == 0), 1)
			if i%2 == 0 {
				w.bits(0x1555, 15)
			}
		}
		if s.displayDelays {
			w.bits(b2u(i%2 == 1), 1)
			if i%2 == 1 {
				w.bits(7, 4)
			}
		}
	}
}

func TestParseAV1(t *testing.T) {
	seq := sequence{points: 1, level: 5, width: 640, height: 360}.unit()
	frame := []byte{0x30, 1, 2, 3}
	sized := func(unit []byte) []byte { return append([]byte{byte(len(unit))}, unit...) }
	withSize := append([]byte{obuSequenceHeader<<3 | 0x06, 0x20, byte(len(seq) - 1)}, seq[1:]...) // extension and size
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, tt := range []struct {
		name       string
		payload    []byte
		start, key bool
		size       bool
		err        error
	}{
		{"empty", nil, false, false, false, ErrPayload},
		{"nothing behind the header", []byte{0x18}, false, false, false, ErrPayload},
		{"frame", join([]byte{0x10}, frame), true, false, false, nil},
		{"first part of a frame", join([]byte{0x50}, frame), true, false, false, nil},
		{"last part of a frame", join([]byte{0x90}, frame), false, false, false, nil},
		{"key frame, all lengths told", join([]byte{0x08}, sized(seq), sized(frame)), true, true, true, nil},
		{"key frame, two units", join([]byte{0x28}, sized(seq), frame), true, true, true, nil},
		{"key frame, the header alone", join([]byte{0x18}, seq), true, true, true, nil},
		{"temporal delimiter in front", join([]byte{0x38}, sized([]byte{0x10}), sized(seq), frame), true, true, true, nil},
		{"extension and size", join([]byte{0x28}, sized(withSize), frame), true, true, true, nil},
		{"sequence header without a key frame", join([]byte{0x20}, sized(seq), frame), true, false, false, nil},
		{"sequence header goes on in the next packet", join([]byte{0x58}, seq[:4]), true, true, false, nil},
		{"key frame without a sequence header", join([]byte{0x18}, frame), true, true, false, nil},
		{"length beyond the packet", []byte{0x08, 0x7f, 0x08, 0}, true, true, false, nil},
		{"length without an end", []byte{0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, true, true, false, nil},
		{"key frame that goes on", join([]byte{0x98}, seq), false, false, false, nil},
	} {
		var f Facts
		err := ParseFacts(CodecAV1, tt.payload, &f)
		size := f.Width == 640 && f.Height == 360
		if err != tt.err || err == nil && (f.Start != tt.start || f.Keyframe != tt.key || size != tt.size || !size && f.Width|f.Height != 0) {
			t.Errorf("%s: %+v, %v", tt.name, f, err)
		}
	}
}

func TestSequenceSize(t *testing.T) {
	for name, s := range map[string]sequence{
		"reduced":                         {reduced: true, width: 1, height: 1},
		"plain":                           {points: 1, level: 7, width: 1920, height: 1080},
		"a tier":                          {points: 1, level: 8, width: 4096, height: 2048},
		"timing":                          {points: 1, level: 5, timing: true, width: 640, height: 360},
		"decoder model":                   {points: 4, level: 9, timing: true, model: true, width: 640, height: 360},
		"decoder model and display delay": {points: 32, level: 9, timing: true, model: true, displayDelays: true, width: 65535, height: 360},
		"display delay":                   {points: 3, level: 5, displayDelays: true, width: 640, height: 360},
	} {
		unit := s.unit()
		w, h := sequenceSize(unit[1:])
		if uint32(w) != s.width || uint32(h) != s.height {
			t.Errorf("%s: %d×%d, want %d×%d", name, w, h, s.width, s.height)
		}
		for n := range len(unit) - 3 { // what follows the size is 9 bits long
			if w, h := sequenceSize(unit[1 : 1+n]); w != 0 || h != 0 {
				t.Errorf("%s: %d×%d from %d of %d bytes", name, w, h, n, len(unit)-1)
			}
		}
	}
	if w, h := sequenceSize(sequence{points: 1, width: 65536, height: 1}.unit()[1:]); w != 0 || h != 0 {
		t.Errorf("wider than 65,535: %d×%d", w, h)
	}
}

func TestLEB128(t *testing.T) {
	for _, tt := range []struct {
		in   []byte
		want uint32
		n    int
	}{
		{nil, 0, 0}, {[]byte{0}, 0, 1}, {[]byte{0x7f}, 127, 1}, {[]byte{0x80, 1, 9}, 128, 2}, {[]byte{0x80}, 0, 0},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, 1<<32 - 1, 5}, {[]byte{0xff, 0xff, 0xff, 0xff, 0x1f}, 0, 0},
		{[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0}, 0, 0},
	} {
		if v, n := leb128(tt.in); v != tt.want && n != 0 || n != tt.n {
			t.Errorf("%x: %d of %d bytes, want %d of %d", tt.in, v, n, tt.want, tt.n)
		}
	}
}

// Browsers mark the first packet of a key frame and put the sequence header in
// front.
func TestAV1OfBrowsers(t *testing.T) {
	for _, from := range []string{"AV1/chromium", "AV1/firefox", "AV1/chromium/L1T3"} {
		for i, r := range recordings(t, from) {
			f := &r.facts
			first := i == 0
			if f.Keyframe != first || !f.Start || (f.Width == 640 && f.Height == 360) != first {
				t.Errorf("%s: packet %d is %+v", from, i, f)
			}
		}
	}
}

func FuzzAV1(f *testing.F) {
	for _, r := range recordings(f, "AV1/") {
		f.Add(r.payload)
		f.Add(r.payload[:16])
	}
	f.Add(append([]byte{0x18}, sequence{points: 4, level: 9, timing: true, model: true, displayDelays: true, width: 640, height: 360}.unit()...))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var facts Facts
		if ParseFacts(CodecAV1, payload, &facts) != nil {
			return
		}
		if (facts.Width == 0) != (facts.Height == 0) || facts.Width != 0 && !facts.Keyframe || facts.Keyframe && !facts.Start {
			t.Fatalf("%x: %+v", payload, facts)
		}
	})
}
