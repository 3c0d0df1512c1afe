package engine

import (
	"fmt"
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
		{"per address", Limits{OfferRate: -1, AddressOfferRate: 20 << 10, AddressOfferBurst: 100 << 10}, 20 << 10, 6 + 10},
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
		const perSeat = 6400 // bytes, with all that a browser knows
		ada := w.connectFrom(netip.MustParseAddr("192.0.2.7"))
		ada.ok(joinReq("tea", "Ada", 4))
		for seats := 5; seats < 2*wire.MaxSeats; seats *= 2 {
			req := joinReq("", "", min(seats, wire.MaxSeats))
			ada.ok(&wire.Offer{Offer: strings.Repeat("v", len(req.Seats)*perSeat), Sources: req.Sources, Seats: req.Seats})
		}
		again := joinReq("", "", wire.MaxSeats)
		for range 5 {
			ada.ok(&wire.Offer{Offer: strings.Repeat("v", wire.MaxSeats*perSeat), Sources: again.Sources, Seats: again.Seats})
			w.advance(5 * time.Second)
		}
	})
}

// TestChatBeyondAQuotaIsRefused: whoever stores too much is told, nothing is
// said, and it is no fault of the disk.
func TestChatBeyondAQuotaIsRefused(t *testing.T) {
	for _, c := range []struct {
		err  error
		name string
	}{{ErrRoomFull, "room_chat"}, {ErrSourceFull, "address_chat"}} {
		run(t, Options{}, func(w *world) {
			ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
			w.records.setFail(c.err)
			ada.refused(&wire.Chat{Key: "1", Text: "too much"}, wire.CodeChatFull)
			ada.ok(&wire.Chat{Key: "2", Text: "privately", To: bob.id()})
			w.records.setFail(nil)
			ada.ok(&wire.Chat{Key: "3", Text: "later"})
			for _, said := range events[*wire.Chatted](bob) {
				if said.Message.Key == "1" {
					t.Error("said all the same")
				}
			}
			if f := w.engine.Figures(); f.Limited[c.name] != 1 || f.Unrecorded != 0 {
				t.Errorf("%v, %d unrecorded", f.Limited, f.Unrecorded)
			}
		})
	}
}

// TestChatOfAnAddressADay: one address can not fill the disk by going from room
// to room. What others write, and what is refused, costs it nothing.
func TestChatOfAnAddressADay(t *testing.T) {
	run(t, Options{Limits: Limits{AddressChatBytes: 10_000, ChatBurst: 100}}, func(w *world) {
		text := &wire.Chat{Text: strings.Repeat("x", 1000)}
		say := func(c *client, n int) wire.Message {
			text.Key = fmt.Sprint(n)
			return c.call(text)
		}
		taken := 0
		var last *client
		for room := range 5 {
			last = w.open(greedy, fmt.Sprint("room", room), "X")
			for i := range 4 {
				if _, ok := say(last, i).(*wire.OK); ok {
					taken++
				}
			}
		}
		if taken != 8 {
			t.Errorf("%d texts of 1,200 bytes were stored", taken)
		}
		last.refused(text, wire.CodeChatFull)
		if n := w.engine.Figures().Limited["address_chat_day"]; n != 13 {
			t.Errorf("counted %d", n)
		}
		exempt, other := w.open(netip.Addr{}, "room0", "Ada"), w.open(honest, "room0", "Bob")
		for i := range 20 {
			exempt.w.advance(time.Second)
			exempt.ok(&wire.Chat{Key: fmt.Sprint("e", i), Text: text.Text})
		}
		other.ok(&wire.Chat{Key: "o", Text: "hello"})
		w.advance(4 * time.Hour) // a sixth of it
		last.ok(&wire.Chat{Key: "later", Text: "hello"})
	})
}
