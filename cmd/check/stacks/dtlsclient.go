package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
)

// dtlsClient shakes hands with a stack in the server's place, as the side
// that says ClientHello: what "a=setup:active" in the server's answer would
// mean. Its datagrams join those of the server in the relay.
type dtlsClient struct {
	cert   tls.Certificate
	socket *net.UDPConn // pion's
	tap    *net.UDPConn // its other end
	watch  *watch
	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu   sync.Mutex // guards what follows
	done bool
	err  error
}

func newDTLSClient(w *watch) (*dtlsClient, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	c := &dtlsClient{cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, watch: w}
	here := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	if c.socket, err = net.ListenUDP("udp4", here); err != nil {
		return nil, err
	}
	if c.tap, err = net.ListenUDP("udp4", here); err != nil {
		c.socket.Close()
		return nil, err
	}
	return c, nil
}

// rewrite makes an answer say that we are the client, and who we are.
func (c *dtlsClient) rewrite(answer string) string {
	sum := sha256.Sum256(c.cert.Certificate[0])
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return replaceLines(replaceLines(answer, "setup", "active"), "fingerprint", "sha-256 "+strings.Join(pairs, ":"))
}

// start waits for the first proven address and begins there.
func (c *dtlsClient) start(ctx context.Context, r *relay) {
	c.ctx, c.cancel = context.WithTimeout(ctx, mediaWithin)
	to := c.socket.LocalAddr().(*net.UDPAddr).AddrPort()
	c.watch.takeFor(func(pkt []byte) { _, _ = c.tap.WriteToUDPAddrPort(pkt, to) })
	c.tasks.Go(func() {
		select {
		case peer := <-c.watch.proven:
			c.tasks.Go(func() { c.forward(r, peer) })
			c.finish(c.shake())
		case <-c.ctx.Done():
			c.finish(fmt.Errorf("no address was proven"))
		}
	})
}

// forward sends what pion writes to the stack.
func (c *dtlsClient) forward(r *relay, peer netip.AddrPort) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := c.tap.Read(buf)
		if err != nil {
			return
		}
		c.watch.sentDTLS(buf[:n])
		r.toClient(peer, buf[:n])
	}
}

// shake runs the handshake with the server's profiles in the server's order.
func (c *dtlsClient) shake() error {
	conn, err := dtls.ClientWithOptions(c.socket, c.tap.LocalAddr(),
		dtls.WithCertificates(c.cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithInsecureSkipVerify(true), // what is measured is how, not who
		dtls.WithFlightInterval(300*time.Millisecond), dtls.WithMTU(1200))
	if err != nil {
		return err
	}
	return conn.HandshakeContext(c.ctx)
}

func (c *dtlsClient) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.err = true, err
}

// result is how the handshake ended; over is false while it has not.
func (c *dtlsClient) result() (over bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done, c.err
}

func (c *dtlsClient) close() {
	if c.cancel != nil {
		c.cancel()
	}
	c.socket.Close()
	c.tap.Close()
	c.tasks.Wait()
}
