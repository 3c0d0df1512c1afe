package path

import (
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/udp"
)

// Flow is one remote address, as seen from one local address, that a session's
// peer seems to be at:
//
//	binding request ──▶ prospect ──our check answered──▶ proven ──▶ selected
//
// Whoever captured a binding request can send it from anywhere, so a request
// makes no more than a prospect. Only proven flows are taken DTLS and SRTP
// from, and only to the selected one is anything sent but what STUN asks for.
type Flow struct {
	peer *Peer
	loop *Loop // of the worker whose socket its datagrams arrive at
	// Addr does not change.
	Addr udp.Addr
	// Link is what it is reached by, nil for the socket. It does not change.
	Link *Link
	// seen is when something last came that only the peer can make: the answer
	// to a check of ours, or an authentic packet. 0 for a prospect.
	seen atomic.Int64

	// check is our own binding request; the worker's.
	check check
	// cookie is what a ClientHello from here must have; retryAt, the worker's, is
	// when it may be sent next.
	cookie  [dtlsgate.CookieLen]byte
	retryAt media.Instant

	// The session's ice.mu guards the rest.

	// asked is when the last fresh binding request came.
	asked media.Instant
	// priority is the pair's (RFC 8445 §6.1.2.3); the highest nominated wins.
	priority uint64
	// generation is that of the credentials it last proved itself with.
	generation int
	// nominations counts those in a row, see ice.nominateLocked.
	nominations int
	proven      bool
}

// check is a binding request of ours (RFC 8445 §7.2) and what its answer sets
// in motion. It is sent at each request of the peer's, before our response,
// under the same id until it is answered: the id can not be guessed, so only
// who receives at the address can answer. The zero check is none.
type check struct {
	id    [stun.TransactionIDSize]byte
	creds *Credentials // whose password has to be in the answer; nil: none is under way
	// nominate: some request since had USE-CANDIDATE; priority is the newest's.
	nominate bool
	priority uint64
}

// consentFor is how long packets are sent to a flow from which nothing
// authentic came: consent to receive (RFC 7675). The lite side asks when the
// peer asks, so it is three times the slowest pace of browsers: every 5 s ±
// 20 %, Chromium 2.5 s.
const consentFor = 15 * time.Second

// consents reports whether packets may be sent to f.
func (f *Flow) consents(now media.Instant) bool { return now.Sub(f.LastSeen()) <= consentFor }

// Peer is whose flow it is.
func (f *Flow) Peer() *Peer { return f.peer }

// Local is the index of the local address that packets to the flow leave from.
func (f *Flow) Local() int { return f.loop.local }

// Touch notes that something came that only the peer can have made.
func (f *Flow) Touch(now media.Instant) { f.seen.Store(int64(now)) }

// LastSeen is when that was last, 0 for a prospect.
func (f *Flow) LastSeen() media.Instant { return media.Instant(f.seen.Load()) }
