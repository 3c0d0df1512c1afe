package forward

import "parley/media"

// bucket bounds what a session does.
type bucket struct{ media.Bucket }

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
	return b.TakeN(n, now, requestsPerSecond, requestBurst)
}

// What a peer may report on, in packets: several times what a session is sent.
const (
	reportedPerSecond = 40_000
	reportedBurst     = 8192
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
	b.Refill(now, inboundPerSecond, inboundBurst)
	return b.Tokens <= 0
}
