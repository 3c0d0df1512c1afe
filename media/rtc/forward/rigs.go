package forward

import (
	"net/netip"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/udp"
)

// What follows is for the rigs of packages that stand on this one. The server itself
// has no use for it.

// Assume takes an address as that of a remote's peer, which is connected under keys
// for as long as until, without asking anybody. No worker may run yet.
func (c *Control) Assume(addr netip.AddrPort, keys *path.Keys, until media.Instant) {
	w := c.group.workers()[0]
	c.keys.Store(keys)
	c.owner.Store(w)
	w.loop.path.Assume(&c.path, udp.AddrFrom(addr), nil, until)
}

// Idle reports whether the workers have done all that they were told, and wait.
func (g *Group) Idle() bool {
	for _, w := range g.workers() {
		if len(w.commands) > 0 {
			return false
		}
	}
	g.quiesce()
	for _, w := range g.workers() { // what they had in hand may have led to more
		if len(w.commands) > 0 {
			return false
		}
	}
	return true
}

// Flows is how many proven addresses the workers hold. None may run any more.
func (g *Group) Flows() (n int) {
	for _, w := range g.workers() {
		n += w.loop.path.Known()
	}
	return n
}

// State is what is held of a remote.
type State struct {
	// Keys are what is sealed with, nil before there are any.
	Keys *path.Keys
	// Owner is the worker that handles its packets, by index, -1 for none.
	Owner int
	// Sources are the mids of what it may send.
	Sources map[string]string
	// Seats are the halves of its seats.
	Seats [][2]HalfState
	// Tracks, Streams, SSRCsIn and SSRCsOut are how many are held.
	Tracks, Streams, SSRCsIn, SSRCsOut int
}

// HalfState is a half of a seat, sound first; zero if it is not there.
type HalfState struct {
	MID  string
	SSRC media.SSRC
}

// State returns what is held of a remote.
func (c *Control) State() State {
	s := State{Keys: c.keys.Load(), Owner: -1, Sources: make(map[string]string)}
	for i, w := range c.group.workers() {
		if c.owner.Load() == w {
			s.Owner = i
		}
	}
	in, out := c.incoming.Load(), c.outgoing.Load()
	for _, t := range in.tracks {
		s.Sources[t.source] = t.mid
	}
	for _, seat := range out.seats {
		var halves [2]HalfState
		for i, st := range []*stream{seat.audio, seat.video} {
			if st != nil {
				halves[i] = HalfState{st.mid, st.ssrc}
			}
		}
		s.Seats = append(s.Seats, halves)
	}
	s.Tracks, s.SSRCsIn = len(in.byMID), len(in.bySSRC)
	s.Streams, s.SSRCsOut = len(out.streams), len(out.bySSRC)
	return s
}
