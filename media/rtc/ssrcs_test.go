package rtc

import (
	"testing"
	"time"

	"parley/media"
)

// TestSpentKeysEndTheSession: a peer that has used all the SSRCs that its keys
// may protect is told so, and comes back with other keys.
func TestSpentKeysEndTheSession(t *testing.T) {
	r := newRig(t, 0, Config{})
	s := r.from
	opener := s.keys.Load().opener
	packet := func(ssrc uint32) []byte {
		pkt := append([]byte{0x80, ptVP8, 0, 1, 0, 0, 0, 0, byte(ssrc >> 24), byte(ssrc >> 16), byte(ssrc >> 8), byte(ssrc)}, make([]byte, 100)...)
		n, err := r.sealer.SealRTP(&r.sc, pkt, 12, make([]byte, 20), 1)
		if err != nil {
			t.Fatal(err)
		}
		return pkt[:n]
	}
	at := r.server.clock.now().Add(-3 * time.Hour)
	var err error
	for ssrc := uint32(1); err == nil; ssrc++ {
		pkt := packet(ssrc)
		var h media.Header
		if err = media.ParseHeader(pkt, &h); err == nil {
			_, _, err = opener.OpenRTP(pkt, &h, at)
		}
		at = at.Add(2 * media.SSRCIdle)
	}
	if err != media.ErrSSRCsSpent {
		t.Fatal(err)
	}
	if _, err := r.client.Write(packet(1 << 30)); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	r.server.runJob(<-r.server.jobs)
	if r.w.count.drops[dropSSRCs].Load() != 1 || s.running() {
		t.Errorf("the session runs on; drops %v", r.server.Figures().Drops)
	}
	if e := <-r.server.events.queue; e.kind != eventFailed || e.err != ErrSSRCsSpent {
		t.Errorf("the engine is told %+v", e)
	}
}
