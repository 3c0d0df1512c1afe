package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// simulcaster sends three layers of a camera, told apart by MID and RID only.
type simulcaster struct {
	p       *peer
	enabled func(rid string) bool
	stop    chan struct{}
	done    chan struct{}
}

var layerSizes = map[string][2]int{"q": {320, 180}, "h": {640, 360}, "f": {1280, 720}}

func startSimulcast(t testing.TB, p *peer, enabled func(rid string) bool) {
	s := &simulcaster{p: p, enabled: enabled, stop: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	t.Cleanup(func() { close(s.stop); <-s.done })
}

func (s *simulcaster) run() {
	defer close(s.done)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	answered := make(map[uint32]int)
	for i := uint16(0); ; i++ {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		for n, rid := range []string{"q", "h", "f"} {
			ssrc := uint32(3001 + n)
			asked := s.asked(ssrc)
			if s.enabled(rid) {
				s.send(i, ssrc, rid, asked > answered[ssrc])
			}
			answered[ssrc] = asked
		}
	}
}

// asked counts the key frame requests for a layer.
func (s *simulcaster) asked(ssrc uint32) (n int) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	for _, packet := range s.p.rtcp {
		if pli, ok := packet.(*rtcp.PictureLossIndication); ok && pli.MediaSSRC == ssrc {
			n++
		}
	}
	return n
}

func (s *simulcaster) send(i uint16, ssrc uint32, rid string, key bool) {
	packet := rtctest.VP8(i, key, rid)
	packet.SSRC = ssrc
	packet.Timestamp += ssrc * 7919 // layers have clocks of their own
	if key {
		w, h := layerSizes[rid][0], layerSizes[rid][1]
		copy(packet.Payload[10:], []byte{byte(w), byte(w >> 8), byte(h), byte(h >> 8)})
	}
	_ = packet.SetExtension(rtctest.ExtMID, []byte("cam"))
	_ = packet.SetExtension(rtctest.ExtRID, []byte(rid))
	s.p.send(packet)
}

// layerOf returns the layer that a forwarded picture is of.
func layerOf(p *rtp.Packet) string { return string(p.Payload[len(p.Payload)-1:]) }

func TestSimulcastLayerFitsTheTile(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	from := join(t, s, peerOptions{rids: []string{"q", "h", "f"}})
	to := join(t, s, peerOptions{seats: 1})
	on := newFlags("q", "h", "f")
	startSimulcast(t, from, on.get)
	video := to.answer.video[0]
	show := func(height int) {
		to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true, Width: height * 16 / 9, Height: height})
	}
	want := func(layer string) {
		t.Helper()
		to.wait("layer "+layer, func() bool { l := to.rtp[video]; return len(l) > 0 && layerOf(l[len(l)-1]) == layer })
	}
	show(180)
	want("q")
	show(720)
	want("f")
	show(360)
	want("h")
	on.set("h", false) // the encoder gave a layer up
	want("f")
	on.set("f", false)
	want("q")
	to.events.wait(t, "all layer events", func() bool { return len(to.events.layers) >= 5 })
	var last *rtp.Packet
	for i, p := range to.received(video) {
		if last != nil && layerOf(p) != layerOf(last) && !rtctest.IsKeyframe(p) {
			t.Errorf("packet %d: layer %s starts without a key frame", i, layerOf(p))
		}
		if last != nil && p.SequenceNumber != last.SequenceNumber+1 {
			t.Errorf("packet %d: number %d after %d", i, p.SequenceNumber, last.SequenceNumber)
		}
		if last != nil {
			if d := int32(p.Timestamp - last.Timestamp); d <= 0 || d > 90000*3 {
				t.Errorf("packet %d: timestamp moved by %d", i, d)
			}
		}
		last = p
	}
	for _, e := range to.events.layers {
		if size := layerSizes[e.layer]; size != [2]int{e.width, e.height} {
			t.Errorf("event %+v, want size %v", e, size)
		}
	}
}
