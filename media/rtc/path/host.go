package path

import (
	"crypto/rand"
	"time"

	"parley/media"
)

// Host is what all peers of a server share: who we are, and which credentials
// are whose.
type Host struct {
	now      func() media.Instant
	patience time.Duration
	cert     *certificate
	ufrags   registry

	tieBreaker [8]byte // of our checks (RFC 8445 §16.1); never compared, for we are lite
}

// NewHost makes a host with a certificate of its own. now is its clock; patience
// is how long a peer may take from the first proof of an address until it is
// connected.
func NewHost(now func() media.Instant, patience time.Duration) (*Host, error) {
	cert, err := newCertificate()
	if err != nil {
		return nil, err
	}
	h := &Host{now: now, patience: patience, cert: cert, ufrags: registry{byUfrag: make(map[string]*Credentials)}}
	_, _ = rand.Read(h.tieBreaker[:]) // never fails (crypto/rand)
	return h, nil
}

// Fingerprint is the certificate's, as it stands in answers.
func (h *Host) Fingerprint() media.Fingerprint { return h.cert.sdp() }
