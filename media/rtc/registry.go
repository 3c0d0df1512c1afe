package rtc

import (
	"crypto/rand"
	"sync"
)

// credentials are one generation of a session's ICE user name fragments and
// passwords. They are immutable; an ICE restart makes new ones.
type credentials struct {
	session    *Session
	ufrag, pwd string // ours
	// remoteUfrag and remotePwd are the peer's, for checks of ours.
	remoteUfrag, remotePwd string
	generation             int
}

// registry finds the session that a binding request is for by our own user
// name fragment. Workers read it once per request.
type registry struct {
	// mu guards byUfrag.
	mu      sync.RWMutex
	byUfrag map[string]*credentials
}

func (r *registry) init() { r.byUfrag = make(map[string]*credentials) }

// find returns the credentials for ufrag, nil if there are none.
func (r *registry) find(ufrag []byte) *credentials {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byUfrag[string(ufrag)]
}

// add makes credentials with a fresh fragment and password: 48 and 192 bits.
func (r *registry) add(s *Session, remoteUfrag, remotePwd string, generation int) *credentials {
	c := &credentials{
		session: s, pwd: randomText(32), remoteUfrag: remoteUfrag, remotePwd: remotePwd, generation: generation,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for c.ufrag == "" || r.byUfrag[c.ufrag] != nil {
		c.ufrag = randomText(8)
	}
	r.byUfrag[c.ufrag] = c
	return c
}

func (r *registry) remove(c *credentials) {
	if c == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byUfrag, c.ufrag)
}

// iceAlphabet are 64 of the ice-chars of RFC 8839 §5.1, so each random byte
// gives six bits without bias.
const iceAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = iceAlphabet[b[i]&63]
	}
	return string(b)
}
