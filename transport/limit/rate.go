package limit

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// MaxSources is how many sources a Rate remembers, about 5 MB of them.
const MaxSources = 16_384

// Rate bounds how often each source may do something.
type Rate struct {
	limit  rate.Limit
	atOnce int
	fill   time.Duration // from empty to full

	mu    sync.Mutex // guards all below
	known map[netip.Prefix]*list.Element
	order list.List // of *bucket, the latest used first
}

// bucket is what is left for a source.
type bucket struct {
	source netip.Prefix
	tokens *rate.Limiter
	used   time.Time
}

// NewRate allows each source perMinute events a minute on average, and atOnce of
// them in one moment. No limit is made of a number below 1.
func NewRate(perMinute, atOnce int) *Rate {
	r := &Rate{known: map[netip.Prefix]*list.Element{}}
	if perMinute < 1 || atOnce < 1 {
		return r
	}
	r.limit, r.atOnce = rate.Limit(float64(perMinute)/60), atOnce
	r.fill = time.Duration(float64(atOnce) / float64(r.limit) * float64(time.Second))
	return r
}

// Allow counts one event of addr at now. One that is too many is not counted,
// and Allow returns how long to wait.
func (r *Rate) Allow(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	source := Source(addr)
	if r.limit == 0 || !source.IsValid() {
		return 0, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetLocked(now)
	take := r.bucketLocked(source, now).tokens.ReserveN(now, 1)
	if wait = take.DelayFrom(now); wait > 0 {
		take.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// Wait returns how long addr would have to wait, 0 when Allow would let it. It
// counts nothing.
func (r *Rate) Wait(addr netip.Addr, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, known := r.known[Source(addr)]
	if !known {
		return 0
	}
	missing := 1 - at.Value.(*bucket).tokens.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(r.limit) * float64(time.Second))
}

// bucketLocked finds source's bucket, or makes one in place of that which was
// unused for longest.
func (r *Rate) bucketLocked(source netip.Prefix, now time.Time) *bucket {
	if at, known := r.known[source]; known {
		r.order.MoveToFront(at)
		b := at.Value.(*bucket)
		b.used = now
		return b
	}
	if len(r.known) >= MaxSources {
		r.dropLocked(r.order.Back())
	}
	b := &bucket{source: source, tokens: rate.NewLimiter(r.limit, r.atOnce), used: now}
	r.known[source] = r.order.PushFront(b)
	return b
}

// forgetLocked drops the buckets that are full again: those at the end of the
// order, as far as they were unused long enough. Each costs once.
func (r *Rate) forgetLocked(now time.Time) {
	for at := r.order.Back(); at != nil && now.Sub(at.Value.(*bucket).used) >= r.fill; at = r.order.Back() {
		r.dropLocked(at)
	}
}

func (r *Rate) dropLocked(at *list.Element) {
	delete(r.known, at.Value.(*bucket).source)
	r.order.Remove(at)
}
