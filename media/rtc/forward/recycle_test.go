package forward

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// TestThousandRecyclings: what has gone by other plans a thousand times holds
// what it held in the beginning. A publisher comes under another SSRC each
// time, in another section, and is seen each time; so is it by a viewer whose
// seat is another section each time.
func TestThousandRecyclings(t *testing.T) {
	r := newRig(t, 1, options{})
	viewer := r.to[0]
	from, to := linesOf(0), linesOf(1)
	camera, seat := from.find("cam"), to.find("v0")
	var was, before string
	var heap uint64
	for i := range uint32(1000) {
		camera.stopped, seat.stopped = true, true
		r.must(r.from.agree(from, 0))
		r.must(viewer.agree(to, 1))
		*camera = line{mid: fmt.Sprint("c", i), source: media.Camera, video: true, codecs: rtctest.Codecs("")}
		*seat = line{mid: fmt.Sprint("w", i), video: true, codecs: rtctest.Codecs("")}
		r.must(r.from.agree(from, 0))
		r.must(viewer.agree(to, 1))
		viewer.Place(0, Placement{From: r.from, Source: media.Camera, Video: true})
		r.group.handOver()

		packet := rtctest.VP8(uint16(i), true, "picture")
		packet.SSRC = 100_000 + i
		r.must(packet.SetExtension(rtctest.ExtMID, []byte(camera.mid)))
		r.put(packet)
		if tx := viewer.seat(0).video.tx; tx == nil || tx.packets != 1 {
			t.Fatalf("recycling %d: the picture was not forwarded: %v", i, r.figures().Drops)
		}
		r.pass(1100 * time.Millisecond)
		was = fmt.Sprintf("%s; %s; %d and %d incoming streams", held(r.from), held(viewer), len(r.from.rx.streams), len(viewer.rx.streams))
		if i == 100 {
			before, heap = was, heapNow()
		}
	}
	if was != before {
		t.Errorf("after 100:   %s\nafter 1,000: %s", before, was)
	}
	if grown := int64(heapNow()) - int64(heap); grown > 64<<10 {
		t.Errorf("900 recyclings grew the heap by %d bytes", grown)
	}
}

// held counts what is remembered of plans.
func held(s *session) string {
	m := s.control().State()
	return fmt.Sprintf("%d tracks, %d SSRCs in, %d seats, %d streams, %d SSRCs out", m.Tracks, m.SSRCsIn, len(m.Seats), m.Streams, m.SSRCsOut)
}

func heapNow() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
