package forward

import (
	"net"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

// TestConsentIsPerAddress: a subscriber whose selected address fell silent
// is sent nothing, however much is heard from another of its addresses, until
// the selected one is heard again.
func TestConsentIsPerAddress(t *testing.T) {
	const consentFor = 15 * time.Second
	r := newRig(t, 1, options{})
	to := r.to[0]
	selected := to.path.Selected()
	conn := rtctest.Stranger(t, r.w.sock.LocalAddr())
	r.by(to).Prove(t, conn)
	addr := udp.AddrFrom(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	other := r.w.loop.path.Find(&addr)
	sent := func() uint64 {
		before := r.w.count.forwarded.Load()
		r.frame(1, 100, true)
		r.turn(1)
		return r.w.count.forwarded.Load() - before
	}
	hear := func(f *path.Flow, ago media.Instant) { f.Touch(r.group.clock.now() - ago) }
	for _, tc := range []struct {
		name            string
		selected, other media.Instant // heard so long ago
		want            uint64
	}{
		{"heard lately", 0, 0, 1},
		{"as silent as may be", media.Instant(consentFor) - 5e9, 0, 1},
		{"silent for too long", media.Instant(consentFor) + 1, 0, 0},
		{"heard again", 0, media.Instant(consentFor) * 2, 1},
	} {
		hear(selected, tc.selected)
		hear(other, tc.other)
		to.touch(r.group.clock.now())
		drops := r.w.count.drops[dropNotConnected].Load()
		if got := sent(); got != tc.want {
			t.Errorf("%s: %d packets forwarded, want %d", tc.name, got, tc.want)
		}
		if got := r.w.count.drops[dropNotConnected].Load() - drops; (got == 0) != (tc.want == 1) {
			t.Errorf("%s: %d drops", tc.name, got)
		}
	}
}
