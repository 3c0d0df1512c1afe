package rtc

import (
	"testing"

	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// TestPictureThatASeatCanNotDecode: the seat stays silent, the sound goes on,
// and nobody's session suffers. Nor is the publisher asked for key frames that
// could not be shown.
func TestPictureThatASeatCanNotDecode(t *testing.T) {
	for name, tc := range map[string]struct {
		from, to peerOptions
		picture  func(seq uint16) *rtp.Packet
		decodes  [2]bool // by seat
	}{
		"another seat takes the codec": {
			to:      peerOptions{only: map[string]string{"v0": "H264"}},
			picture: func(seq uint16) *rtp.Packet { return rtctest.VP8(seq, true, "picture") },
			decodes: [2]bool{false, true},
		},
		"the profile is not contained": {
			from:    peerOptions{only: map[string]string{"cam": "H264"}, h264: "42001f"},
			to:      peerOptions{h264: "42e01f"},
			picture: func(seq uint16) *rtp.Packet { return rtctest.H264(seq, true, "picture") },
		},
		"the profile is contained": {
			from:    peerOptions{only: map[string]string{"cam": "H264"}, h264: "42e01f"},
			to:      peerOptions{h264: "64001f"},
			picture: func(seq uint16) *rtp.Packet { return rtctest.H264(seq, true, "picture") },
			decodes: [2]bool{true, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			tc.to.seats = 2
			from, to := join(t, s, tc.from), join(t, s, tc.to)
			for seat, want := range tc.decodes {
				if got := to.session.CanDecode(seat, from.session, Camera); got != want {
					t.Errorf("seat %d decodes: %v, want %v", seat, got, want)
				}
				if !to.session.CanDecode(seat, from.session, Microphone) {
					t.Errorf("seat %d does not decode sound", seat)
				}
				to.session.Place(seat, Placement{From: from.session, Source: Camera, Video: true})
			}
			const n = 20
			for i := range uint16(n) {
				from.send(tc.picture(i))
				from.send(rtctest.Opus(i, "sound"))
			}
			refused := uint64(0)
			for seat, want := range tc.decodes {
				audio, video := to.answer.audio[seat], to.answer.video[seat]
				to.wait("sound", func() bool { return len(to.rtp[audio]) == n })
				if want {
					to.wait("pictures", func() bool { return len(to.rtp[video]) > 0 })
				} else {
					refused += n
				}
			}
			waitDrops(t, s, dropUndecodable, refused)
			f := s.Figures()
			if f.Drops[dropPanic.String()] != 0 || len(from.events.failed)+len(to.events.failed) != 0 {
				t.Errorf("drops %v, failures %v and %v", f.Drops, from.events.failed, to.events.failed)
			}
		})
	}
}
