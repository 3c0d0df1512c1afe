package rtc

import (
	"time"

	"parley/media"
)

// bucket bounds a rate: it holds tokens, which are taken by what is bounded
// and come back with time. It reads no clock: within a batch it costs a
// comparison and a subtraction.
type bucket struct {
	at     media.Instant // up to when tokens have come back, 0: never used
	tokens int
}

// refill adds the tokens that came back until now, up to burst.
func (b *bucket) refill(now media.Instant, perSecond, burst int) {
	if b.at == now {
		return
	}
	if b.at == 0 {
		b.at, b.tokens = now, max(b.tokens, burst)
		return
	}
	gap := now.Sub(b.at)
	if gap > refillMost {
		b.at, gap = now.Add(-refillMost), refillMost
	}
	back := int(gap * time.Duration(perSecond) / time.Second)
	if back <= 0 {
		return
	}
	// Only the time of whole tokens is used up: batches come so close that
	// rounding would eat a good part of the rate.
	b.at = b.at.Add(time.Duration(back) * time.Second / time.Duration(perSecond))
	if b.tokens < burst {
		b.tokens = min(b.tokens+back, burst)
	}
}

// refillMost is the longest time that is looked back at; every burst here comes
// back sooner. It keeps the product of time and rate within its bounds.
const refillMost = time.Minute

// take takes a token, if there is one.
func (b *bucket) take(now media.Instant, perSecond, burst int) bool {
	return b.takeN(1, now, perSecond, burst)
}

// takeN takes n tokens, if there are as many.
func (b *bucket) takeN(n int, now media.Instant, perSecond, burst int) bool {
	b.refill(now, perSecond, burst)
	if n > b.tokens {
		return false
	}
	b.tokens -= n
	return true
}

// What a peer may ask for, so that it can not fill the queues of workers: a
// token is a packet to be sent again.
const (
	requestsPerSecond = 4000
	requestBurst      = 1024
	keyframeCost      = 32
)

// ask reports whether a request for n packets is within what a peer may ask
// for.
func (b *bucket) ask(n int, now media.Instant) bool {
	return b.takeN(n, now, requestsPerSecond, requestBurst)
}

// What a peer may report on, in packets: several times what a session is sent.
const (
	reportedPerSecond = 40_000
	reportedBurst     = 8192
)

// How many of a session's binding requests are answered: a browser with many
// addresses makes some 50 a second while it connects. What anybody could send
// again from elsewhere is dropped before it counts.
const (
	checksPerSecond = 100
	checkBurst      = 200
)

// What a peer may send: all four sources at their best are some 3,000 packets
// a second. A peer that sends more than ten times that means harm, and each of
// its packets would cost a copy to everyone who has it in a seat.
const (
	inboundPerSecond = 20_000
	inboundBurst     = 10_000
)

// flooding reports whether a peer has sent as much as it may. Only what proves
// to be the peer's counts (see authentic), or others could use it up.
func (b *bucket) flooding(now media.Instant) bool {
	b.refill(now, inboundPerSecond, inboundBurst)
	return b.tokens <= 0
}
