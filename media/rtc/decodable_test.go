package rtc

import (
	"testing"

	"github.com/pion/rtp"
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
			picture: func(seq uint16) *rtp.Packet { return vp8(seq, true, "picture") },
			decodes: [2]bool{false, true},
		},
		"the profile is not contained": {
			from:    peerOptions{only: map[string]string{"cam": "H264"}, h264: "42001f"},
			to:      peerOptions{h264: "42e01f"},
			picture: func(seq uint16) *rtp.Packet { return h264(seq, true, "picture") },
		},
		"the profile is contained": {
			from:    peerOptions{only: map[string]string{"cam": "H264"}, h264: "42e01f"},
			to:      peerOptions{h264: "64001f"},
			picture: func(seq uint16) *rtp.Packet { return h264(seq, true, "picture") },
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
				from.send(opus(i, "sound"))
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

// TestPanicOnTheWayToAViewer breaks a viewer from within: sending to it panics. Its
// session ends, the publisher's and the other viewers' go on.
func TestPanicOnTheWayToAViewer(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from, viewer, broken := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1}), join(t, s, peerOptions{seats: 1})
	for _, st := range broken.session.outgoing.Load().seats[0].streams() {
		formats := st.shape.Load().formats
		for i := range formats {
			formats[i].header = nil
		}
	}
	for _, to := range []*peer{broken, viewer} {
		to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	}
	from.send(vp8(1, true, "boom"))
	broken.events.wait(t, "failure", func() bool { return len(broken.events.failed) == 1 })
	broken.session.Close()
	wantPicture(t, from, viewer, 0)
	if len(from.events.failed) != 0 {
		t.Errorf("the publisher failed with %v", from.events.failed)
	}
}
