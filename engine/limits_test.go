package engine

import (
	"strings"
	"testing"

	"parley/engine/wire"
)

// TestLimitedRequestIsAnsweredByItsID: however large a request is, its client
// is told which one was too much.
func TestLimitedRequestIsAnsweredByItsID(t *testing.T) {
	run(t, Options{Limits: Limits{MessageRate: 0.1, MessageBurst: 2}}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		ada.ok(&wire.Ping{})
		offer := joinReq("", "", 2)
		for _, size := range []int{100, 2000, 200 << 10} {
			req := &wire.Offer{Offer: strings.Repeat("v=0\r\n", size/5), Sources: offer.Sources, Seats: offer.Seats}
			if e := ada.refused(req, wire.CodeRateLimited); e.RetryAfterMS == 0 {
				t.Errorf("%d bytes: no word on when", size)
			}
		}
	})
}
