package actors

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Figure tells how the actors of one kind do. Totals include those that have
// ended.
type Figure struct {
	Kind string
	// Actors live now; Spawned is the total.
	Actors  int
	Spawned uint64
	// Depth is the messages waiting in all mailboxes, MaxDepth in the fullest,
	// Cap the bound of that one.
	Depth, MaxDepth, Cap int
	// Saturation is the mean share of time busy since the last call (at least a
	// second back), MaxSaturation that of the busiest actor: 0 … 1.
	Saturation, MaxSaturation float64
	// Busy is the total time spent working.
	Busy time.Duration
	// Handled counts messages, Fired timers.
	Handled, Fired uint64
	// Dropped: refused with ErrFull. Expired: gave up waiting. Dead: told to an
	// actor that has ended, or left in its mailbox. Coalesced: replaced by a
	// newer one. Blocked: had to wait.
	Dropped, Expired, Dead, Coalesced, Blocked uint64
	Panics, Restarts                           uint64
}

// Figures returns one Figure per kind ever spawned, ordered by kind. It visits
// every actor: fit for a scrape, not for a loop.
func (s *System) Figures() []Figure {
	s.mu.Lock()
	kinds := make([]*kind, 0, len(s.kinds))
	for _, k := range s.kinds {
		kinds = append(kinds, k)
	}
	s.mu.Unlock()
	slices.SortFunc(kinds, func(a, b *kind) int { return cmp.Compare(a.name, b.name) })
	s.sampling.Lock()
	defer s.sampling.Unlock()
	figures := make([]Figure, len(kinds))
	now := s.clock()
	for i, k := range kinds {
		figures[i] = k.figure(now)
	}
	return figures
}

// kind gathers what is counted about actors of one kind.
type kind struct {
	name                          string
	dead, panics, restarts, fired atomic.Uint64

	mu      sync.Mutex // guards the rest
	live    map[*cell]struct{}
	spawned uint64
	ended   counts
	busy    int64
}

// kindOf returns the kind of that name, a new one if need be.
func (s *System) kindOf(name string) *kind {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kinds[name]
	if k == nil {
		k = &kind{name: name, live: make(map[*cell]struct{})}
		s.kinds[name] = k
	}
	return k
}

func (k *kind) enter(c *cell) {
	c.meter.windowAt = c.sys.clock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.live[c] = struct{}{}
	k.spawned++
}

// leave takes over the totals of an actor that ends with left messages.
func (k *kind) leave(c *cell, left int) {
	k.dead.Add(uint64(left))
	_, totals := c.lane.snapshot()
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.live, c)
	k.ended.add(totals)
	k.busy += c.meter.busy(0)
}

func (k *kind) figure(now int64) Figure {
	f := Figure{
		Kind: k.name, Fired: k.fired.Load(),
		Dead: k.dead.Load(), Panics: k.panics.Load(), Restarts: k.restarts.Load(),
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	totals, busy := k.ended, k.busy
	for c := range k.live {
		depth, counted := c.lane.snapshot()
		totals.add(counted)
		f.Depth += depth
		if depth >= f.MaxDepth {
			f.MaxDepth, f.Cap = depth, c.lane.bound
		}
		busy += c.meter.busy(now)
		share := c.meter.sample(now)
		f.Saturation += share
		f.MaxSaturation = max(f.MaxSaturation, share)
	}
	f.Actors, f.Spawned = len(k.live), k.spawned
	if f.Actors > 0 {
		f.Saturation /= float64(f.Actors)
	}
	f.Busy = time.Duration(busy)
	f.Handled, f.Dropped, f.Expired = totals.handled, totals.dropped, totals.expired
	f.Coalesced, f.Blocked = totals.coalesced, totals.blocked
	return f
}
