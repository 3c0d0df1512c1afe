package dtlsgate

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"

	"parley/media"
)

// shakeAsClient is shake with the gate on the other side: what goes through it is
// the server's, as arrive makes it.
func shakeAsClient(t *testing.T, limit time.Duration, mtu int, cookie bool, arrive func(pkt []byte) [][]byte) (gate *ClientGate, err error) {
	t.Helper()
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	gate = NewClient(func(der []byte) bool { return bytes.Equal(der, cert.Certificate[0]) })
	client, server := newWire(), newWire()
	toGate := make(chan func(), 1000)
	server.out = func(b []byte) {
		toGate <- func() {
			for _, pkt := range arrive(b) {
				if !Plausible(pkt) {
					continue
				}
				for _, feed := range gate.Take(pkt, media.InstantOf(time.Now())) {
					client.in <- feed
				}
			}
		}
	}
	client.out = func(b []byte) {
		toGate <- func() { gate.Sent(b); server.in <- b }
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	done := make(chan struct{})
	go func() { // owns the gate
		defer close(done)
		for {
			select {
			case f := <-toGate:
				f()
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() { cancel(); <-done; close(client.closed); close(server.closed) }()
	s, err := dtls.ServerWithOptions(server, server.LocalAddr(), dtls.WithCertificates(cert),
		dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(!cookie), dtls.WithMTU(mtu))
	if err != nil {
		t.Fatal(err)
	}
	c, err := dtls.ClientWithOptions(client, client.LocalAddr(), dtls.WithCertificates(cert),
		dtls.WithInsecureSkipVerify(true), dtls.WithMTU(mtu), dtls.WithFlightInterval(200*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- s.HandshakeContext(ctx) }()
	if err := c.HandshakeContext(ctx); err != nil {
		return gate, err
	}
	return gate, <-failed
}

// TestClientGate: a server's flight goes through whole, in fragments, twice, and
// among fragments that claim the same places, with a cookie and without.
func TestClientGate(t *testing.T) {
	as := func(pkt []byte) [][]byte { return [][]byte{pkt} }
	forge := func(pkt []byte) []byte { // of what is signed
		b := bytes.Clone(pkt)
		at := recordHead + fragmentHead + 2
		if b[0] == contentHandshake && len(b) > at && (b[recordHead] == typeServerHello || b[recordHead] == typeCertificate || b[recordHead] == typeServerKeyExchange) {
			_, _ = rand.Read(b[at:])
		}
		return b
	}
	for name, tc := range map[string]struct {
		mtu    int
		arrive func(pkt []byte) [][]byte
	}{
		"whole":                      {1200, as},
		"in fragments":               {150, as},
		"twice":                      {150, func(pkt []byte) [][]byte { return [][]byte{pkt, pkt} }},
		"behind forged messages":     {1200, func(pkt []byte) [][]byte { return [][]byte{forge(pkt), pkt} }},
		"among forged messages":      {1200, func(pkt []byte) [][]byte { return [][]byte{forge(pkt), forge(pkt), pkt, forge(pkt)} }},
		"among forged fragments":     {150, func(pkt []byte) [][]byte { return [][]byte{forge(pkt), pkt, forge(pkt)} }},
		"with what is not plausible": {1200, func(pkt []byte) [][]byte { return [][]byte{append(bytes.Clone(pkt), 1), pkt} }},
	} {
		for how, cookie := range map[string]bool{"": false, ", with a cookie": true} {
			t.Run(name+how, func(t *testing.T) {
				t.Parallel()
				if _, err := shakeAsClient(t, 10*time.Second, tc.mtu, cookie, tc.arrive); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// TestClientGateKeepsStrangersOut: a flight that the announced key has not signed
// is not passed on.
func TestClientGateKeepsStrangersOut(t *testing.T) {
	for name, kind := range map[string]byte{
		"hello": typeServerHello, "certificate": typeCertificate, "key exchange": typeServerKeyExchange,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := shakeAsClient(t, time.Second, 1200, false, func(pkt []byte) [][]byte {
				for r := range records(pkt) {
					if r.content == contentHandshake && r.epoch == 0 && r.body[0] == kind {
						r.body[fragmentHead+20] ^= 1
					}
				}
				return [][]byte{pkt}
			})
			if err == nil || g.passed || g.Foreign() != (kind == typeCertificate) {
				t.Errorf("passed: %v, error %v, foreign %v", g.passed, err, g.Foreign())
			}
		})
	}
}
