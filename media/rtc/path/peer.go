package path

import "parley/media"

// Owner is the session that a Peer is the path of. It is told what happens by
// workers and by handshakes; none of its methods may wait.
type Owner interface {
	// Running reports whether the session goes on.
	Running() bool
	// Heard notes that something came that only the peer can have made.
	Heard(now media.Instant)
	// Selected: packets go by another flow now, one of by's, or by the same one
	// again after an ICE restart; restarted says so.
	Selected(by Worker, restarted bool)
	// Keyed: there are keys, or others in the place of former ones.
	Keyed(k *Keys)
	// Failed: the handshake came to nothing for good.
	Failed(err error)
	// Go runs f on a goroutine of its own. What panics there costs the session.
	Go(f func())
}

// Peer is the way to the other side of one session: who proved to be there, at
// which addresses, and the keys that were agreed upon with it.
type Peer struct {
	host      *Host
	owner     Owner
	ice       iceLite
	handshake handshake
}

// Init makes a peer of which nothing is known yet.
func (p *Peer) Init(h *Host, o Owner) {
	p.host, p.owner = h, o
	p.handshake.peer = p
}

// Owner is whose peer it is.
func (p *Peer) Owner() Owner { return p.owner }

// Identify says by which certificates the peer is known, and who says ClientHello.
// Only the first call counts: it comes before the peer can prove an address.
func (p *Peer) Identify(fingerprints []media.Fingerprint, client bool) {
	if h := &p.handshake; h.fingerprints == nil {
		h.fingerprints, h.client = fingerprints, client
	}
}

// Credentials are those of the present generation, nil before the first.
func (p *Peer) Credentials() *Credentials {
	p.ice.mu.Lock()
	defer p.ice.mu.Unlock()
	return p.ice.current
}

// Draw makes the credentials of another generation, for a peer that has these.
// Binding requests may use them at once; Restart or Withdraw has to follow.
func (p *Peer) Draw(remoteUfrag, remotePwd string) *Credentials {
	generation := 0
	if c := p.Credentials(); c != nil {
		generation = c.generation + 1
	}
	return p.host.ufrags.add(p, remoteUfrag, remotePwd, generation)
}

// Withdraw forgets credentials that were drawn in vain.
func (p *Peer) Withdraw(c *Credentials) { p.host.ufrags.remove(c) }

// Restart makes credentials the present ones. Those before stay valid until a
// flow is nominated under these.
func (p *Peer) Restart(c *Credentials) { p.host.ufrags.remove(p.ice.restart(c)) }

// Selected is where packets go, nil before the first nomination.
func (p *Peer) Selected() *Flow { return p.ice.selected.Load() }

// Route is where packets may go now: the selected flow, as long as it consents.
// Other flows of the peer keep it alive but do not consent for this one, or a
// participant could nominate somebody else's address and have a meeting sent
// there.
func (p *Peer) Route(now media.Instant) *Flow {
	f := p.ice.selected.Load()
	if f == nil || !f.consents(now) {
		return nil
	}
	return f
}

// Authentic notes that a packet that came by f opened: only the peer has the keys.
func (p *Peer) Authentic(f *Flow, now media.Instant) {
	f.Touch(now)
	p.handshake.peerProven()
	if selected := p.ice.selected.Load(); selected != f && selected != nil && now.Sub(selected.LastSeen()) > staleAfter {
		if p.ice.follow(f, now) {
			p.owner.Selected(f.loop.worker, false)
		}
	}
}

// Overdue returns why the peer is not connected long after there was an address,
// nil as long as there is time.
func (p *Peer) Overdue(now media.Instant) error { return p.handshake.overdue(now) }

// Close ends a handshake under way and has all addresses and credentials
// forgotten.
func (p *Peer) Close() {
	p.handshake.close()
	creds, flows := p.ice.close()
	for _, c := range creds {
		p.host.ufrags.remove(c)
	}
	for _, f := range flows {
		f.loop.worker.Forget(f)
	}
}
