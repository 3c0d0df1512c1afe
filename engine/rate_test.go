package engine

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// memRate is an AddressRate that forgets nobody.
type memRate struct {
	limit rate.Limit
	burst int

	mu   sync.Mutex // guards seen
	seen map[netip.Prefix]*rate.Limiter
}

func newMemRate(perSecond rate.Limit, atOnce int) AddressRate {
	if perSecond <= 0 || atOnce <= 0 {
		return anyRate{}
	}
	return &memRate{limit: perSecond, burst: atOnce, seen: map[netip.Prefix]*rate.Limiter{}}
}

func (r *memRate) of(addr netip.Addr) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	source := sourceOf(addr)
	if r.seen[source] == nil {
		r.seen[source] = rate.NewLimiter(r.limit, r.burst)
	}
	return r.seen[source]
}

func (r *memRate) AllowN(addr netip.Addr, now time.Time, n int) (time.Duration, bool) {
	if !addr.IsValid() {
		return 0, true
	}
	take := r.of(addr).ReserveN(now, n)
	wait := take.DelayFrom(now)
	if wait > 0 {
		take.CancelAt(now)
	}
	return wait, wait == 0
}

func (r *memRate) WaitN(addr netip.Addr, now time.Time, n int) time.Duration {
	if !addr.IsValid() {
		return 0
	}
	missing := float64(n) - r.of(addr).TokensAt(now)
	return time.Duration(max(0, missing) / float64(r.limit) * float64(time.Second))
}
