package media

import (
	"bytes"
	"testing"

	"github.com/pion/rtp/codecs"
)

func TestParseVP9(t *testing.T) {
	for _, tt := range []struct {
		name    string
		payload []byte
		want    VP9
		err     error
	}{
		{"empty", nil, VP9{}, ErrPayload},
		{"descriptor only", []byte{0x0c}, VP9{}, ErrPayload},
		{"key frame without anything", []byte{0x0c, 1}, VP9{Start: true, Keyframe: true, HeaderLen: 1}, nil},
		{"later packet of a key frame", []byte{0x04, 1}, VP9{Keyframe: true, HeaderLen: 1}, nil},
		{"inter frame", []byte{0x4c, 1}, VP9{Start: true, HeaderLen: 1}, nil},
		{"7 bit id", []byte{0x88, 0x7f, 1}, VP9{Start: true, Keyframe: true, HeaderLen: 2, Counters: Counters{PictureID: 127, PIDBits: 7, pidAt: 1}}, nil},
		{"15 bit id", []byte{0x88, 0xff, 0xfe, 1}, VP9{Start: true, Keyframe: true, HeaderLen: 3, Counters: Counters{PictureID: 0x7ffe, PIDBits: 15, pidAt: 1}}, nil},
		{"layers, not flexible", []byte{0x28, 0x44, 9, 1}, VP9{TID: 2, SID: 2, HeaderLen: 3, Counters: Counters{HasTL0: true, TL0: 9, tl0At: 2}}, nil},
		{"layers, flexible", []byte{0x38, 0x50, 1}, VP9{Start: true, Keyframe: true, TID: 2, HeaderLen: 2}, nil},
		{"higher layer of a key frame", []byte{0xb8, 5, 0x03, 1}, VP9{SID: 1, HeaderLen: 3, Counters: Counters{PictureID: 5, PIDBits: 7, pidAt: 1}}, nil},
		{"three differences", []byte{0xd8, 5, 0x03, 0x05, 0x06, 1}, VP9{Start: true, HeaderLen: 5, Counters: Counters{PictureID: 5, PIDBits: 7, pidAt: 1}}, nil},
		{"four differences", []byte{0xd8, 5, 0x03, 0x05, 0x07, 0x02, 1}, VP9{}, ErrPayload},
		{"differences of a key frame", []byte{0x98, 5, 0x03}, VP9{Start: true, Keyframe: true, HeaderLen: 2, Counters: Counters{PictureID: 5, PIDBits: 7, pidAt: 1}}, nil},
		{"structure without anything", []byte{0x0a, 0x00, 1}, VP9{Start: true, Keyframe: true, HeaderLen: 2}, nil},
		{"one size", []byte{0x0a, 0x10, 2, 0x80, 1, 0x68, 1}, VP9{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 6}, nil},
		{"two sizes", []byte{0x0a, 0x30, 1, 0x40, 0, 0xb4, 2, 0x80, 1, 0x68, 1}, VP9{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 10}, nil},
		{"group of pictures", []byte{0x0a, 0x08, 2, 0x04, 9, 0x28, 9, 9, 1}, VP9{Start: true, Keyframe: true, HeaderLen: 8}, nil},
		{"size and an empty group", []byte{0x0a, 0x18, 2, 0x80, 1, 0x68, 0, 1}, VP9{Start: true, Keyframe: true, Width: 640, Height: 360, HeaderLen: 7}, nil},
		{"ends before the id", []byte{0x88}, VP9{}, ErrPayload},
		{"ends inside the id", []byte{0x88, 0x80}, VP9{}, ErrPayload},
		{"ends before the layers", []byte{0x28}, VP9{}, ErrPayload},
		{"ends before TL0", []byte{0x28, 0}, VP9{}, ErrPayload},
		{"ends before a difference", []byte{0xd8, 5, 0x03}, VP9{}, ErrPayload},
		{"ends before the structure", []byte{0x0a}, VP9{}, ErrPayload},
		{"ends inside a size", []byte{0x0a, 0x10, 2, 0x80, 1}, VP9{}, ErrPayload},
		{"ends before the group", []byte{0x0a, 0x08}, VP9{}, ErrPayload},
		{"ends inside the group", []byte{0x0a, 0x08, 2, 0x04, 9}, VP9{}, ErrPayload},
		{"ends with the group", []byte{0x0a, 0x08, 1, 0x0c, 9, 9, 9}, VP9{}, ErrPayload},
	} {
		var v VP9
		if err := ParseVP9(tt.payload, &v); err != tt.err || err == nil && v != tt.want {
			t.Errorf("%s: %+v, %v\nwant %+v", tt.name, v, err, tt.want)
		}
	}
}

// TestVP9OfBrowsers: of a key frame in layers, only the lowest one is where a
// picture starts. All of a picture have its id.
func TestVP9OfBrowsers(t *testing.T) {
	for from, want := range map[string][]struct {
		start, key    bool
		width, height uint16
		picture       uint16 // from the first one
	}{
		"VP9/chromium": {{true, true, 640, 360, 0}, {true, false, 0, 0, 1}, {true, false, 0, 0, 2}},
		"VP9/firefox":  {{true, true, 320, 180, 0}, {true, false, 0, 0, 1}, {true, false, 0, 0, 2}},
		"VP9/chromium/L3T3_KEY": {
			{true, true, 320, 180, 0}, {true, false, 0, 0, 1}, {true, true, 640, 360, 2}, {false, false, 0, 0, 2},
			{true, false, 0, 0, 3}, {false, false, 0, 0, 3},
		},
	} {
		list := recordings(t, from)
		first := list[0].facts.Counters.PictureID
		for i, w := range want {
			f := &list[i].facts
			if f.Start != w.start || f.Keyframe != w.key || f.Width != w.width || f.Height != w.height {
				t.Errorf("%s: packet %d is %+v", from, i, f)
			}
			if c := &f.Counters; c.PIDBits != 15 || c.PictureID-first != w.picture {
				t.Errorf("%s: packet %d has %d bits of picture id %d, the first %d", from, i, c.PIDBits, c.PictureID, first)
			}
		}
	}
}

// FuzzVP9 compares with pion's parser and checks that patching is undone.
func FuzzVP9(f *testing.F) {
	for _, r := range recordings(f, "VP9/") {
		f.Add(r.payload)
		f.Add(r.payload[:12])
	}
	f.Add([]byte{0x0a, 0x08, 2, 0x04, 9, 0x28, 9, 9, 1})
	f.Add([]byte{0xd8, 5, 0x03, 0x05, 0x06, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var v VP9
		if ParseVP9(payload, &v) != nil {
			return
		}
		if v.HeaderLen <= 0 || v.HeaderLen >= len(payload) {
			t.Fatalf("descriptor of %d bytes in %d", v.HeaderLen, len(payload))
		}
		var want codecs.VP9Packet
		if _, err := want.Unmarshal(payload); err == nil {
			if want.PictureID != v.PictureID || want.TL0PICIDX != v.TL0 || want.TID != v.TID || want.SID != v.SID {
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
