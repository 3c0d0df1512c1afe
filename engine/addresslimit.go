package engine

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxAddresses bounds the addresses remembered. Beyond it the one that joined
// longest ago is forgotten, which can only make the limit milder.
const maxAddresses = 4096

// addressLimiter limits joins per remote address; IPv6 addresses count by /64.
// It is safe from any goroutine.
type addressLimiter struct {
	limit rate.Limit
	burst int

	mu   sync.Mutex // guards seen
	seen map[netip.Prefix]*addressRate
}

type addressRate struct {
	limiter *rate.Limiter
	last    time.Time
}

func newAddressLimiter(limit rate.Limit, burst int) *addressLimiter {
	return &addressLimiter{limit: limit, burst: burst, seen: make(map[netip.Prefix]*addressRate)}
}

// allow takes one join of addr. If that is too much it returns how long to
// wait. Without a valid address there is no limit.
func (l *addressLimiter) allow(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	if !addr.IsValid() || l.limit <= 0 {
		return 0, true
	}
	addr = addr.Unmap()
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	key, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.seen[key]
	if r == nil {
		l.makeRoomLocked()
		r = &addressRate{limiter: rate.NewLimiter(l.limit, l.burst)}
		l.seen[key] = r
	}
	r.last = now
	take := r.limiter.ReserveN(now, 1)
	if wait = take.DelayFrom(now); wait > 0 {
		take.CancelAt(now)
		return wait, false
	}
	return 0, true
}

func (l *addressLimiter) makeRoomLocked() {
	if len(l.seen) < maxAddresses {
		return
	}
	var oldest netip.Prefix
	var at time.Time
	for k, r := range l.seen {
		if at.IsZero() || r.last.Before(at) {
			oldest, at = k, r.last
		}
	}
	delete(l.seen, oldest)
}
