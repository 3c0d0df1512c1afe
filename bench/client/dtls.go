package client

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"

	"parley/bench/gcm"
)

// Errors of a handshake.
var (
	errFingerprint = errors.New("server certificate does not match the answer's fingerprint")
	errProfile     = errors.New("server did not choose AEAD_AES_128_GCM")
)

// Identity is the certificate that all clients of a process present.
type Identity struct {
	cert        tls.Certificate
	fingerprint string
}

// NewIdentity makes a self-signed P-256 certificate.
func NewIdentity() (*Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	hex := make([]string, len(sum))
	for i, b := range sum {
		hex[i] = fmt.Sprintf("%02X", b)
	}
	return &Identity{
		cert:        tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		fingerprint: strings.Join(hex, ":"),
	}, nil
}

// handshake runs DTLS on conn, which is connected to the server, and returns
// the keys that the client writes and reads with. Nothing of the DTLS
// connection is kept: it is parked without a close_notify. Checks that come
// meanwhile are answered.
func (id *Identity) handshake(ctx context.Context, conn *net.UDPConn, check *checker, fingerprint []byte) (write, read gcm.Keys, err error) {
	demux := &dtlsConn{UDPConn: conn, check: check}
	c, err := dtls.ClientWithOptions(demux, conn.RemoteAddr(),
		dtls.WithCertificates(id.cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithFlightInterval(300*time.Millisecond),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is checked instead
		dtls.WithVerifyPeerCertificate(func(certs [][]byte, _ [][]*x509.Certificate) error {
			if len(certs) == 0 {
				return errFingerprint
			}
			if sum := sha256.Sum256(certs[0]); !bytes.Equal(sum[:], fingerprint) {
				return errFingerprint
			}
			return nil
		}))
	if err != nil {
		return write, read, fmt.Errorf("dtls: %w", err)
	}
	defer func() {
		demux.parked.Store(true)
		c.Close()
	}()
	if err = c.HandshakeContext(ctx); err != nil {
		return write, read, fmt.Errorf("dtls: %w", err)
	}
	if profile, ok := c.SelectedSRTPProtectionProfile(); !ok || profile != dtls.SRTP_AEAD_AES_128_GCM {
		return write, read, errProfile
	}
	state, ok := c.ConnectionState()
	if !ok {
		return write, read, errors.New("dtls: no connection state")
	}
	material, err := state.ExportKeyingMaterial(gcm.Label, nil, gcm.MaterialLen)
	if err != nil {
		return write, read, fmt.Errorf("dtls: %w", err)
	}
	return gcm.FromDTLS(material)
}

// dtlsConn shows only DTLS records (RFC 7983 §7: first byte 20 … 63) of a
// connected socket. Once parked it swallows writes, and closing it only ends
// its reads.
type dtlsConn struct {
	*net.UDPConn
	check  *checker
	parked atomic.Bool
	closed atomic.Bool
}

func (c *dtlsConn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, err := c.UDPConn.Read(p)
		if c.closed.Load() {
			return 0, nil, net.ErrClosed
		}
		if err != nil {
			return 0, nil, err
		}
		if n > 0 && p[0] >= 20 && p[0] <= 63 {
			return n, c.UDPConn.RemoteAddr(), nil
		}
		if r := c.check.respond(p[:n]); r != nil {
			c.UDPConn.Write(r)
		}
	}
}

func (c *dtlsConn) WriteTo(p []byte, _ net.Addr) (int, error) {
	if c.parked.Load() {
		return len(p), nil
	}
	return c.UDPConn.Write(p)
}

func (c *dtlsConn) Close() error {
	c.closed.Store(true)
	return c.UDPConn.SetReadDeadline(time.Unix(1, 0))
}
