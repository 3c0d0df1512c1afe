package forward

import (
	"net"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
)

// TestGreeting: a viewer whose address changed missed more than repairs reach. When
// its session, which is told, greets it, key frames are asked for what sits in its
// seats.
func TestGreeting(t *testing.T) {
	r := newRig(t, 1, options{})
	r.frame(1, 100, true)
	r.turn(1)
	gate := &r.from.track(media.Camera).layers[0].gate
	gate.arrived()
	viewer := r.to[0]
	viewer.path.Selected().Touch(r.group.clock.now().Add(-time.Hour))
	r.by(viewer).Prove(t, rtctest.Stranger(t, r.w.sock.LocalAddr()), rtctest.Nominate)
	if viewer.selected != 1 {
		t.Fatalf("told %d times of another address", viewer.selected)
	}
	before := gate.newest
	viewer.control().Greet()
	r.idle()
	if gate.newest == before && !gate.wanted {
		t.Error("no key frame is asked for")
	}
}

// TestMediaFromAnotherAddress: a peer whose NAT gave it another address does not
// nominate again. It is followed when media comes from where it has proven to be
// and the selected address is silent, not before.
func TestMediaFromAnotherAddress(t *testing.T) {
	r := newRig(t, 1, options{})
	from, moved := r.from, rtctest.Stranger(t, r.w.sock.LocalAddr())
	r.by(from).Prove(t, moved)
	send := func() *path.Flow {
		r.client, moved = moved, r.client
		r.frame(1, 100, true)
		r.turn(1)
		r.client, moved = moved, r.client
		return from.path.Selected()
	}
	before := from.path.Selected()
	before.Touch(r.group.clock.now())
	if got := send(); got != before {
		t.Fatal("followed while the selected address is heard")
	}
	before.Touch(r.group.clock.now().Add(-2 * time.Second))
	if got := send(); got == before || int(got.Addr.AddrPort().Port()) != moved.LocalAddr().(*net.UDPAddr).Port {
		t.Error("not followed")
	}
}
