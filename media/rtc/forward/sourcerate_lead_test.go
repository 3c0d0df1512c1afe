package forward

import (
	"bytes"
	"slices"
	"testing"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// h264Packet seals a payload as a packet of the camera, one picture each.
func (r *rig) h264Packet(payload []byte) []byte {
	r.ts += 3000
	h := []byte{0x80, 0x80 | rtctest.PTH264, byte(r.seq >> 8), byte(r.seq),
		byte(r.ts >> 24), byte(r.ts >> 16), byte(r.ts >> 8), byte(r.ts), 0, 0, rtctest.SSRCCam >> 8, rtctest.SSRCCam & 0xff}
	n := copy(r.slot, h)
	length, err := r.sealer.SealRTP(&r.sc, r.slot[:cap(r.slot)], n, payload, r.seq)
	if err != nil {
		r.t.Fatal(err)
	}
	r.seq++
	return r.slot[:length]
}

// TestSourceRateCountsLeads: what goes before a key frame is a part of what its
// source sends to those who watch. A few bytes can bring a thousand along.
func TestSourceRateCountsLeads(t *testing.T) {
	const tokens = 100_000
	r, own := limited(t, 1<<20)
	opener, err := media.NewOpener(rtctest.MasterKey(9), 4)
	if err != nil {
		t.Fatal(err)
	}
	send := func(payload []byte) (numbers, size int) {
		if _, err := r.client.Write(r.h264Packet(payload)); err != nil {
			t.Fatal(err)
		}
		r.turn(1)
		list, size := r.seen(opener)
		return len(list), size
	}
	long := append(slices.Clone(rtctest.H264SPS), bytes.Repeat([]byte{0x55}, 900)...)
	send(rtctest.Aggregate(long, rtctest.H264PPS, rtctest.H264IDR))
	own.use.left.Tokens = tokens
	packets, size := 0, 0
	for range 150 {
		n, bytes := send(rtctest.H264IDR)
		packets, size = packets+n, size+bytes
	}
	if packets < 2 || size > tokens+2000 {
		t.Errorf("%d bytes in %d packets went on, of %d", size, packets, tokens)
	}
}
