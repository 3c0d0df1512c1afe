package rtc

import (
	"sync/atomic"

	"parley/media"
	"parley/media/udp"
)

// flow is one remote address, as seen from one local address, that proved by
// a binding request with the right integrity that it belongs to a session.
// Only from flows are DTLS and SRTP taken, and only to the selected flow of a
// session is anything sent but answers to binding requests.
type flow struct {
	session *Session
	worker  *worker // whose socket its datagrams arrive at
	addr    udp.Addr
	// priority is the pair's (RFC 8445 §6.1.2.3); the highest nominated wins.
	priority uint64
	// seen is when the last authentic packet came in.
	seen atomic.Int64
	// generation is that of the credentials it last proved itself with.
	generation int
	// nominations counts those in a row, see ice.nominate.
	nominations int
}

func (f *flow) touch(now media.Instant) { f.seen.Store(int64(now)) }

func (f *flow) lastSeen() media.Instant { return media.Instant(f.seen.Load()) }
