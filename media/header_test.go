package media

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

// TestHeaderWithDescriptor compares with pion's parser: a descriptor goes in the
// one-byte form if it fits and in the two-byte form if not, and nothing else of
// the header depends on it.
func TestHeaderWithDescriptor(t *testing.T) {
	for name, spec := range map[string]HeaderSpec{
		"alone":      {SSRC: 7, DependencyID: 13},
		"with all":   {SSRC: 7, AbsSendTimeID: 2, TransportSeqID: 3, MIDID: 4, MID: "17", DependencyID: 13},
		"and levels": {SSRC: 7, AudioLevelID: 1, DependencyID: 13},
	} {
		header, err := NewHeaderTemplate(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 3, 4, 15, 16, 17, 18, 64, 255} {
			var slot [MaxHeaderLen]byte
			for i := range slot {
				slot[i] = 0xee
			}
			d := bytes.Repeat([]byte{0xdd}, n)
			patch := Patch{PT: 45, Seq: 9, TS: 10, Marker: true, TransportSeq: 0x1122, SendTime: 0x334455, Dependency: d, Frame: 0x6677, Level: AudioLevel{Known: n%2 == 0, Byte: 0x88}}
			size := header.Write(slot[:], &patch)
			if size%4 != 0 || n == 0 && size != header.Len() || !bytes.Equal(d, bytes.Repeat([]byte{0xdd}, n)) {
				t.Errorf("%s, %d bytes: header of %d, template of %d, descriptor %x", name, n, size, header.Len(), d)
			}
			var h rtp.Header
			read, err := h.Unmarshal(slot[:size])
			if err != nil || read != size || h.SSRC != 7 || h.PayloadType != 45 || h.SequenceNumber != 9 || h.Timestamp != 10 || !h.Marker {
				t.Fatalf("%s, %d bytes: %+v, %v", name, n, h, err)
			}
			if n > 0 {
				d[1], d[2] = 0x66, 0x77
			}
			want := map[uint8][]byte{13: d}
			if spec.AbsSendTimeID != 0 {
				want[2], want[3], want[4] = []byte{0x33, 0x44, 0x55}, []byte{0x11, 0x22}, []byte("17")
			}
			if spec.AudioLevelID != 0 && patch.Level.Known {
				want[1] = []byte{0x88}
			}
			for id := uint8(1); id < 15; id++ {
				if got := h.GetExtension(id); !bytes.Equal(got, want[id]) {
					t.Errorf("%s, %d bytes: extension %d is %x, want %x", name, n, id, got, want[id])
				}
			}
		}
	}
}
