package media

import (
	"bytes"
	"encoding/hex"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// extDependency is the id in testdata/packets.txt.
const extDependency = 13

// TestDependencyOfBrowsers: what Chromium says of its packets.
func TestDependencyOfBrowsers(t *testing.T) {
	for from, want := range map[string][]Dependency{
		"AV1/chromium/L1T3": {
			{Start: true, End: true, Template: 0, Frame: 1, Keyframe: true, Width: 640, Height: 360},
			{Start: true, End: true, Template: 3, Frame: 2}, {Start: true, End: true, Template: 2, Frame: 3},
			{Start: true, End: true, Template: 4, Frame: 4}, {Start: true, End: true, Template: 1, Frame: 5},
		},
		"AV1/chromium/L2T1": {
			{Start: true, End: true, Template: 1, Frame: 1, Keyframe: true, Width: 640, Height: 360},
			{Start: true, End: true, Template: 0, Frame: 2}, // says which layers are active
			{Start: true, End: true, Template: 1, Frame: 27, Keyframe: true, Width: 640, Height: 360},
			{Start: true, End: true, Template: 3, Frame: 28},
			{Start: true, End: true, Template: 0, Frame: 29}, {Start: true, End: true, Template: 2, Frame: 30},
		},
	} {
		for i, r := range recordings(t, from) {
			var d Dependency
			if err := ParseDependency(r.header.Ext(extDependency), &d); err != nil || d != want[i] {
				t.Errorf("%s: packet %d says %+v, %v, want %+v", from, i, d, err, want[i])
			}
			key := r.facts.Keyframe
			if !r.facts.Describe(r.header.Ext(extDependency)) || r.facts.Keyframe != key || key != want[i].Keyframe || !r.facts.Start {
				t.Errorf("%s: packet %d becomes %+v", from, i, r.facts)
			}
			if c := &r.facts.Counters; c.PIDBits != 16 || c.PictureID != want[i].Frame {
				t.Errorf("%s: packet %d counts %+v", from, i, c)
			}
		}
	}
}

// structure is what a test writes of a template structure.
type structure struct {
	targets, chains int
	next            []uint32 // next_layer_idc, the last is 3
	fdiffs          []int    // how many per template
	width, height   uint32   // of the highest layer; 0: no resolutions
}

func (w *bitWriter) choice(v, n uint32) {
	size := bits.Len32(n)
	few := uint32(1)<<size - n
	if v < few {
		w.bits(v, size-1)
		return
	}
	w.bits((v+few)>>1, size-1)
	w.bits((v+few)&1, 1)
}

func (s *structure) descriptor() []byte {
	w := &bitWriter{}
	w.bits(0x8012ab, 24)
	w.bits(0b10000, 5)
	w.bits(7, 6)
	w.bits(uint32(s.targets-1), 5)
	spatial := 0
	for _, n := range s.next {
		w.bits(n, 2)
		if n == 2 {
			spatial++
		}
	}
	for range s.next {
		for range s.targets {
			w.bits(2, 2)
		}
	}
	for i := range s.next {
		for range s.fdiffs[i] {
			w.bits(1, 1)
			w.bits(9, 4)
		}
		w.bits(0, 1)
	}
	w.choice(uint32(s.chains), uint32(s.targets)+1)
	if s.chains > 0 {
		for i := range s.targets {
			w.choice(uint32(i%s.chains), uint32(s.chains))
		}
		for range len(s.next) * s.chains {
			w.bits(15, 4)
		}
	}
	w.bits(b2u(s.width > 0), 1)
	if s.width > 0 {
		for range spatial {
			w.bits(0x00010001, 32)
		}
		w.bits(s.width-1, 16)
		w.bits(s.height-1, 16)
	}
	return w.b
}

// TestDependencyStructures finds the size behind structures of all shapes, and
// refuses each that is cut off.
func TestDependencyStructures(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 500 {
		s := &structure{targets: 1 + rng.IntN(32), width: 1 + rng.Uint32N(65535), height: 1 + rng.Uint32N(65535)}
		s.chains = rng.IntN(s.targets + 1)
		if i%5 == 0 {
			s.width, s.height = 0, 0
		}
		spatial := 0
		for range rng.IntN(20) {
			n := rng.Uint32N(3)
			if n == 2 && spatial == maxSpatialLayer {
				n = 1
			}
			if n == 2 {
				spatial++
			}
			s.next = append(s.next, n)
		}
		s.next = append(s.next, 3)
		for range s.next {
			s.fdiffs = append(s.fdiffs, rng.IntN(4))
		}
		b := s.descriptor()
		var d Dependency
		want := Dependency{Start: true, Frame: 0x12ab, Keyframe: true, Width: uint16(s.width), Height: uint16(s.height)}
		if err := ParseDependency(b, &d); err != nil || d != want {
			t.Fatalf("%+v: %+v, %v", s, d, err)
		}
		if cut := 3 + rng.IntN(len(b)-3); cut > 3 && ParseDependency(b[:cut], &d) == nil {
			t.Fatalf("%+v cut to %d of %d bytes is taken: %+v", s, cut, len(b), d)
		}
	}
}

func TestParseDependency(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want Dependency
		err  error
	}{
		{"empty", nil, Dependency{}, ErrPayload},
		{"two bytes", unhex("c000"), Dependency{}, ErrPayload},
		{"the least", unhex("bfffff"), Dependency{Start: true, Template: 63, Frame: 65535}, nil},
		{"last packet of a frame", unhex("430102"), Dependency{End: true, Template: 3, Frame: 0x102}, nil},
		{"custom fields", unhex("03010238ffff"), Dependency{Template: 3, Frame: 0x102}, nil},
		{"a structure and no more", unhex("80000180"), Dependency{}, ErrPayload},
		{"endless templates", append(unhex("80000180"), make([]byte, 100)...), Dependency{}, ErrPayload},
		{"too many layers", append(unhex("8000018000"), bytes.Repeat([]byte{0xaa}, 100)...), Dependency{}, ErrPayload},
		{"endless differences", append(unhex("8000018000cf"), bytes.Repeat([]byte{0xff}, 100)...), Dependency{}, ErrPayload},
	} {
		var d Dependency
		if err := ParseDependency(tt.b, &d); err != tt.err || err == nil && d != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, d, err)
		}
	}
	f := Facts{Keyframe: true, Start: true}
	if f.Describe(unhex("c0")) || f != (Facts{Keyframe: true, Start: true}) {
		t.Errorf("a malformed descriptor makes %+v", f)
	}
}

// FuzzDependency: what is understood comes out of our headers as it came in, but
// for the frame number.
func FuzzDependency(f *testing.F) {
	for _, r := range recordings(f, "AV1/chromium/") {
		if d := r.header.Ext(extDependency); d != nil {
			f.Add(d)
			f.Add(d[:len(d)-1])
		}
	}
	f.Add((&structure{targets: 3, chains: 2, next: []uint32{0, 1, 2, 3}, fdiffs: []int{0, 1, 2, 3}, width: 640, height: 360}).descriptor())
	header, err := NewHeaderTemplate(HeaderSpec{SSRC: 5, AbsSendTimeID: 2, MIDID: 4, MID: "0123456789abcdef", DependencyID: 12})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Dependency
		if len(b) > 255 || ParseDependency(b, &d) != nil {
			return
		}
		if (d.Width == 0) != (d.Height == 0) || d.Width != 0 && !d.Keyframe {
			t.Fatalf("%x: %+v", b, d)
		}
		var slot [MaxHeaderLen]byte
		pkt := slot[:header.Write(slot[:], &Patch{Dependency: b, Frame: 0x1234})]
		var h Header
		if err := ParseHeader(pkt, &h); err != nil || h.HeaderLen != len(pkt) {
			t.Fatalf("%x: header %+v, %v", b, h, err)
		}
		want := bytes.Clone(b)
		want[1], want[2] = 0x12, 0x34
		if got := h.Ext(12); !bytes.Equal(got, want) {
			t.Fatalf("%x sent as %x", b, got)
		}
		if string(h.Ext(4)) != "0123456789abcdef" || len(h.Ext(2)) != 3 {
			t.Fatalf("%x: other elements are missing in %x", b, pkt)
		}
	})
}
