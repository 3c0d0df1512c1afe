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

// sourceOf is what limits count as one address: a /64 of IPv6, which is what
// one customer gets. Without a valid address it is invalid: no limit.
func sourceOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	p, _ := addr.Prefix(min(addr.BitLen(), 64)) // fails for the zero Addr only
	return p
}

// sourceName is how a source is called, empty for none.
func sourceName(addr netip.Addr) string {
	if p := sourceOf(addr); p.IsValid() {
		return p.String()
	}
	return ""
}

// addressLimiter limits something per remote address, see sourceOf. It is safe from any goroutine.
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

// allow takes one for addr. If that is too much it returns how long to wait.
func (l *addressLimiter) allow(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	return l.allowN(addr, now, 1)
}

// allowN takes n, or none.
func (l *addressLimiter) allowN(addr netip.Addr, now time.Time, n int) (wait time.Duration, ok bool) {
	key := sourceOf(addr)
	if !key.IsValid() || l.limit <= 0 {
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
	wait = takeN(r.limiter, now, n)
	return wait, wait <= 0
}

// has reports whether n could be taken. It takes nothing.
func (l *addressLimiter) has(addr netip.Addr, now time.Time, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.seen[sourceOf(addr)]
	return r == nil || r.limiter.TokensAt(now) >= float64(n)
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
