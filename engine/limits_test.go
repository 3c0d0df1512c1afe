package engine

import (
	"net/netip"
	"strings"
	"testing"
	"time"

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

// TestOffersHaveARate: who makes offers as fast as messages are taken makes the
// media side answer few of them, however large they are and over however many
// connections, and can go on afterwards.
func TestOffersHaveARate(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.7")
	for _, c := range []struct {
		name   string
		limits Limits
		size   int
		most   int // of offers answered within 10 s, the join's included
	}{
		{"small", Limits{OfferRate: 1, OfferBurst: 5}, 20 << 10, 5 + 10},
		{"255 KiB", Limits{OfferRate: 1, OfferBurst: 5}, 255 << 10, 2 + 2},
		{"per address", Limits{OfferRate: -1, AddressOfferRate: 1, AddressOfferBurst: 5}, 20 << 10, 5 + 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, Options{Limits: c.limits}, func(w *world) {
				ada := w.connectFrom(addr)
				ada.ok(joinReq("tea", "Ada", 2))
				first := joinReq("", "", 2)
				offer := &wire.Offer{Offer: strings.Repeat("v=0\r\n", c.size/7), Sources: first.Sources, Seats: first.Seats}
				answered, refused := 1, 0
				for range 10 * 20 {
					id := ada.send(offer)
					w.advance(50 * time.Millisecond)
					answered += len(events[*wire.Answer](ada))
					for _, e := range events[*wire.Error](ada) {
						refused++
						if e.ID != id || e.Code != wire.CodeRateLimited || e.RetryAfterMS < 1 {
							t.Fatalf("%+v", e)
						}
					}
				}
				if answered < c.most-1 || answered > c.most || answered+refused != 1+200 {
					t.Errorf("%d offers answered, %d refused, want %d answered", answered, refused, c.most)
				}
				limited := w.engine.Figures().Limited
				if n := limited["offers"] + limited["address_offers"]; n != uint64(refused) {
					t.Errorf("counted %v, refused %d", limited, refused)
				}
				if closed, _ := ada.conn.end(); closed {
					t.Error("closed")
				}
				ada.ok(&wire.Hand{Raised: true})
				w.advance(10 * time.Second)
				ada.ok(offer)
			})
		})
	}
}

// TestJoinBeyondTheOfferRateMayTryAgain: the connection is as before.
func TestJoinBeyondTheOfferRateMayTryAgain(t *testing.T) {
	run(t, Options{Limits: Limits{OfferRate: 1, OfferBurst: 1}}, func(w *world) {
		ada := w.connect()
		w.media.refuse = refuse(wire.CodeBadSDP, "twin")
		ada.refused(joinReq("tea", "Ada", 2), wire.CodeBadSDP)
		e := ada.refused(joinReq("tea", "Ada", 2), wire.CodeRateLimited)
		w.advance(time.Duration(e.RetryAfterMS) * time.Millisecond)
		ada.ok(joinReq("tea", "Ada", 2))
		bob := w.connect()
		bob.ok(&wire.Join{Room: "tea", Name: "Bob"}) // no offer, no limit
	})
}

// TestOurPageNeverMeetsTheOfferRate: a join, all seats at once, a network that
// breaks, and a join anew, one after the other as fast as answers come.
func TestOurPageNeverMeetsTheOfferRate(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.connectFrom(netip.MustParseAddr("192.0.2.7"))
		ada.ok(joinReq("tea", "Ada", 4))
		for seats := 4; seats <= 64; seats *= 2 {
			req := joinReq("", "", seats)
			ada.ok(&wire.Offer{Offer: strings.Repeat("v", 1<<10*seats), Sources: req.Sources, Seats: req.Seats})
		}
		again := joinReq("", "", 64)
		for range 5 {
			ada.ok(&wire.Offer{Offer: strings.Repeat("v", 64<<10), Sources: again.Sources, Seats: again.Seats})
			w.advance(5 * time.Second)
		}
	})
}
