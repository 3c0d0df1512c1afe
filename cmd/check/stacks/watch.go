package main

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

// repeats says when the relay repeats a check that is not answered.
type repeats string

const (
	atRequests repeats = "requests" // before each answer to the stack
	atDTLS     repeats = "dtls"     // at each DTLS datagram that has to wait, too
	byTimer    repeats = "timer"    // after 50 ms, 100 ms, … too
)

const firstRepeat, lastRepeat = 50 * time.Millisecond, 4 * time.Second

// watch sees what passes the relay. Where the server makes no checks of its
// own it plays that part of it: the same check for each address and ICE generation just
// before the server's answer, repeated at each answer until it is answered,
// and DTLS held until then.
type watch struct {
	policy    repeats
	toClient  func(netip.AddrPort, []byte) // of the relay
	dropFirst int                          // checks that each address loses
	proven    chan netip.AddrPort          // the first proven address

	mu          sync.Mutex // guards what follows
	generations []*credentials
	paths       map[netip.AddrPort]*path
	checks      []*check     // of all paths, as they began
	takeDTLS    func([]byte) // in place of the server, if not nil
	own         bool         // the server makes checks
	held        int          // DTLS datagrams that came before the proof
	dtls        dtlsFacts
	asked       time.Time // the stack's first binding request
	up, down    time.Time // first SRTP from the stack, and to it
}

// path is one address of the stack.
type path struct {
	requests map[[stun.TransactionIDSize]byte]*credentials // of the stack
	checks   map[*credentials]*check
	held     [][]byte
	dropped  int
	proven   bool
}

// maxHeld is how many DTLS datagrams wait for the proof: a ClientHello with
// its fragments.
const maxHeld = 4

func newWatch(policy repeats, dropFirst int) *watch {
	return &watch{policy: policy, dropFirst: dropFirst, proven: make(chan netip.AddrPort, 1), paths: make(map[netip.AddrPort]*path)}
}

// expect tells the credentials of an offer and its answer.
func (w *watch) expect(c *credentials) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.generations = append(w.generations, c)
}

// rebound forgets what was proven, for the server's side has new addresses.
func (w *watch) rebound() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths = make(map[netip.AddrPort]*path)
}

// takeFor hands the stack's DTLS to somebody else than the server.
func (w *watch) takeFor(take func([]byte)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.takeDTLS = take
}

// sentDTLS looks at what that somebody answers.
func (w *watch) sentDTLS(pkt []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dtls.look(pkt, false)
}

func (w *watch) pathLocked(client netip.AddrPort) *path {
	p := w.paths[client]
	if p == nil {
		p = &path{requests: make(map[[stun.TransactionIDSize]byte]*credentials), checks: make(map[*credentials]*check)}
		w.paths[client] = p
	}
	return p
}

// isDTLS and isMedia tell by the first byte (RFC 7983).
func isDTLS(pkt []byte) bool  { return len(pkt) > 0 && pkt[0] >= 20 && pkt[0] <= 63 }
func isMedia(pkt []byte) bool { return len(pkt) > 1 && pkt[0] >= 128 && pkt[0] <= 191 }

// isRTCP: RFC 5761 §4.
func isRTCP(pkt []byte) bool { return pkt[1] >= 192 && pkt[1] <= 223 }

// fromClient returns what goes to the server.
func (w *watch) fromClient(client netip.AddrPort, pkt []byte, now time.Time) [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pathLocked(client)
	m := parseSTUN(pkt)

	switch {
	case m != nil && m.Type == stun.BindingRequest:
		if w.asked.IsZero() {
			w.asked = now
		}
		p.requests[m.TransactionID] = w.generationLocked(m)
	case m != nil:
		return w.answeredLocked(client, p, m, pkt, now)
	case isDTLS(pkt):
		return w.dtlsLocked(client, p, pkt, now)
	case isMedia(pkt) && !isRTCP(pkt) && w.up.IsZero():
		w.up = now
	}
	return [][]byte{pkt}
}

// generationLocked finds that of a request by its USERNAME, "server:client".
func (w *watch) generationLocked(m *stun.Message) *credentials {
	name, err := m.Get(stun.AttrUsername)
	if err != nil {
		return nil
	}
	for _, c := range w.generations {
		if string(name) == c.serverUfrag+":"+c.clientUfrag {
			return c
		}
	}
	return nil
}

// answeredLocked takes the stack's response to a check.
func (w *watch) answeredLocked(client netip.AddrPort, p *path, m *stun.Message, pkt []byte, now time.Time) [][]byte {
	out := [][]byte{pkt}
	for cred, c := range p.checks {
		if c.id != m.TransactionID {
			continue
		}
		c.answer(m, cred, now)
		if c.injected {
			out = nil // the server knows nothing of it
		}
		if c.proves() && !p.proven {
			p.proven = true
			out = append(out, p.held...)
			p.held = nil
			select {
			case w.proven <- client:
			default:
			}
		}
	}
	return out
}

func (w *watch) dtlsLocked(client netip.AddrPort, p *path, pkt []byte, now time.Time) [][]byte {
	w.dtls.look(pkt, true)
	if w.takeDTLS != nil {
		w.takeDTLS(pkt)
		return nil
	}
	if p.proven {
		return [][]byte{pkt}
	}
	w.held++
	if w.own {
		return [][]byte{pkt} // the server holds it itself
	}
	if len(p.held) < maxHeld {
		p.held = append(p.held, slices.Clone(pkt))
	}
	for _, c := range p.checks {
		if w.policy != atRequests && c.answered.IsZero() && w.passLocked(p, c, now) {
			w.toClient(client, c.raw)
		}
	}
	return nil
}

// fromServer returns what goes to the stack.
func (w *watch) fromServer(client netip.AddrPort, pkt []byte, now time.Time) [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.takeDTLS != nil && isDTLS(pkt) {
		return nil // somebody else shakes hands with the stack
	}
	p := w.pathLocked(client)
	m := parseSTUN(pkt)
	switch {
	case m != nil && m.Type == stun.BindingRequest:
		w.own = true
		if !w.passLocked(p, w.registerLocked(p, m, pkt), now) {
			return nil
		}
	case m != nil && m.Type == stun.BindingSuccess && !w.own:
		return append(w.checkLocked(client, p, m, now), pkt)
	case isDTLS(pkt):
		w.dtls.look(pkt, false)
	case isMedia(pkt) && !isRTCP(pkt) && w.down.IsZero():
		w.down = now
	}
	return [][]byte{pkt}
}

// registerLocked finds or records a check of the server's own.
func (w *watch) registerLocked(p *path, m *stun.Message, pkt []byte) *check {
	name, _ := m.Get(stun.AttrUsername)
	theirs, _, _ := strings.Cut(string(name), ":")
	for _, cred := range w.generations {
		if cred.clientUfrag != theirs {
			continue
		}
		if c := p.checks[cred]; c == nil || c.id != m.TransactionID {
			p.checks[cred] = &check{id: m.TransactionID, raw: slices.Clone(pkt)}
			w.checks = append(w.checks, p.checks[cred])
		}
		return p.checks[cred]
	}
	return nil
}

// checkLocked makes the check that goes before the server's answer m, if one
// is due.
func (w *watch) checkLocked(client netip.AddrPort, p *path, m *stun.Message, now time.Time) [][]byte {
	cred := p.requests[m.TransactionID]
	if cred == nil {
		return nil
	}
	c := p.checks[cred]
	if c == nil {
		var err error
		if c, err = newCheck(cred); err != nil {
			return nil
		}
		p.checks[cred] = c
		w.checks = append(w.checks, c)
		if w.policy == byTimer {
			w.repeatLater(client, p, c, firstRepeat)
		}
	}
	if !c.answered.IsZero() || !w.passLocked(p, c, now) {
		return nil
	}
	return [][]byte{c.raw}
}

// repeatLater sends a check again after a while, and again after twice that,
// until it is answered.
func (w *watch) repeatLater(client netip.AddrPort, p *path, c *check, after time.Duration) {
	if after > lastRepeat {
		return
	}
	time.AfterFunc(after, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !c.answered.IsZero() {
			return
		}
		if w.passLocked(p, c, time.Now()) {
			w.toClient(client, c.raw)
		}
		w.repeatLater(client, p, c, 2*after)
	})
}

// passLocked counts one sending of a check and reports whether it arrives.
func (w *watch) passLocked(p *path, c *check, now time.Time) bool {
	if c == nil {
		return true // of another generation than any we know
	}
	c.sendings++
	if c.first.IsZero() {
		c.first = now
	}
	if p.dropped < w.dropFirst {
		p.dropped++
		return false
	}
	if c.answered.IsZero() {
		c.sent = now
	}
	return true
}
