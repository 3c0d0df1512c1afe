package media

import (
	"encoding/binary"
	"reflect"
	"testing"
	"unsafe"
)

// poison fills what is reused for the next packet with ones. It refuses types
// with pointers in them.
func poison[T any](t *testing.T, v *T) {
	t.Helper()
	if hasPointers(reflect.TypeFor[T]()) {
		t.Fatalf("%T has pointers", *v)
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
	for i := range b {
		b[i] = 1
	}
}

func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return hasPointers(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.String, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	}
	return false
}

// wantNoTrace runs write on a zero T and on a poisoned one, and wants no
// difference: a field that is written under a condition only would keep what
// the packet before had, which may have been somebody else's.
func wantNoTrace[T comparable](t *testing.T, write func(*T)) {
	t.Helper()
	var clean, used T
	poison(t, &used)
	write(&clean)
	write(&used)
	if clean != used {
		t.Errorf("%T keeps of the packet before:\n%+v\nfresh:\n%+v", clean, used, clean)
	}
}

// headerSeen is all that a Header shows.
type headerSeen struct {
	pt              uint8
	marker, padding bool
	seq             Seq
	ts              Ticks
	ssrc            SSRC
	length          int
	exts            [256]byte // the first byte of each, one up
}

func seenOf(h *Header) headerSeen {
	s := headerSeen{h.PT, h.Marker, h.Padding, h.Seq, h.TS, h.SSRC, h.HeaderLen, [256]byte{}}
	for id := range s.exts {
		if v := h.Ext(uint8(id)); v != nil {
			s.exts[id] = v[0] + 1
		}
	}
	return s
}

func TestNothingOfAPacketSurvives(t *testing.T) {
	bare := []byte{0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xff}
	extended := append([]byte{0x90}, bare[1:12]...)
	extended = append(extended, 0xbe, 0xde, 0, 1, 0x10, 5, 0, 0, 0xff)
	before := append([]byte{0xb2, 0xe1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 1, 2, 3, 4, 5, 6, 7, 8)
	before = append(before, 0xbe, 0xde, 0, 2, 0x10, 9, 0x20, 9, 0x40, 9, 0x50, 9, 1)
	var h Header
	for _, pkt := range [][]byte{bare, extended} {
		var fresh Header
		for _, err := range []error{ParseHeader(before, &h), ParseHeader(pkt, &h), ParseHeader(pkt, &fresh)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := seenOf(&h); got != seenOf(&fresh) {
			t.Errorf("a header keeps of the packet before:\n%+v\nfresh:\n%+v", got, seenOf(&fresh))
		}
	}
	for _, payload := range [][]byte{
		{}, {0x10}, {0x10, 0}, {0x10, 1, 2}, {0x90, 0x80, 5, 1}, {0x90, 0xf0, 0x80, 1, 2, 3, 1},
		{0x67, 1, 2}, {0x65, 1}, {0x41, 0x80}, {24, 0, 1, 9}, {28, 0x85, 1}, {28, 0x05, 1},
	} {
		for c := CodecNone; c <= CodecH264; c++ {
			wantNoTrace(t, func(f *Facts) { _ = ParseFacts(c, payload, f) })
		}
		wantNoTrace(t, func(v *VP8) { _ = ParseVP8(payload, v) })
	}
	for _, facts := range []Facts{{}, {Counters: Counters{PIDBits: 7}}, {Counters: Counters{HasTL0: true}}} {
		wantNoTrace(t, func(out *Output) {
			r := NewRewriter(KindAudio, 5, 5)
			r.SetTarget(1, 0)
			for ext := ExtSeq(1 << 16); ext < 1<<16+2; ext++ {
				if v := r.Rewrite(&Input{Source: 1, Ext: ext, Facts: &facts, Now: 1}, out); v != Forward {
					t.Fatal(v)
				}
			}
		})
		wantNoTrace(t, func(out *Output) { (&Origin{}).Recreate(&Input{Facts: &facts}, out) })
	}
	wantNoTrace(t, func(l *AudioLevel) { *l = AudioLevelOf(&Header{HeaderLen: 12}, 1) })
}

// TestWriteCoversTheHeader: a slot of the send arena shows through nowhere,
// whichever values there are.
func TestWriteCoversTheHeader(t *testing.T) {
	for _, spec := range []HeaderSpec{
		{}, {AudioLevelID: 1}, {AudioLevelID: 1, MIDID: 4, MID: "a"}, {AbsSendTimeID: 2, TransportSeqID: 3, AudioLevelID: 1, MIDID: 4, MID: "mid0"},
	} {
		tmpl, err := NewHeaderTemplate(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []AudioLevel{{}, {true, 5}} {
			wantNoTrace(t, func(slot *[MaxHeaderLen]byte) {
				n := tmpl.Write(slot[:], &Patch{Level: level})
				clear(slot[n:])
				var h Header
				if err := ParseHeader(slot[:n], &h); err != nil || h.HeaderLen != n {
					t.Fatal(err)
				}
				got := h.Ext(spec.AudioLevelID)
				if want := level.Known && spec.AudioLevelID != 0; want != (got != nil) || want && got[0] != 5 {
					t.Errorf("level %v of %+v became %x", level, spec, got)
				}
				if mid := h.Ext(spec.MIDID); string(mid) != spec.MID {
					t.Errorf("mid %q became %q", spec.MID, mid)
				}
			})
		}
	}
}

// TestCompoundsDoNotMix: the packets of a compound are read into one value.
func TestCompoundsDoNotMix(t *testing.T) {
	pli := AppendPLI(nil, 7, 8)
	bye := []byte{0x80, 203, 0, 0}
	binary.BigEndian.PutUint16(bye[2:], 0)
	r := ReadRTCP(append(pli, bye...))
	var p RTCPPacket
	for r.Next(&p) {
	}
	if r.Err() != nil || p.Sender != 0 || p.body != nil || p.Media() != 0 {
		t.Errorf("a packet without anything after a PLI is %+v, %v", p, r.Err())
	}
}
