package path

import (
	"bytes"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/udp"
)

// iceLite is a session's side of ICE-lite (RFC 8445 §2.5): it answers checks and
// follows the peer's nominations. Beyond what lite asks for, it makes sure of
// every address by a check of its own before packets go there (RFC 8445
// §19.5.1).
//
// Credentials live in generations. An ICE restart adds one; the one before
// stays valid until a flow is nominated under the new one (RFC 8445 §9.3.2:
// media goes on over the old pair until the new one is ready).
type iceLite struct {
	// selected is where packets go, nil before the first nomination.
	selected atomic.Pointer[Flow]

	// mu guards what follows. It is taken once per STUN message.
	mu        sync.Mutex
	current   *Credentials
	previous  *Credentials
	flows     []*Flow // proven
	prospects []*Flow // the others, oldest first
	requests  requestLog
	answered  media.Bucket // requests that may be answered
	closed    bool
}

// staleAfter is how long the selected flow may be silent until a nomination
// of a pair of lower priority is followed at once, and media from another.
const staleAfter = time.Second

// ask takes a binding request with the right user names and integrity. It
// returns the flow it came from, nil with a reason if it is to be ignored, and
// whether it was fresh: one seen before may be answered again, and changes
// nothing. evicted is a prospect that made room and must be forgotten.
func (i *iceLite) ask(c *Credentials, l *Loop, addr *udp.Addr, via *Link, id []byte, now media.Instant) (f *Flow, fresh bool, evicted *Flow, why Drop) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, false, nil, DropUnknownUfrag
	}
	f = i.findLocked(l, addr)
	seen := i.requests.look(id, addr)
	switch {
	case seen == requestElsewhere, seen == requestRepeated && f == nil:
		return nil, false, nil, DropReplayedCheck
	case !i.answered.Take(now, checksPerSecond, checkBurst):
		return nil, false, nil, DropFlood
	case seen == requestRepeated:
		return f, false, nil, DropNone
	}
	if f == nil {
		f = &Flow{peer: c.peer, loop: l, Addr: *addr, Link: via}
		_, _ = rand.Read(f.cookie[:]) // never fails (crypto/rand)
		if len(i.prospects) >= maxProspects {
			evicted = i.prospects[0]
			i.prospects = slices.Delete(i.prospects, 0, 1)
		}
		i.prospects = append(i.prospects, f)
	}
	f.asked = now
	return f, true, evicted, DropNone
}

// findLocked returns the flow at an address, proven or not, nil for none.
func (i *iceLite) findLocked(l *Loop, addr *udp.Addr) *Flow {
	here := func(f *Flow) bool { return f.loop == l && f.Addr.Equal(addr) }
	if n := slices.IndexFunc(i.flows, here); n >= 0 {
		return i.flows[n]
	}
	if n := slices.IndexFunc(i.prospects, here); n >= 0 {
		return i.prospects[n]
	}
	return nil
}

// has reports whether f is one of the session's flows.
func (i *iceLite) has(f *Flow) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Contains(i.flows, f) || slices.Contains(i.prospects, f)
}

// cookieVerdict says what a ClientHello's cookie is worth.
type cookieVerdict uint8

const (
	cookieUnknown cookieVerdict = iota
	cookieGiven                 // of one of the session's addresses
	cookieProven                // and both that and where the ClientHello came from are proven
)

// judge looks at the cookie of a ClientHello that came from a flow. The peer may
// have changed flows since it got it. That of an address which is not proven
// says nothing: whoever captured a request may have got it there.
func (i *iceLite) judge(cookie []byte, from *Flow) cookieVerdict {
	i.mu.Lock()
	defer i.mu.Unlock()
	has := func(f *Flow) bool { return bytes.Equal(f.cookie[:], cookie) }
	switch known := slices.ContainsFunc(i.flows, has); {
	case known && from.proven:
		return cookieProven
	case known, slices.ContainsFunc(i.prospects, has):
		return cookieGiven
	}
	return cookieUnknown
}

// proof is what the answer to a check brought about.
type proof struct {
	// ok is false if the session has as many addresses as it may, or f was
	// forgotten meanwhile.
	ok bool
	// changed: f is selected and was not before.
	changed bool
	// evicted is a flow that made room, expired the credentials that are no
	// longer valid; both are nil as a rule.
	evicted *Flow
	expired *Credentials
}

// prove records that f's address answered ch.
func (i *iceLite) prove(f *Flow, ch *check, now media.Instant) (p proof) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return p
	}
	if !f.proven {
		n := slices.Index(i.prospects, f)
		if n < 0 {
			return p
		}
		if len(i.flows) >= maxFlows {
			if p.evicted = i.evictLocked(now); p.evicted == nil {
				return p
			}
		}
		i.prospects = slices.Delete(i.prospects, n, n+1)
		i.flows = append(i.flows, f)
		f.proven = true
	}
	p.ok = true
	f.generation = max(f.generation, ch.creds.generation)
	f.Touch(now)
	if ch.nominate {
		p.changed, p.expired = i.nominateLocked(f, ch.priority, now)
	}
	return p
}

// evictAfter is how long a flow must be silent to lose its place.
const evictAfter = 10 * time.Second

// evictLocked takes out the flow that was silent longest.
func (i *iceLite) evictLocked(now media.Instant) *Flow {
	oldest := -1
	for n, f := range i.flows {
		if f == i.selected.Load() || now.Sub(f.LastSeen()) < evictAfter {
			continue
		}
		if oldest < 0 || f.LastSeen() < i.flows[oldest].LastSeen() {
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

// nominateLocked follows USE-CANDIDATE on f, which is proven. It reports
// whether f is now selected and was not before, and the credentials that are
// no longer valid.
//
// Peers differ in how they nominate a lite side. Some nominate every pair and
// expect the highest priority to win (the aggressive nomination of RFC 5245),
// some nominate one and later another when their network changes. So a pair
// of higher priority, of a newer generation, or in place of a silent one is
// followed at once; one of lower priority on its second nomination in a row.
func (i *iceLite) nominateLocked(f *Flow, priority uint64, now media.Instant) (changed bool, expired *Credentials) {
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
			f.nominations >= 2 || now.Sub(old.LastSeen()) > staleAfter)
	if !follow {
		return false, nil
	}
	i.selected.Store(f)
	return true, i.expireLocked(f)
}

// follow selects f, which media comes from while the selected flow is silent: a
// NAT gave the peer another address. For the peer the pair is the one that it
// nominated, so it does not nominate again.
func (i *iceLite) follow(f *Flow, now media.Instant) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	old := i.selected.Load()
	if i.closed || !f.proven || old == nil || old == f || f.generation < old.generation || now.Sub(old.LastSeen()) <= staleAfter {
		return false
	}
	f.priority = old.priority
	i.selected.Store(f)
	return true
}

// expireLocked gives up the previous generation once f, nominated, belongs to
// the current one.
func (i *iceLite) expireLocked(f *Flow) *Credentials {
	if i.previous == nil || f.generation < i.current.generation {
		return nil
	}
	c := i.previous
	i.previous = nil
	return c
}

// restart makes c the current credentials and returns what they replace two
// generations back.
func (i *iceLite) restart(c *Credentials) (expired *Credentials) {
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
func (i *iceLite) close() (creds [2]*Credentials, flows []*Flow) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	creds = [2]*Credentials{i.current, i.previous}
	flows = append(i.flows, i.prospects...)
	i.flows, i.prospects = nil, nil
	i.selected.Store(nil)
	return creds, flows
}
