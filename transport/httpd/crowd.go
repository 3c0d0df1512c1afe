package httpd

import (
	"container/heap"
	"container/list"
	"net"
	"net/netip"
	"sync"

	"parley/transport/limit"
)

// crowd holds the connections that are no WebSockets, so many of each source
// and so many in all. Who waits longest makes room: for another of its own
// source when that has its share, and when all is full the oldest of the source
// that has most. So half-read requests and connections kept for later shut nobody
// out.
type crowd struct {
	each, all int            // each below 1: as many as there are
	cut       func(net.Conn) // ends a connection, at once

	mu      sync.Mutex // guards all below
	guests  map[net.Conn]*guest
	sources map[netip.Prefix]*household
	largest households // a heap
}

// guest is one connection.
type guest struct {
	conn net.Conn
	of   *household
	at   *list.Element // in of.waiting or of.busy
	busy bool
}

// household is what one source has. Guests are in the order in which they began
// to wait, or to be busy.
type household struct {
	source        netip.Prefix // or the proxy's
	exempt        bool         // has no share of its own, and is the last to give way
	waiting, busy list.List    // of *guest: its request is not read, is answered
	place         int          // in the heap
}

func (h *household) size() int { return h.waiting.Len() + h.busy.Len() }

func newCrowd(each, all int, cut func(net.Conn)) *crowd {
	return &crowd{each: each, all: all, cut: cut, guests: map[net.Conn]*guest{}, sources: map[netip.Prefix]*household{}}
}

// enter lets conn in, if it may, and reports whether another one had to go for
// it. scarce says that descriptors are: then who waits makes room below the
// bounds, too.
func (c *crowd) enter(conn net.Conn, from netip.Addr, exempt, scarce bool) (in, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.householdLocked(from, exempt)
	switch {
	case c.each > 0 && !exempt && h.size() >= c.each:
		if cut = c.evictLocked(h, false); !cut {
			return false, false
		}
	case len(c.guests) >= c.all:
		cut = c.evictLocked(c.largest[0], true)
	case scarce:
		cut = c.shedLocked()
	}
	if h.size() == 0 && c.sources[h.source] != h {
		c.sources[h.source] = h
		heap.Push(&c.largest, h)
	}
	g := &guest{conn: conn, of: h}
	g.at = h.waiting.PushBack(g)
	c.guests[conn] = g
	heap.Fix(&c.largest, h.place)
	return true, cut
}

// shed ends one connection that waits, if there is one.
func (c *crowd) shed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shedLocked()
}

func (c *crowd) shedLocked() bool { return len(c.largest) > 0 && c.evictLocked(c.largest[0], false) }

// evictLocked ends who waits longest in h, if nobody does and busy ones may go
// the one that is busy longest. That happens under the lock, so that a
// connection which is just becoming a WebSocket is either still here, or gone from
// here before it is anything else (see leave).
func (c *crowd) evictLocked(h *household, busy bool) bool {
	oldest := h.waiting.Front()
	if oldest == nil && busy {
		oldest = h.busy.Front()
	}
	if oldest == nil {
		return false
	}
	g := oldest.Value.(*guest)
	c.removeLocked(g)
	c.cut(g.conn)
	return true
}

// work notes that conn's request is being answered, or that it waits for the
// next.
func (c *crowd) work(conn net.Conn, busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.guests[conn]
	if g == nil || g.busy == busy {
		return
	}
	from, to := &g.of.waiting, &g.of.busy
	if !busy {
		from, to = to, from
	}
	from.Remove(g.at)
	g.at, g.busy = to.PushBack(g), busy
}

// leave forgets conn.
func (c *crowd) leave(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.guests[conn]; g != nil {
		c.removeLocked(g)
	}
}

// householdLocked finds from's household, or makes one that nobody knows yet.
func (c *crowd) householdLocked(from netip.Addr, exempt bool) *household {
	source := limit.Source(from)
	if h := c.sources[source]; h != nil {
		return h
	}
	return &household{source: source, exempt: exempt}
}

func (c *crowd) removeLocked(g *guest) {
	h := g.of
	if g.busy {
		h.busy.Remove(g.at)
	} else {
		h.waiting.Remove(g.at)
	}
	delete(c.guests, g.conn)
	if h.size() > 0 {
		heap.Fix(&c.largest, h.place)
		return
	}
	heap.Remove(&c.largest, h.place)
	delete(c.sources, h.source)
}

// households is a heap: who has most comes first, the exempt last.
type households []*household

func (h households) Len() int { return len(h) }

func (h households) Less(i, j int) bool {
	if h[i].exempt != h[j].exempt {
		return h[j].exempt
	}
	return h[i].size() > h[j].size()
}

func (h households) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *households) Push(x any) {
	one := x.(*household)
	one.place = len(*h)
	*h = append(*h, one)
}

// Pop implements heap.Interface.
func (h *households) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return one
}
