package rtc

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/udp"
)

// iceLite is a session's side of ICE-lite (RFC 8445 §2.5): it never sends checks,
// it answers them and follows the peer's nominations.
//
// Credentials live in generations. An ICE restart adds one; the one before
// stays valid until a flow is nominated under the new one (RFC 8445 §9.3.2:
// media goes on over the old pair until the new one is ready).
type iceLite struct {
	// selected is where packets go, nil before the first nomination.
	selected atomic.Pointer[flow]

	// mu guards what follows. It is taken once per binding request.
	mu       sync.Mutex
	current  *credentials
	previous *credentials
	flows    []*flow
	closed   bool
}

// staleAfter is how long the selected flow may be silent until a nomination
// of a pair of lower priority is followed at once.
const staleAfter = time.Second

// prove records that addr at w answered for c with the peer's credentials and
// returns its flow; nil if the session has as many as it may. evicted is a
// flow that made room and must be taken out of its worker's table.
func (i *iceLite) prove(c *credentials, w *worker, addr *udp.Addr, now media.Instant) (f, evicted *flow) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, nil
	}
	for _, f := range i.flows {
		if f.worker == w && f.addr.Equal(addr) {
			f.generation = max(f.generation, c.generation)
			f.touch(now)
			return f, nil
		}
	}
	if len(i.flows) >= maxFlows {
		if evicted = i.evictLocked(now); evicted == nil {
			return nil, nil
		}
	}
	f = &flow{session: c.session, worker: w, addr: *addr, generation: c.generation}
	f.touch(now)
	i.flows = append(i.flows, f)
	return f, evicted
}

// evictAfter is how long a flow must be silent to lose its place.
const evictAfter = 10 * time.Second

// evictLocked takes out the flow that was silent longest.
func (i *iceLite) evictLocked(now media.Instant) *flow {
	oldest := -1
	for n, f := range i.flows {
		if f == i.selected.Load() || now.Sub(f.lastSeen()) < evictAfter {
			continue
		}
		if oldest < 0 || f.lastSeen() < i.flows[oldest].lastSeen() {
			oldest = n
		}
	}
	if oldest < 0 {
		return nil
	}
	f := i.flows[oldest]
	i.flows = slices.Delete(i.flows, oldest, oldest+1)
	return f
}

// nominate handles USE-CANDIDATE on f. It reports whether f is now selected
// and was not before, and the credentials that are no longer valid.
//
// Peers differ in how they nominate a lite side. Some nominate every pair and
// expect the highest priority to win (the aggressive nomination of RFC 5245),
// some nominate one and later another when their network changes. So a pair
// of higher priority, of a newer generation, or in place of a silent one is
// followed at once; one of lower priority on its second nomination in a row.
func (i *iceLite) nominate(f *flow, priority uint64, now media.Instant) (changed bool, expired *credentials) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false, nil
	}
	for _, other := range i.flows {
		if other != f {
			other.nominations = 0
		}
	}
	f.nominations++
	f.priority = priority
	old := i.selected.Load()
	if old == f {
		return false, i.expireLocked(f)
	}
	follow := old == nil || f.generation > old.generation ||
		f.generation == old.generation && (priority >= old.priority ||
			f.nominations >= 2 || now.Sub(old.lastSeen()) > staleAfter)
	if !follow {
		return false, nil
	}
	i.selected.Store(f)
	return true, i.expireLocked(f)
}

// expireLocked gives up the previous generation once f, nominated, belongs to
// the current one.
func (i *iceLite) expireLocked(f *flow) *credentials {
	if i.previous == nil || f.generation < i.current.generation {
		return nil
	}
	c := i.previous
	i.previous = nil
	return c
}

// restart makes c the current credentials and returns what they replace two
// generations back.
func (i *iceLite) restart(c *credentials) (expired *credentials) {
	i.mu.Lock()
	defer i.mu.Unlock()
	expired = i.previous
	i.previous, i.current = i.current, c
	return expired
}

// restarting reports whether a restart waits for its first nomination.
func (i *iceLite) restarting() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.previous != nil
}

// close ends the session's ICE: credentials and flows are handed back to be
// taken out of the tables, and none are added any more.
func (i *iceLite) close() (creds [2]*credentials, flows []*flow) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	creds = [2]*credentials{i.current, i.previous}
	flows, i.flows = i.flows, nil
	i.selected.Store(nil)
	return creds, flows
}
