package dtlsgate

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/transport/v5/deadline"

	"parley/media"
)

// wire is one end of a connection whose datagrams a test looks at.
type wire struct {
	in     chan []byte
	out    func([]byte)
	until  *deadline.Deadline
	closed chan struct{}
}

func newWire() *wire {
	return &wire{in: make(chan []byte, 1000), until: deadline.New(), closed: make(chan struct{})}
}

func (w *wire) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case b := <-w.in:
		return copy(p, b), w.LocalAddr(), nil
	case <-w.until.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-w.closed:
		return 0, nil, net.ErrClosed
	}
}

func (w *wire) WriteTo(p []byte, _ net.Addr) (int, error) {
	w.out(bytes.Clone(p))
	return len(p), nil
}

func (w *wire) Close() error                      { return nil }
func (w *wire) LocalAddr() net.Addr               { return &net.UDPAddr{} }
func (w *wire) SetDeadline(t time.Time) error     { w.until.Set(t); return nil }
func (w *wire) SetReadDeadline(t time.Time) error { w.until.Set(t); return nil }
func (w *wire) SetWriteDeadline(time.Time) error  { return nil }

// shake runs a handshake of pion's client and server with a gate between them,
// through which everything of the client's goes as arrive makes it.
func shake(t *testing.T, limit time.Duration, mtu int, arrive func(pkt []byte) [][]byte) (gate *Gate, err error) {
	t.Helper()
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	gate = New(func(der []byte) bool { return bytes.Equal(der, cert.Certificate[0]) }, nil)
	client, server := newWire(), newWire()
	toGate := make(chan func(), 1000)
	client.out = func(b []byte) {
		toGate <- func() {
			for _, pkt := range arrive(b) {
				if !Plausible(pkt) {
					continue
				}
				for _, feed := range gate.Take(pkt, media.InstantOf(time.Now())) {
					server.in <- feed
				}
			}
		}
	}
	server.out = func(b []byte) {
		toGate <- func() { gate.Sent(b); client.in <- b }
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
		dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true), dtls.WithMTU(mtu))
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

// TestGate: a handshake goes through whole, in fragments, out of order, twice,
// and among fragments that claim the same places.
func TestGate(t *testing.T) {
	as := func(pkt []byte) [][]byte { return [][]byte{pkt} }
	forge := func(pkt []byte) []byte {
		b := bytes.Clone(pkt)
		if at := recordHead + fragmentHead + 2; b[0] == contentHandshake && len(b) > at && b[recordHead] != typeClientHello {
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := shake(t, 10*time.Second, tc.mtu, tc.arrive)
			if err != nil {
				t.Fatal(err)
			}
			if !g.Passed() {
				t.Error("the gate does not know")
			}
		})
	}
}

// TestGateKeepsStrangersOut: who has not seen our flight is not passed on.
func TestGateKeepsStrangersOut(t *testing.T) {
	flipped := func(kind byte) func(pkt []byte) [][]byte {
		return func(pkt []byte) [][]byte {
			for r := range records(pkt) {
				if r.content == contentHandshake && r.epoch == 0 && r.body[0] == kind {
					r.body[len(r.body)-1] ^= 1
				}
			}
			return [][]byte{pkt}
		}
	}
	for name, arrive := range map[string]func(pkt []byte) [][]byte{
		"certificate": flipped(typeCertificate), "key exchange": flipped(typeClientKeyExchange), "signature": flipped(typeCertificateVerify),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if g, err := shake(t, time.Second, 1200, arrive); err == nil || g.Passed() {
				t.Errorf("passed: %v, error %v", g.Passed(), err)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	f := func(offset int, text string) fragment {
		return fragment{kind: typeCertificate, length: 6, offset: offset, data: []byte(text)}
	}
	for name, tc := range map[string]struct {
		in   []fragment
		want []string
	}{
		"in order":         {[]fragment{f(0, "abc"), f(3, "def")}, []string{"abcdef"}},
		"out of order":     {[]fragment{f(3, "def"), f(0, "abc")}, []string{"abcdef"}},
		"overlapping":      {[]fragment{f(0, "abcd"), f(2, "cdef")}, []string{"abcdef"}},
		"contradicting":    {[]fragment{f(0, "abcd"), f(2, "xxef")}, nil},
		"two of a part":    {[]fragment{f(0, "abc"), f(3, "xyz"), f(3, "def")}, []string{"abcxyz", "abcdef"}},
		"a part is absent": {[]fragment{f(0, "ab"), f(3, "def")}, nil},
		"empty":            {[]fragment{f(0, ""), f(0, "abc"), f(3, ""), f(3, "def")}, []string{"abcdef"}},
		"whole":            {[]fragment{f(0, "abcdef"), f(0, "abcdef")}, []string{"abcdef"}},
		"another message":  {[]fragment{{kind: typeCertificate, seq: 1, length: 1, data: []byte("x")}}, nil},
		"another type":     {[]fragment{{kind: typeClientHello, length: 1, data: []byte("x")}}, nil},
		"too long":         {[]fragment{{kind: typeCertificate, length: maxMessage + 1, data: make([]byte, maxMessage+1)}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := message{kind: typeCertificate}
			var got []string
			for _, in := range tc.in {
				for _, body := range m.add(in) {
					got = append(got, string(body))
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPlausible(t *testing.T) {
	record := func(b ...byte) []byte { return b }
	hello := record(22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1)
	for name, tc := range map[string]struct {
		pkt  []byte
		want bool
	}{
		"nothing":                  {nil, false},
		"a handshake message":      {hello, true},
		"two records":              {append(bytes.Clone(hello), hello...), true},
		"a byte more":              {append(bytes.Clone(hello), 22), false},
		"a byte less":              {hello[:13], false},
		"change of cipher":         {record(20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), true},
		"an alert":                 {record(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40), false},
		"an alert, encrypted":      {record(21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40), true},
		"a hello, then an alert":   {append(bytes.Clone(hello), 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), false},
		"a hello, then the 63rd":   {append(bytes.Clone(hello), 63, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), false},
		"data in the clear":        {record(23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), false},
		"the third epoch":          {record(22, 0xfe, 0xfd, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1), false},
		"TLS":                      {record(22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), false},
		"DTLS 1.3, unified header": {append(record(0x2f), make([]byte, 40)...), false},
		"empty":                    {record(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), false},
	} {
		if got := Plausible(tc.pkt); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestCostlyKeys: a peer can not announce a key under which a signature takes us
// a second to verify.
func TestCostlyKeys(t *testing.T) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := func(public any) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, public, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	odd := func(bits int) *big.Int {
		n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits-1)))
		if err != nil {
			t.Fatal(err)
		}
		return n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
	}
	for name, tc := range map[string]struct {
		public any
		want   bool
	}{
		"ECDSA":              {signer.Public(), true},
		"RSA":                {&rsa.PublicKey{N: odd(2048), E: 65537}, true},
		"RSA, long":          {&rsa.PublicKey{N: odd(16384), E: 65537}, false},
		"RSA, long exponent": {&rsa.PublicKey{N: odd(4096), E: 1<<31 - 1}, false},
	} {
		if got := certificateKey(certificate(tc.public)) != nil; got != tc.want {
			t.Errorf("%s: taken %v", name, got)
		}
	}
	if certificateKey([]byte("no certificate")) != nil {
		t.Error("what is no certificate has a key")
	}
}

func TestBudget(t *testing.T) {
	var b budget
	now, taken := media.Instant(1), 0
	for range 1000 {
		if b.take(now) {
			taken++
		}
	}
	if taken != verifyBurst {
		t.Errorf("%d at once, want %d", taken, verifyBurst)
	}
	for range 1000 {
		if now = now.Add(verifyEvery / 2); b.take(now) {
			taken++
		}
	}
	if got := taken - verifyBurst; got < 490 || got > 500 {
		t.Errorf("%d in the time of 500", got)
	}
}

// FuzzGate gives a gate what anybody may send: nothing panics, and what is held
// stays within its bounds.
func FuzzGate(f *testing.F) {
	f.Add([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7}, []byte{20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
	hello := append([]byte{0xfe, 0xfd}, make([]byte, 32)...)
	hello = append(hello, 0, 0, 0, 2, 0xc0, 0x2b, 1, 0)
	f.Add(appendRecord(nil, contentHandshake, 0, appendMessage(nil, typeClientHello, 0, hello)), []byte{22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1})
	f.Add(Retry(make([]byte, CookieLen), 0), appendRecord(nil, contentHandshake, 1, appendMessage(nil, typeCertificate, 1, []byte{0, 0, 4, 0, 0, 1, 9})))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, cookie := range [][]byte{nil, make([]byte, CookieLen)} {
			g := New(func(der []byte) bool { return len(der)%2 == 0 }, cookie)
			for i := range 40 {
				for _, pkt := range [][]byte{a, b} {
					if _, ok := ParseHello(pkt); ok && !IsAlert(pkt) && begins(pkt, typeServerHello) {
						t.Fatal("both a hello and a flight")
					}
					if Plausible(pkt) {
						g.Take(pkt, media.Instant(i+1))
						g.Sent(pkt)
					}
				}
			}
			for _, m := range []*message{&g.hello, &g.certificate, &g.exchange, &g.verify} {
				if len(m.pieces) > maxPieces || len(m.wholes) > maxWholes {
					t.Fatalf("%d pieces and %d wholes", len(m.pieces), len(m.wholes))
				}
			}
			if len(g.later) > maxLater {
				t.Fatalf("%d records wait", len(g.later))
			}
		}
		c := NewClient(func(der []byte) bool { return len(der)%2 == 0 })
		for i := range 40 {
			for _, pkt := range [][]byte{a, b} {
				if Plausible(pkt) {
					c.Sent(pkt)
					c.Take(pkt, media.Instant(i+1))
				}
			}
		}
		for i := range c.flights {
			fl := &c.flights[i]
			for _, m := range []*message{&fl.hello, &fl.certificate, &fl.exchange, &fl.request} {
				if len(m.pieces) > maxPieces || len(m.wholes) > maxWholes || len(fl.beside) > maxWholes {
					t.Fatalf("%d pieces, %d wholes, %d pairs", len(m.pieces), len(m.wholes), len(fl.beside))
				}
			}
		}
	})
}
