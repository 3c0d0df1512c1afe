package rtc

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"parley/media/rtc/rtctest"
)

func listen(t testing.TB, c Config) *Server {
	t.Helper()
	if c.Addrs == nil {
		c.Addrs = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	}
	s, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSoundAndPictureReachASeat(t *testing.T) {
	for name, config := range map[string]Config{
		"one worker": {Workers: 1}, "two workers": {Workers: 2}, "no segmentation": {NoGSO: true},
		"plain sockets": {Workers: 2, PlainSockets: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, config)
			from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 2})
			to.session.Place(1, Placement{From: from.session, Source: Camera, Video: true, Width: 640, Height: 360})
			for i := range uint16(20) {
				from.send(rtctest.Opus(100+i, fmt.Sprintf("sound %d", i)))
				from.send(rtctest.VP8(30000+i, i == 3, fmt.Sprintf("picture %d", i)))
			}
			audio, video := to.answer.audio[1], to.answer.video[1]
			to.wait("all packets", func() bool { return len(to.rtp[audio]) == 20 && len(to.rtp[video]) == 17 })
			for i, p := range to.received(audio) {
				if want := fmt.Sprintf("sound %d", i); string(p.Payload) != want || p.PayloadType != rtctest.PTOpus {
					t.Errorf("sound packet %d: %q", i, p.Payload)
				}
			}
			if ago := time.Since(to.session.LastSent()); ago > time.Minute {
				t.Errorf("sent last %v ago", ago)
			}
			if last := from.session.LastSent(); !last.IsZero() {
				t.Errorf("nothing was sent to who has no seats, but at %v", last)
			}
			pictures := to.received(video)
			for i, p := range pictures {
				if want := fmt.Sprintf("picture %d", i+3); string(p.Payload[len(p.Payload)-len(want):]) != want {
					t.Errorf("picture packet %d: %q", i, p.Payload)
				}
				if i > 0 && (p.SequenceNumber != pictures[i-1].SequenceNumber+1 || p.Timestamp != pictures[i-1].Timestamp+3000) {
					t.Errorf("picture packet %d does not follow the one before: %v", i, p.Header)
				}
			}
			to.events.wait(t, "layer event", func() bool { return len(to.events.layers) == 1 })
			if got, want := to.events.layers[0], (layerEvent{1, "", 640, 360, LayerStarted}); got != want {
				t.Errorf("layer event %+v, want %+v", got, want)
			}
		})
	}
}
