package path

import (
	"parley/media"
	"parley/media/udp"
)

// What follows is for the rigs of packages that stand on this one, which measure
// and test what comes after a path is there. The server itself has no use for it.

// Assume takes an address as proven by p and selects it, without asking anybody,
// and without a handshake to come. It consents until some time.
func (l *Loop) Assume(p *Peer, addr udp.Addr, via *Link, until media.Instant) *Flow {
	f := &Flow{peer: p, loop: l, Addr: addr, Link: via}
	f.Touch(until)
	p.ice.selected.Store(f)
	p.handshake.over = true
	l.flows.Put(&f.Addr, f)
	return f
}

// State is what is held of a peer.
type State struct {
	Flows, Prospects int
	// Shaking: a handshake is under way; Keyed: one is over.
	Shaking, Keyed bool
	// LastFlight is how many bytes are kept to be sent again.
	LastFlight int
}

// State returns what is held of a peer.
func (p *Peer) State() (s State) {
	p.ice.mu.Lock()
	s.Flows, s.Prospects = len(p.ice.flows), len(p.ice.prospects)
	p.ice.mu.Unlock()
	h := &p.handshake
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Shaking, s.Keyed = h.attempt != nil, h.over
	if f := h.finale.Load(); f != nil {
		s.LastFlight = len(f.datagram)
	}
	return s
}

// Known is how many flows are proven at the loop's socket.
func (l *Loop) Known() int { return l.flows.Len() }

// Registered is how many credentials may be used.
func (h *Host) Registered() int {
	h.ufrags.mu.RLock()
	defer h.ufrags.mu.RUnlock()
	return len(h.ufrags.byUfrag)
}
