package media

import (
	"bytes"
	"testing"

	"github.com/pion/rtp/codecs"
)

// vp8Key is the start of a VP8 key frame of 640×360 (RFC 6386 §9.1).
var vp8Key = []byte{0x50, 0x2d, 0x01, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 0, 0}

func TestParseVP8(t *testing.T) {
	withKey := func(b ...byte) []byte { return append(b, vp8Key...) }
	for _, tt := range []struct {
		name    string
		payload []byte
		want    VP8
		err     error
	}{
		{"empty", nil, VP8{}, ErrPayload},
		{"descriptor only", []byte{0x10}, VP8{}, ErrPayload},
		{"bare key frame", withKey(0x10), VP8{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 1}, nil},
		{"later partition", withKey(0x11), VP8{HeaderLen: 1}, nil},
		{"continuation", withKey(0x00), VP8{HeaderLen: 1}, nil},
		{"inter frame", []byte{0x30, 0x51, 0}, VP8{Start: true, NonReference: true, HeaderLen: 1}, nil},
		{"short key frame", []byte{0x10, 0x50}, VP8{Start: true, Keyframe: true, HeaderLen: 1}, nil},
		{"7 bit id", withKey(0x90, 0x80, 0x7f), VP8{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 3, Counters: Counters{PictureID: 127, PIDBits: 7, pidAt: 2}}, nil},
		{"15 bit id", withKey(0x90, 0x80, 0xff, 0xfe), VP8{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 4, Counters: Counters{PictureID: 0x7ffe, PIDBits: 15, pidAt: 2}}, nil},
		{"everything", withKey(0x90, 0xf0, 0x81, 0x02, 0x33, 0xa5), VP8{Start: true, Keyframe: true, Width: 640, Height: 360, TID: 2, LayerSync: true, KeyIdx: 5, HeaderLen: 6,
			Counters: Counters{PictureID: 0x102, PIDBits: 15, HasTL0: true, TL0: 0x33, pidAt: 2, tl0At: 4}}, nil},
		{"only TL0", withKey(0x90, 0x40, 9), VP8{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 3, Counters: Counters{HasTL0: true, TL0: 9, tl0At: 2}}, nil},
		{"only KEYIDX", withKey(0x90, 0x10, 0xe9), VP8{Start: true, Keyframe: true, Width: 640, Height: 360, KeyIdx: 9, HeaderLen: 3}, nil},
		{"ends after X", []byte{0x90}, VP8{}, ErrPayload},
		{"ends before id", []byte{0x90, 0x80}, VP8{}, ErrPayload},
		{"ends inside id", []byte{0x90, 0x80, 0x80}, VP8{}, ErrPayload},
		{"ends before TL0", []byte{0x90, 0xc0, 0x01}, VP8{}, ErrPayload},
		{"ends before TID", []byte{0x90, 0xe0, 0x01, 0x02}, VP8{}, ErrPayload},
		{"ends after descriptor", []byte{0x90, 0xe0, 0x01, 0x02, 0x03}, VP8{}, ErrPayload},
	} {
		var v VP8
		if err := ParseVP8(tt.payload, &v); err != tt.err || err == nil && v != tt.want {
			t.Errorf("%s: %+v, %v\nwant %+v", tt.name, v, err, tt.want)
		}
	}
}

// Patching changes the two fields and nothing else, and is undone by patching
// back.
func TestPatchCounters(t *testing.T) {
	for _, payload := range [][]byte{
		append([]byte{0x90, 0xe0, 0x81, 0x02, 0x33, 0x40}, vp8Key...),
		append([]byte{0x90, 0xe0, 0x51, 0x33, 0x40}, vp8Key...),
		append([]byte{0x90, 0x80, 0x51}, vp8Key...),
		append([]byte{0x90, 0x40, 0x51}, vp8Key...),
		append([]byte{0x10}, vp8Key...),
	} {
		for _, pid := range []uint16{0, 1, 0x7f, 0x80, 0x7fff} {
			b := bytes.Clone(payload)
			var before, after VP8
			if err := ParseVP8(b, &before); err != nil {
				t.Fatal(err)
			}
			pid &= 1<<before.PIDBits - 1
			before.Patch(b, pid, 0xee)
			if err := ParseVP8(b, &after); err != nil {
				t.Fatal(err)
			}
			want := before
			want.PictureID = pid
			if want.HasTL0 {
				want.TL0 = 0xee
			}
			if after != want {
				t.Errorf("patched %+v, want %+v", after, want)
			}
			before.Patch(b, before.PictureID, before.TL0)
			if !bytes.Equal(b, payload) {
				t.Errorf("not restored: %x, was %x", b, payload)
			}
		}
	}
}

// nal builds a unit: header byte, then body.
func nal(t uint8, body ...byte) []byte { return append([]byte{0x60 | t}, body...) }

// sps640 is a Constrained Baseline set of 640×360 (40×23 macroblocks, 8 lines
// cropped), as OpenH264 writes it.
var sps640 = []byte{0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x17, 0xfc, 0xb0, 0x0f, 0x08, 0x84, 0x6a}

func TestParseH264(t *testing.T) {
	for _, tt := range []struct {
		name       string
		payload    []byte
		key, start bool
		discard    bool
		err        error
	}{
		{"empty", nil, false, false, false, ErrPayload},
		{"one byte", []byte{0x65}, false, false, false, ErrPayload},
		{"slice of a frame", nal(1, 0x9a), false, true, false, nil},
		{"later slice", nal(1, 0x1a), false, false, false, nil},
		{"unreferenced slice", []byte{0x01, 0x9a}, false, true, true, nil},
		{"IDR alone", nal(5, 0x88), true, true, false, nil},
		{"later slice of an IDR", nal(5, 0x18), true, false, false, nil},
		{"SPS alone", sps640, false, true, false, nil},
		{"PPS alone", nal(8, 1), false, true, false, nil},
		{"SPS, PPS, IDR", stapA(sps640, nal(8, 1), nal(5, 0x88)), true, true, false, nil},
		{"SEI and slice", stapA(nal(6, 1), nal(1, 0x9a)), false, true, false, nil},
		{"FU-A start of IDR", []byte{0x7c, 0x85, 0x88}, true, true, false, nil},
		{"FU-A start of slice", []byte{0x7c, 0x81, 0x88}, false, true, false, nil},
		{"FU-A middle", []byte{0x7c, 0x05, 0x88}, false, false, false, nil},
		{"FU-A cut off", []byte{0x7c, 0x85}, false, false, false, ErrPayload},
		{"STAP-A with size 0", []byte{0x78, 0, 0, 1}, false, false, false, ErrPayload},
		{"STAP-A too long", []byte{0x78, 0, 9, 1}, false, false, false, ErrPayload},
		{"STAP-A cut in the size", []byte{0x78, 0, 1, 0x61, 0}, false, false, false, ErrPayload},
		{"FU-B", nal(29, 1, 2, 3), false, false, false, ErrPayload},
		{"type 0", nal(0, 1), false, false, false, ErrPayload},
	} {
		var f Facts
		err := ParseFacts(CodecH264, tt.payload, &f)
		if err != tt.err || err == nil && (f.Keyframe != tt.key || f.Start != tt.start || f.Discardable != tt.discard) {
			t.Errorf("%s: %+v, %v", tt.name, f, err)
		}
	}
}

// bitWriter writes parameter sets for the test, independent of the reader.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) bits(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

func (w *bitWriter) ue(v uint32) {
	n := 0
	for (v+1)>>(n+1) > 0 {
		n++
	}
	w.bits(0, n)
	w.bits(v+1, n+1)
}

// rbsp returns the bytes with emulation prevention put in.
func (w *bitWriter) rbsp() []byte {
	var out []byte
	zeros := 0
	for _, b := range w.b {
		if zeros >= 2 && b <= 3 {
			out, zeros = append(out, 3), 0
		}
		out = append(out, b)
		if zeros++; b != 0 {
			zeros = 0
		}
	}
	return out
}

func TestSPSSize(t *testing.T) {
	for _, tt := range []struct {
		name           string
		profile        uint32
		mbW, mbH       uint32
		crop           [4]uint32
		poc            uint32
		interlaced     bool
		wantW, wantH   uint16
		scaling, wants bool
	}{
		{name: "720p baseline", profile: 66, mbW: 80, mbH: 45, wantW: 1280, wantH: 720, wants: true},
		{name: "1080p high", profile: 100, mbW: 120, mbH: 68, crop: [4]uint32{0, 0, 0, 4}, wantW: 1920, wantH: 1080, wants: true},
		{name: "360p, order count 1", profile: 66, mbW: 40, mbH: 23, crop: [4]uint32{0, 0, 0, 4}, poc: 1, wantW: 640, wantH: 360, wants: true},
		{name: "order count 2, cropped left", profile: 77, mbW: 22, mbH: 18, crop: [4]uint32{1, 2, 1, 0}, poc: 2, wantW: 346, wantH: 286, wants: true},
		{name: "interlaced", profile: 77, mbW: 45, mbH: 18, interlaced: true, wantW: 720, wantH: 576, wants: true},
		{name: "scaling lists", profile: 100, mbW: 45, mbH: 18, scaling: true},
		{name: "cropped to nothing", profile: 66, mbW: 1, mbH: 1, crop: [4]uint32{4, 4, 0, 0}},
		{name: "absurd", profile: 66, mbW: 60000, mbH: 60000},
	} {
		var w bitWriter
		w.bits(tt.profile, 8)
		w.bits(0, 16) // zeros: emulation prevention is needed
		w.ue(0)
		if tt.profile == 100 {
			w.ue(1)
			w.ue(0)
			w.ue(0)
			w.bits(0, 1)
			w.bits(b2u(tt.scaling), 1)
		}
		w.ue(0)
		w.ue(tt.poc)
		switch tt.poc {
		case 0:
			w.ue(0)
		case 1:
			w.bits(1, 1)
			w.ue(3)
			w.ue(4)
			w.ue(2)
			w.ue(5)
			w.ue(6)
		}
		w.ue(1)
		w.bits(0, 1)
		w.ue(tt.mbW - 1)
		w.ue(tt.mbH - 1)
		w.bits(b2u(!tt.interlaced), 1)
		if tt.interlaced {
			w.bits(0, 1)
		}
		w.bits(1, 1)
		w.bits(b2u(tt.crop != [4]uint32{}), 1)
		if tt.crop != [4]uint32{} {
			for _, c := range tt.crop {
				w.ue(c)
			}
		}
		w.bits(2, 2) // no VUI, stop bit
		body := w.rbsp()
		width, height, ok := spsSize(body)
		if ok != tt.wants || ok && (width != tt.wantW || height != tt.wantH) {
			t.Errorf("%s: %d×%d, %v; want %d×%d", tt.name, width, height, ok, tt.wantW, tt.wantH)
		}
		for n := range body[:max(0, len(body)-2)] {
			spsSize(body[:n])
		}
		if _, _, ok := spsSize(body[:5]); ok {
			t.Errorf("%s: size from five bytes", tt.name)
		}
	}
	if w, h, ok := spsSize(sps640[1:]); !ok || w != 640 || h != 360 {
		t.Errorf("OpenH264's set: %d×%d, %v", w, h, ok)
	}
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func TestCodecNames(t *testing.T) {
	for name, want := range map[string]Codec{"opus": CodecOpus, "OPUS": CodecOpus, "vp8": CodecVP8, "h264": CodecH264, "vp9": CodecVP9, "av1": CodecAV1, "": CodecNone, "VP10": CodecNone} {
		if got := CodecByName(name); got != want {
			t.Errorf("%q is %v", name, got)
		}
	}
	var f Facts
	if err := ParseFacts(CodecOpus, []byte{1}, &f); err != nil || !f.Start {
		t.Errorf("opus: %+v, %v", f, err)
	}
	if ParseFacts(CodecOpus, nil, &f) != ErrPayload {
		t.Error("empty opus packet accepted")
	}
}

func TestFactsNoAlloc(t *testing.T) {
	vp8 := append([]byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0xa5}, vp8Key...)
	vp9, av1 := recordings(t, "VP9/firefox")[0], recordings(t, "AV1/chromium/L2T1")[0]
	descriptor := av1.header.Ext(extDependency)
	header, err := NewHeaderTemplate(HeaderSpec{DependencyID: extDependency})
	if err != nil {
		t.Fatal(err)
	}
	var f Facts
	var slot [MaxHeaderLen]byte
	if n := testing.AllocsPerRun(1000, func() {
		if ParseFacts(CodecVP8, vp8, &f) != nil || ParseFacts(CodecH264, sps640, &f) != nil ||
			ParseFacts(CodecVP9, vp9.payload, &f) != nil || ParseFacts(CodecAV1, av1.payload, &f) != nil || !f.Describe(descriptor) {
			t.Fatal("refused")
		}
		header.Write(slot[:], &Patch{Dependency: descriptor, Frame: f.Counters.PictureID})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzVP8 compares with pion's parser and checks that patching is undone.
func FuzzVP8(f *testing.F) {
	f.Add(append([]byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0xa5}, vp8Key...))
	f.Add(append([]byte{0x90, 0xe0, 0x51, 0x33, 0x40}, vp8Key...))
	f.Add(append([]byte{0x10}, vp8Key...))
	f.Add([]byte{0x90, 0xe0, 0x01, 0x02, 0x03})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var v VP8
		if ParseVP8(payload, &v) != nil {
			return
		}
		var want codecs.VP8Packet
		if _, err := want.Unmarshal(payload); err == nil {
			if want.PictureID != v.PictureID || want.TL0PICIDX != v.TL0 || want.TID != v.TID || (want.S == 1 && want.PID == 0) != v.Start {
				t.Fatalf("%+v, pion %+v", v, want)
			}
		}
		b := bytes.Clone(payload)
		v.Patch(b, 0x55, 0xaa)
		v.Patch(b, v.PictureID, v.TL0)
		if !bytes.Equal(b, payload) {
			t.Fatalf("%x not restored: %x", payload, b)
		}
	})
}

func FuzzH264(f *testing.F) {
	f.Add(sps640)
	f.Add([]byte{0x7c, 0x85, 0x88})
	f.Add([]byte{0x78, 0, 2, 0x61, 0x9a, 0, 1, 0x68})
	f.Add(append([]byte{0x67, 100, 0, 0}, bytes.Repeat([]byte{0, 0, 3}, 90)...))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var facts Facts
		if ParseFacts(CodecH264, payload, &facts) != nil {
			return
		}
		var s ParamSets
		s.Add([][]byte{payload})
		s.Take(payload, 0, false, &facts)
		if (facts.Width == 0) != (facts.Height == 0) || facts.Width != 0 && !facts.Keyframe {
			t.Fatalf("%d×%d of %x", facts.Width, facts.Height, payload)
		}
	})
}

func BenchmarkParseFacts(b *testing.B) {
	vp8 := append([]byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0xa5}, vp8Key...)
	var f Facts
	b.Run("VP8", func(b *testing.B) {
		for b.Loop() {
			_ = ParseFacts(CodecVP8, vp8, &f)
		}
	})
	slice := nal(1, 0x9a, 1, 2, 3)
	b.Run("H264", func(b *testing.B) {
		for b.Loop() {
			_ = ParseFacts(CodecH264, slice, &f)
		}
	})
}
