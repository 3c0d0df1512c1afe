package engine

import (
	"time"

	"golang.org/x/time/rate"

	"parley/engine/wire"
)

// An offer is the most that a client can make the server work by one message:
// one of 250 KiB costs 10 ms, half of it in the SDP. So offers have a rate of
// their own, in which each 64 KiB count as one. Our page makes one to join, one
// at each doubling of its seats (three at most, eight in this count), and one in 5 s
// while its network is broken.
//
// It is counted here, before the participant, so that who takes its session up
// again on one connection after the other, or comes with many participants,
// meets the limit of its address, which is in bytes.

const tooManyOffers = "too many offers"

func newOfferLimiter(l Limits) *rate.Limiter {
	if l.OfferRate < 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(l.OfferRate, l.OfferBurst)
}

// takeUnread counts a message that can only be an offer, for its size, before
// it is parsed.
func (s *Signal) takeUnread(size int, now time.Time) (wait time.Duration) {
	if size <= wire.MaxSmallMessage {
		return 0
	}
	return s.takeOffer(size, now)
}

// takeRead counts what takeUnread could not tell from its size.
func (s *Signal) takeRead(size int, req wire.Request, l limit, now time.Time) (wait time.Duration) {
	if size > wire.MaxSmallMessage || l&limitOffers == 0 {
		return 0
	}
	if join, joins := req.(*wire.Join); joins && join.Offer == "" {
		return 0 // without media
	}
	return s.takeOffer(size, now)
}

// takeOffer returns how long to wait, 0 if it need not.
func (s *Signal) takeOffer(size int, now time.Time) (wait time.Duration) {
	if s.offers == nil {
		s.offers = newOfferLimiter(s.env.limits)
	}
	take := s.offers.ReserveN(now, min(1+size/wire.MaxSmallMessage, s.offers.Burst()))
	if wait = take.DelayFrom(now); wait > 0 {
		take.CancelAt(now)
		s.env.meters.limited.add("offers")
		return wait
	}
	wait, ok := s.env.offers.AllowN(s.info.Addr, now, size)
	if !ok {
		take.CancelAt(now)
		s.env.meters.limited.add("address_offers")
	}
	return wait
}
