package rtc

import (
	"sync/atomic"
	"time"

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

// consentFor is how long packets are sent to a flow from which nothing
// authentic came: consent to receive (RFC 7675), of which the lite side sees
// no more than that the peer still checks. It is three times the slowest pace
// of browsers: every 5 s ± 20 %, Chromium 2.5 s.
const consentFor = 15 * time.Second

// route is where packets to s go now: the selected flow, as long as it
// consents. Other flows of the session keep it alive but do not consent for
// this one, or a participant could nominate somebody else's address and have
// a meeting sent there.
func (w *worker) route(s *Session) *flow {
	f := s.ice.selected.Load()
	if f == nil || w.loop.now.Sub(f.lastSeen()) > consentFor {
		return nil
	}
	return f
}

func (f *flow) touch(now media.Instant) { f.seen.Store(int64(now)) }

func (f *flow) lastSeen() media.Instant { return media.Instant(f.seen.Load()) }
