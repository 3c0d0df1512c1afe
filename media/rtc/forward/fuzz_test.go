package forward

import (
	"testing"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// FuzzMedia gives a worker what an authenticated peer could send: any bytes,
// sealed, as RTP and as RTCP, and the same bytes unsealed.
func FuzzMedia(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 7, 209, 0xbe, 0xde, 0, 1, 0x51, 0, 1, 0, 0x90, 0x80, 0x80, 1, 0x10, 0, 0})
	f.Add([]byte{0x80, 111, 0, 1, 0, 0, 0, 2, 0, 0, 3, 233, 1, 2, 3})
	f.Add([]byte{0x80, 97, 0, 1, 0, 0, 0, 2, 0, 0, 7, 210, 0, 1, 0x10, 1, 2, 3})
	f.Add([]byte{0x81, 200, 0, 6, 0, 0, 7, 209, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})
	f.Add([]byte{0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0xff, 0xff})
	f.Add([]byte{0x80, 102, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x67, 0x42, 0, 0x1f, 1})
	f.Add([]byte{0x90, 96, 0, 2, 0, 0, 0, 2, 0, 0, 7, 209, 0xbe, 0xde, 0, 1, 0x51, 0, 2, 0, 0x90, 0x80, 0x80, 1, 0x10, 0, 0})
	f.Add([]byte{0x80, 102, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x78, 0, 4, 0x67, 0x42, 0, 0x1f, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 3, 0x65, 0x88, 0x80})
	f.Add([]byte{0x80, 98, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x8e, 0x80, 9, 0x10, 2, 0x80, 1, 0x68, 1, 2, 3})
	f.Add([]byte{0x90, 45, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0xbe, 0xde, 0, 1, rtctest.ExtDependency<<4 | 2, 0xc1, 0, 2, 0x10, 0x30, 1, 2})
	f.Add([]byte{0x90, 45, 0, 9, 0, 0, 0, 2, 0, 0, 7, 209, 0x10, 0, 0, 6, rtctest.ExtDependency, 20, 0xc0, 0, 1, 0x80, 0x02, 0x14, 0xea, 0xa8, 0x60, 0x41,
		0x4d, 0x14, 0x10, 0x20, 0x84, 0x27, 0x02, 0x7f, 0x01, 0x67, 0, 0, 0x28, 5, 0x08, 0, 0, 0, 0, 0x30, 1, 2})
	r := newRig(f, 1, options{})
	r.from.incoming.Load().exts.Dependency = rtctest.ExtDependency // as if it sent AV1 only
	for _, codec := range []string{"VP8", "H264", "VP9", "AV1"} {  // what comes may be what these can not decode
		l := linesOf(1)
		seat := l.find("v0")
		seat.codecs, seat.h264, seat.descriptors = rtctest.Codecs(codec), "64001f", true
		r.watch(r.sinks[0].LocalAddr(), l)
	}
	var sc media.Scratch
	rtcpIndex := uint32(0)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 12 || len(data) > 1200 {
			return
		}
		panics := r.w.count.drops[dropPanic].Load()
		slot := make([]byte, 1400)
		var h media.Header
		count := 0
		send := func(b []byte) {
			if _, err := r.client.Write(b); err == nil {
				count++
			}
		}
		send(data)
		if media.ParseHeader(data, &h) == nil && !media.IsRTCP(data) {
			copy(slot, data[:h.HeaderLen])
			if n, err := r.sealer.SealRTP(&sc, slot, h.HeaderLen, data[h.HeaderLen:], media.ExtSeq(h.Seq)); err == nil {
				send(slot[:n])
			}
		}
		rtcpIndex++
		copy(slot, data)
		if n, err := r.sealer.SealRTCP(slot, len(data), rtcpIndex); err == nil && media.IsRTCP(slot) {
			send(slot[:n])
		}
		r.turn(count)
		r.w.loop.nextTick = 1
		r.w.loop.in.Reset()
		r.w.handleLoop()
		if r.w.count.drops[dropPanic].Load() != panics {
			t.Fatal("handling panicked")
		}
	})
}
