package httpd

import (
	"net/netip"
	"sync"
	"time"
)

// maxSources bounds the addresses whose pace is remembered at once.
const maxSources = 50_000

// source is the address that limits count: IPv6 networks hand a /64 to one
// customer, so that counts as one.
func source(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64) // can not fail for IPv6
		return p.Addr()
	}
	return a
}

// tally counts what each address has at once.
type tally struct {
	limit    int  // negative: none
	loopback bool // loopback counts too

	mu    sync.Mutex // guards count
	count map[netip.Addr]int
}

func newTally(limit int, loopback bool) *tally {
	return &tally{limit: limit, loopback: loopback, count: map[netip.Addr]int{}}
}

func (t *tally) exempt(a netip.Addr) bool {
	return t.limit < 0 || !a.IsValid() || a.Unmap().IsLoopback() && !t.loopback
}

// add counts one more for a and reports whether that is within the limit. It
// counts in any case: every add needs a give.
func (t *tally) add(a netip.Addr) (within bool) {
	if t.exempt(a) {
		return true
	}
	a = source(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count[a]++
	return t.count[a] <= t.limit
}

// give takes back an add.
func (t *tally) give(a netip.Addr) {
	if t.exempt(a) {
		return
	}
	a = source(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count[a]--; t.count[a] <= 0 {
		delete(t.count, a)
	}
}

// pace allows each address so many events per minute, half of them at once
// (token bucket).
type pace struct {
	perMinute int // negative: any
	loopback  bool

	mu      sync.Mutex // guards all below
	buckets map[netip.Addr]bucket
	sweep   time.Time // when full buckets are forgotten next
}

// bucket is full again at fullAt, and was full before it was first used.
type bucket struct{ fullAt time.Time }

func newPace(perMinute int, loopback bool) *pace {
	return &pace{perMinute: perMinute, loopback: loopback, buckets: map[netip.Addr]bucket{}}
}

// allow counts one event of a at now. If it is one too many it returns how
// long to wait.
func (p *pace) allow(a netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	if p.perMinute < 0 || !a.IsValid() || a.Unmap().IsLoopback() && !p.loopback {
		return 0, true
	}
	a = source(a)
	each := time.Minute / time.Duration(p.perMinute)
	depth := each * time.Duration(max(p.perMinute/2, 1))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(now)
	b, known := p.buckets[a]
	if !known && len(p.buckets) >= maxSources {
		return time.Minute, false
	}
	if b.fullAt.Before(now) {
		b.fullAt = now
	}
	if next := b.fullAt.Add(each); next.Sub(now) <= depth {
		b.fullAt = next
		p.buckets[a] = b
		return 0, true
	}
	return b.fullAt.Add(each).Sub(now) - depth, false
}

// forgetLocked drops full buckets, at most every 10 s.
func (p *pace) forgetLocked(now time.Time) {
	if now.Before(p.sweep) {
		return
	}
	p.sweep = now.Add(10 * time.Second)
	for a, b := range p.buckets {
		if b.fullAt.Before(now) {
			delete(p.buckets, a)
		}
	}
}
