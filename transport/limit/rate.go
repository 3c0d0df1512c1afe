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

// PerMinute allows each source n events a minute on average, all of which may
// come in one moment. Below 1 it is no limit.
func PerMinute(n int) *Rate { return NewRate(rate.Limit(float64(n)/60), n) }

// NewRate allows each source so many events a second on average, and atOnce of
// them in one moment. No limit is made of numbers that are not positive.
func NewRate(perSecond rate.Limit, atOnce int) *Rate {
	r := &Rate{known: map[netip.Prefix]*list.Element{}}
	if perSecond <= 0 || atOnce < 1 {
		return r
	}
	r.limit, r.atOnce = perSecond, atOnce
	r.fill = time.Duration(float64(atOnce) / float64(perSecond) * float64(time.Second))
	return r
}

// Allow counts one event of addr at now. One that is too many is not counted,
// and Allow returns how long to wait.
func (r *Rate) Allow(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	return r.AllowN(addr, now, 1)
}

// AllowN is Allow for n events, of which all count or none. More than may ever
// come at once are never allowed; the wait is then that for an empty bucket.
func (r *Rate) AllowN(addr netip.Addr, now time.Time, n int) (wait time.Duration, ok bool) {
	source := Source(addr)
	if r.limit == 0 || !source.IsValid() {
		return 0, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetLocked(now)
	take := r.bucketLocked(source, now).tokens.ReserveN(now, n)
	if !take.OK() {
		return r.fill, false
	}
	if wait = take.DelayFrom(now); wait > 0 {
		take.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// Wait returns how long addr would have to wait, 0 when Allow would let it. It
// counts nothing.
func (r *Rate) Wait(addr netip.Addr, now time.Time) time.Duration { return r.WaitN(addr, now, 1) }

// WaitN is Wait for n events.
func (r *Rate) WaitN(addr netip.Addr, now time.Time, n int) time.Duration {
	source := Source(addr)
	if r.limit == 0 || !source.IsValid() {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	there := float64(r.atOnce)
	if at, known := r.known[source]; known {
		there = at.Value.(*bucket).tokens.TokensAt(now)
	}
	missing := float64(n) - there
	switch {
	case missing <= 0:
		return 0
	case n > r.atOnce:
		return r.fill
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
