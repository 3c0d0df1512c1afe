package rtc

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"

	"parley/media"
)

// handshake runs a session's DTLS handshake (RFC 5764) as the server side.
//
//	idle ──ClientHello of a flow──▶ running ──▶ over
//	                                   │
//	                                   └──▶ session fails
//
// While it runs it has a goroutine, besides those of pion/dtls. Once keys are
// exported everything of it is freed: nothing else is ever sent over DTLS, for
// there are no data channels. Only our last flight, one small datagram, is
// kept until the peer has shown that it got it: if the peer sends its own last
// flight again, ours was lost and is sent again as it was (RFC 6347 §4.2.4).
type handshake struct {
	session      *Session
	fingerprints []media.Fingerprint // of the offer; any may match
	started      atomic.Bool
	conn         atomic.Pointer[dtlsConn] // nil before and after
	// finale is our last flight, nil before it was sent and after the first
	// authentic packet from the peer, which has the keys by then.
	finale atomic.Pointer[finale]
}

// finale is a last flight, and how often it may still be sent again.
type finale struct {
	datagram []byte
	left     atomic.Int32
}

// finaleRepeats is more than a client tries before it gives up.
const finaleRepeats = 32

const (
	handshakeTimeout = 15 * time.Second
	// flightInterval is the first retransmission timeout; it doubles.
	flightInterval = 300 * time.Millisecond
	// dtlsMTU bounds our handshake datagrams.
	dtlsMTU = 1200
)

// srtpProfiles in our order of preference. pion/dtls takes the first of ours
// that the client also has.
var srtpProfiles = []dtls.SRTPProtectionProfile{
	dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

// cipherSuites are all that WebRTC peers need: ours is an ECDSA certificate.
var cipherSuites = []dtls.CipherSuiteID{
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
}

// Types of records and the size of their heads (RFC 6347 §4.1).
const (
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23
	recordHead      = 13
)

// trustworthy reports whether a datagram has no alert or data in the clear
// (epoch 0). Such records prove nothing but that somebody knows the peer's
// address, and pion/dtls ends a handshake over the first of them; who gives up
// in earnest stops answering, which is noticed as well.
//
//	0      1        3      5               11      13
//	| type | version | epoch | sequence no. | length | …
func trustworthy(pkt []byte) bool {
	for len(pkt) >= recordHead && pkt[0] < 32 { // from 32 on: encrypted (RFC 9147 §4)
		clear := pkt[3] == 0 && pkt[4] == 0
		if clear && (pkt[0] == recordAlert || pkt[0] == recordData) {
			return false
		}
		next := recordHead + int(binary.BigEndian.Uint16(pkt[11:]))
		pkt = pkt[min(next, len(pkt)):]
	}
	return true
}

// receive takes a datagram of a proven address. It is called by workers and
// starts the handshake at the first ClientHello.
func (h *handshake) receive(pkt []byte, from *flow) bool {
	if !trustworthy(pkt) {
		return false
	}
	if pkt[0] == recordHandshake && h.started.CompareAndSwap(false, true) {
		c := newDTLSConn()
		h.conn.Store(c)
		if !h.session.running() { // closed meanwhile: it may not have seen c
			_ = c.Close()
		}
		c.push(pkt, from)
		h.session.server.wg.Go(func() { h.run(c) })
		return true
	}
	if c := h.conn.Load(); c != nil {
		return c.push(pkt, from)
	}
	return h.repeatFinale(pkt, from)
}

// repeatFinale answers a handshake datagram that comes when all is over.
func (h *handshake) repeatFinale(pkt []byte, to *flow) bool {
	f := h.finale.Load()
	if f == nil || pkt[0] != recordHandshake || f.left.Add(-1) < 0 {
		return false
	}
	to.worker.sock.WriteTo(f.datagram, &to.addr)
	return true
}

// run is the handshake's goroutine.
func (h *handshake) run(c *dtlsConn) {
	defer h.session.server.contain("handshake", h.session)
	defer h.conn.Store(nil)
	defer func() { _ = c.Close() }()
	conn, err := dtls.ServerWithOptions(c, dtlsAddr{}, h.options()...)
	if err != nil {
		h.session.fail(fmt.Errorf("%w: %w", ErrHandshake, err))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		h.session.fail(fmt.Errorf("%w: %w", ErrHandshake, err))
		return
	}
	k, err := exportKeys(conn)
	if err == nil {
		h.keep(c.last())
		h.session.keyed(k)
	}
	c.parked.Store(true)
	_ = conn.Close()
	if err != nil {
		h.session.fail(fmt.Errorf("%w: %w", ErrHandshake, err))
	}
}

// keep holds our last flight until peerProven.
func (h *handshake) keep(datagram []byte) {
	f := &finale{datagram: datagram}
	f.left.Store(finaleRepeats)
	h.finale.Store(f)
}

// peerProven is called by the owner when a packet authenticated.
func (h *handshake) peerProven() {
	if h.finale.Load() != nil {
		h.finale.Store(nil)
	}
}

// close ends a handshake under way.
func (h *handshake) close() {
	if c := h.conn.Load(); c != nil {
		_ = c.Close()
	}
}

func (h *handshake) options() []dtls.ServerOption {
	return []dtls.ServerOption{
		dtls.WithCertificates(h.session.server.cert.tls),
		dtls.WithCipherSuites(cipherSuites...),
		dtls.WithSRTPProtectionProfiles(srtpProfiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithVerifyPeerCertificate(h.verify),
		// The cookie proves an address; ICE has done that already.
		dtls.WithInsecureSkipVerifyHello(true),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithMTU(dtlsMTU),
		dtls.WithLoggerFactory(silentLogs),
	}
}

// silentLogs keeps pion from writing a line per bad datagram. The logs of
// the factory are safe for concurrent use.
var silentLogs = &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}

// verify compares the peer's certificate with the fingerprints of its offer
// (RFC 8122 §6.2): this is what ties the keys to the signalling.
func (h *handshake) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	if len(raw) == 0 {
		return ErrFingerprint
	}
	for _, f := range h.fingerprints {
		if matchesFingerprint(raw[0], f) {
			return nil
		}
	}
	return ErrFingerprint
}

func matchesFingerprint(der []byte, f media.Fingerprint) bool {
	want, err := hex.DecodeString(strings.ReplaceAll(f.Value, ":", ""))
	if err != nil {
		return false
	}
	var got []byte
	switch f.Hash {
	case "sha-256":
		sum := sha256.Sum256(der)
		got = sum[:]
	case "sha-384":
		sum := sha512.Sum384(der)
		got = sum[:]
	case "sha-512":
		sum := sha512.Sum512(der)
		got = sum[:]
	}
	return len(got) > 0 && subtle.ConstantTimeCompare(got, want) == 1
}

// keys are what a finished handshake leaves: everything that seals and opens.
type keys struct {
	sealer *media.Sealer // any goroutine
	opener *media.Opener // the session's owner only
}

var errNoProfile = errors.New("no srtp profile in common")

// exportKeys derives the SRTP keys (RFC 5764 §4.2).
func exportKeys(conn *dtls.Conn) (*keys, error) {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, errNoProfile
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, errNoProfile
	}
	profile := media.Profile(chosen)
	material, err := state.ExportKeyingMaterial(media.ExporterLabel, nil, profile.MaterialLen())
	if err != nil {
		return nil, err
	}
	client, server, err := media.KeysFromDTLS(material, profile)
	if err != nil {
		return nil, err
	}
	k := &keys{}
	if k.sealer, err = media.NewSealer(server); err != nil {
		return nil, err
	}
	k.opener, err = media.NewOpener(client, maxStreams)
	return k, err
}
