package wsconn

import (
	"net/netip"
	"sync"
)

// budget shares out the memory for messages that are not complete. A message
// that comes whole never gets here.
//
//	0              Input-InputReserve       Input
//	├──────────────────────┼──────────────────┤
//	│ messages of any size │ small ones only  │    all sources
//	├──────────┤
//	  InputShare                                   each source
//
// When one of these is full the newcomer stays, unless it is alone: whoever
// holds most of it goes. Those who only fill the memory hold more than those
// who are about to say something, and so nobody can shut others out.
type budget struct {
	whole, share, bulk int64 // bounds: of all, of a source, of large messages

	mu      sync.Mutex // guards all below, and whom Conn.evicted is set for
	total   int64
	large   int64 // of total: what is held for large messages
	sources map[netip.Prefix]*holdings
}

// holdings is what one source holds.
type holdings struct {
	total, large int64
	conns        map[*Conn]int64
}

// smallHeld is the most memory that a message of 64 KiB, the largest but for
// those with an SDP, grows into.
const smallHeld = 96 << 10

func largePart(held int64) int64 {
	if held > smallHeld {
		return held
	}
	return 0
}

func newBudget(l Limits) *budget {
	return &budget{
		whole: l.Input, share: l.InputShare, bulk: l.Input - l.InputReserve,
		sources: make(map[netip.Prefix]*holdings),
	}
}

// sourceOf is what limits count as one address: a /64 of IPv6, which is what
// one customer gets. The zero Prefix stands for all that are exempt.
func sourceOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	p, _ := a.Prefix(min(a.BitLen(), 64)) // fails for the zero Addr only
	return p
}

// noCause is why nobody has to go.
const noCause = causePeer

// hold says that c now holds so much. It returns noCause if it may, else why
// it has to go. Others that have to go are woken. On c's loop.
func (b *budget) hold(c *Conn, held int64) cause {
	gone, why := b.settle(c, held)
	for _, other := range gone {
		if other != c {
			other.fd.Wake()
		}
	}
	return why
}

// settle notes what c holds, and takes from whoever holds most until all fits.
func (b *budget) settle(c *Conn, held int64) (gone []*Conn, why cause) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if held == 0 {
		c.evicted.Store(uint32(noCause)) // it has made room by itself
	} else if why := cause(c.evicted.Load()); why != noCause {
		return nil, why
	}
	key := sourceOf(c.source)
	if !b.noteLocked(key, c, held) {
		return nil, noCause
	}
	for {
		full, crowded := b.crowdedLocked(key)
		if !crowded {
			return gone, cause(c.evicted.Load())
		}
		victim := b.sources[full.source].largest(c, full.large)
		b.noteLocked(full.source, victim, 0)
		victim.evicted.Store(uint32(full.why))
		gone = append(gone, victim)
	}
}

// crowd is a source that has to give something back.
type crowd struct {
	source netip.Prefix
	large  bool // of its large messages
	why    cause
}

// crowdedLocked tells who has to give something back now that the source of
// key has grown.
func (b *budget) crowdedLocked(key netip.Prefix) (c crowd, crowded bool) {
	h := b.sources[key]
	switch {
	case key.IsValid() && h != nil && h.total > b.share:
		return crowd{key, false, causeShare}, true
	case b.total > b.whole:
		return crowd{b.mostLocked(func(h *holdings) int64 { return h.total }), false, causeNoMemory}, true
	case b.large > b.bulk:
		return crowd{b.mostLocked(func(h *holdings) int64 { return h.large }), true, causeNoMemory}, true
	}
	return crowd{}, false
}

// mostLocked returns the source that has most. It looks at all of them, which
// only happens when the memory is full, and each time ends a connection.
func (b *budget) mostLocked(of func(*holdings) int64) (most netip.Prefix) {
	top := int64(-1)
	for key, h := range b.sources {
		if n := of(h); n > top {
			most, top = key, n
		}
	}
	return most
}

// noteLocked notes what c holds and reports whether that is more than before.
func (b *budget) noteLocked(key netip.Prefix, c *Conn, held int64) (grew bool) {
	h := b.sources[key]
	if h == nil {
		if held == 0 {
			return false
		}
		h = &holdings{conns: make(map[*Conn]int64)}
		b.sources[key] = h
	}
	before := h.conns[c]
	more, large := held-before, largePart(held)-largePart(before)
	h.total, h.large = h.total+more, h.large+large
	b.total, b.large = b.total+more, b.large+large
	if held > 0 {
		h.conns[c] = held
		return more > 0
	}
	if delete(h.conns, c); len(h.conns) == 0 {
		delete(b.sources, key)
	}
	return false
}

// largest returns the connection that holds most, or most of those with a large
// message. newest is spared unless it is the only one.
func (h *holdings) largest(newest *Conn, large bool) *Conn {
	victim, most := newest, int64(0)
	if large {
		most = smallHeld
	}
	for c, held := range h.conns {
		if c != newest && held > most {
			victim, most = c, held
		}
	}
	return victim
}

// held returns what all hold.
func (b *budget) held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total
}
