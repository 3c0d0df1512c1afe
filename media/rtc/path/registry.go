package path

import (
	"crypto/rand"
	"sync"
)

// Credentials are one generation of a session's ICE user name fragments and
// passwords. They are immutable; an ICE restart makes new ones.
type Credentials struct {
	peer       *Peer
	Ufrag, Pwd string // ours
	// RemoteUfrag and RemotePwd are the peer's, for checks of ours.
	RemoteUfrag, RemotePwd string
	generation             int
}

// registry finds the session that a binding request is for by our own user
// name fragment. Workers read it once per request.
type registry struct {
	// mu guards byUfrag.
	mu      sync.RWMutex
	byUfrag map[string]*Credentials
}

// find returns the credentials for ufrag, nil if there are none.
func (r *registry) find(ufrag []byte) *Credentials {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byUfrag[string(ufrag)]
}

// add makes credentials with a fresh fragment and password: 48 and 192 bits.
func (r *registry) add(p *Peer, remoteUfrag, remotePwd string, generation int) *Credentials {
	c := &Credentials{
		peer: p, Pwd: randomText(32), RemoteUfrag: remoteUfrag, RemotePwd: remotePwd, generation: generation,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for c.Ufrag == "" || r.byUfrag[c.Ufrag] != nil {
		c.Ufrag = randomText(8)
	}
	r.byUfrag[c.Ufrag] = c
	return c
}

func (r *registry) remove(c *Credentials) {
	if c == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byUfrag, c.Ufrag)
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
