package path

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"

	"parley/media"
	"parley/media/dtlsgate"
)

// handshake is a session's DTLS handshake (RFC 5764), as the server side; see
// handshake_client.go for the other.
//
//	idle ──ClientHello with a cookie──▶ attempt ──Finished──▶ over
//	  ▲                                    │                   │ ▲
//	  └─────────── failed ─────────────────┘      ClientHello, │ │ Finished,
//	                                     cookie of another flow▼ │ or failed
//	                                                        attempt
//
// It goes on in the clear until the peer's Finished, so nothing is believed that
// somebody can say who only knows the peer's address (see dtlsgate). An attempt
// that fails before the peer has shown that it saw our flight is forgotten, and
// the next ClientHello begins anew. What the peer itself does wrong ends the
// session, and so does a peer that has an address but no keys after
// the server's patience.
//
// A ClientHello counts only with the cookie of a flow (RFC 6347 §4.2.1). That
// costs most peers no round trip, because it is sent before they ask: behind the
// response to the first binding request of each flow. Who has begun its handshake
// by the response finds it there, who begins later finds it waiting.
//
// A peer may begin again when all is over, by another address (RFC 8842 §4):
// browsers do when the section is stopped that gave the BUNDLE group its
// transport. The keys there are stay in use until others have been agreed upon, by
// the same certificates; whoever else tries that ends nothing.
//
// An attempt has a goroutine, besides those of pion/dtls. Once keys are
// exported everything of it is freed: nothing else is ever sent over DTLS, for
// there are no data channels. Only our last flight, one small datagram, is
// kept until the peer has shown that it got it: if the peer sends its own last
// flight again, ours was lost and is sent again as it was (RFC 6347 §4.2.4).
type handshake struct {
	peer *Peer
	// Set by the first offer, before the peer can prove an address.
	fingerprints []media.Fingerprint // of the offer; any may match
	client       bool                // we say ClientHello

	mu      sync.Mutex    // guards what follows; taken once per DTLS datagram
	attempt *dtlsConn     // under way, nil for none
	since   media.Instant // when the first address was proven, 0: not yet
	begun   media.Bucket  // attempts
	failure error         // of the attempts; the last that says something
	// held is a ClientHello that waits for the proof of an address.
	held     []byte
	heldFrom *Flow
	over     bool   // there are keys
	cookie   []byte // of the ClientHello that led to them
	closed   bool

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

// Attempts that a session may begin: each takes a signature and some goroutines,
// and an honest peer needs two at most.
const (
	attemptsPerSecond = 5
	attemptBurst      = 8
)

// retryEvery bounds how often a flow is sent its cookie: it is the same for every
// ClientHello, so one that another one brought about will do.
const retryEvery = 20 * time.Millisecond

const (
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

// receive takes a datagram of a proven address. It is called by workers and
// starts an attempt at a ClientHello.
func (h *handshake) receive(pkt []byte, from *Flow) bool {
	if !dtlsgate.Plausible(pkt) {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	hello, ok := dtlsgate.ParseHello(pkt)
	if h.client {
		return !ok && h.attempt != nil && h.attempt.push(pkt, from)
	}
	switch {
	case h.closed:
		return false
	case h.attempt != nil && (!ok || bytes.Equal(hello.Cookie, h.attempt.cookie)):
		return h.attempt.push(pkt, from)
	case h.over && !ok:
		return h.repeatFinale(pkt, from)
	case !ok || h.attempt != nil || h.isRepeated(hello):
		return false
	}
	return h.helloLocked(hello, pkt, from)
}

// early takes a ClientHello of an address that is still to be proven.
func (h *handshake) early(hello dtlsgate.Hello, pkt []byte, from *Flow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.attempt == nil && !h.closed && !h.client && !h.isRepeated(hello) && dtlsgate.Plausible(pkt) {
		h.helloLocked(hello, pkt, from)
	}
}

// helloLocked begins an attempt with a ClientHello that may. One whose cookie is
// that of an address still to be proven waits for that: the peer has it from
// there, and asking again would lead it elsewhere. One waits, the latest.
func (h *handshake) helloLocked(hello dtlsgate.Hello, pkt []byte, from *Flow) bool {
	switch h.peer.ice.judge(hello.Cookie, from) {
	case cookieProven:
		return h.begun.Take(h.peer.host.now(), attemptsPerSecond, attemptBurst) && h.beginLocked(hello, pkt, from)
	case cookieGiven:
		h.held, h.heldFrom = bytes.Clone(pkt), from
		return true
	}
	from.loop.retry(from, hello.Record)
	return false
}

// beginLocked starts an attempt.
func (h *handshake) beginLocked(hello dtlsgate.Hello, pkt []byte, from *Flow) bool {
	cookie := bytes.Clone(hello.Cookie)
	c := newDTLSConn(h, cookie, dtlsgate.New(h.expects, cookie))
	c.push(pkt, from)
	h.attempt = c
	h.peer.owner.Go(func() { h.run(c) })
	return true
}

// waits reports whether a ClientHello is still to come.
func (h *handshake) waits() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.attempt == nil && !h.over && !h.closed && !h.client
}

// proven is told when f proved itself, by its worker.
func (h *handshake) proven(f *Flow, now media.Instant) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.since == 0 {
		h.since = now
	}
	if h.client {
		h.startLocked(f)
		return
	}
	pkt, from := h.held, h.heldFrom
	hello, ok := dtlsgate.ParseHello(pkt)
	if !ok || h.attempt != nil || h.closed || h.peer.ice.judge(hello.Cookie, from) != cookieProven {
		return
	}
	h.held, h.heldFrom = nil, nil
	h.beginLocked(hello, pkt, from)
}

// isRepeated reports whether a ClientHello is of the handshake that led to the
// present keys, late or sent again by whoever captured it.
func (h *handshake) isRepeated(hello dtlsgate.Hello) bool {
	return h.over && bytes.Equal(hello.Cookie, h.cookie)
}

// repeatFinale answers a handshake datagram that comes when all is over.
func (h *handshake) repeatFinale(pkt []byte, to *Flow) bool {
	f := h.finale.Load()
	if f == nil || pkt[0] != recordHandshake || f.left.Add(-1) < 0 {
		return false
	}
	to.loop.worker.WriteTo(f.datagram, to)
	return true
}

// recordHandshake is the content type of handshake messages (RFC 6347 §4.1).
const recordHandshake = 22

// run is the goroutine of an attempt, which the owner contains.
func (h *handshake) run(c *dtlsConn) {
	defer func() { _ = c.Close() }()
	k, err := h.shake(c)
	switch won, final := h.end(c, err); {
	case won:
		h.peer.owner.Keyed(k)
	case final:
		h.peer.owner.Failed(fmt.Errorf("%w: %w", ErrHandshake, err))
	}
}

// shake runs pion's side of an attempt.
func (h *handshake) shake(c *dtlsConn) (*Keys, error) {
	conn, err := h.openDTLS(c)
	if err != nil {
		return nil, err
	}
	c.dtls = conn
	defer func() {
		c.parked.Store(true)
		_ = conn.Close()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), h.patience())
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return exportKeys(conn, h.client)
}

// patience is how long an attempt may take. Only as the client do we begin the
// next one, for which there has to be time.
func (h *handshake) patience() time.Duration {
	if h.client {
		return h.peer.host.patience / clientAttempts
	}
	return h.peer.host.patience
}

func (h *handshake) openDTLS(c *dtlsConn) (*dtls.Conn, error) {
	if h.client {
		return h.dialDTLS(c)
	}
	return dtls.ServerWithOptions(c, dtlsAddr{}, h.options()...)
}

// end notes how an attempt ended. It has won if its keys are the session's; as
// the server it is final if it failed over what the peer said, for nobody else is
// listened to, and there are no keys from before.
func (h *handshake) end(c *dtlsConn, err error) (won, final bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.attempt != c {
		return false, false // the session is closed
	}
	h.attempt = nil
	if err == nil {
		h.over, h.cookie = true, c.cookie
		if !h.client { // the client's last flight is followed by the server's
			h.keep(c.last())
		}
		return true, false
	}
	switch silent := errors.Is(err, context.DeadlineExceeded); {
	case c.foreign():
		h.failure = ErrFingerprint
	case !silent || h.failure == nil: // silence explains less than what was before
		h.failure = err
	}
	return false, !h.client && !h.over && !errors.Is(err, context.DeadlineExceeded)
}

// overdue returns why a session is not connected long after there was an
// address, nil as long as there is time.
func (h *handshake) overdue(now media.Instant) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.since == 0 || now.Sub(h.since) < h.peer.host.patience:
		return nil
	case h.over:
		return ErrNotNominated
	case h.attempt != nil && h.attempt.foreign():
		return fmt.Errorf("%w: %w", ErrHandshake, ErrFingerprint)
	case h.failure != nil:
		return fmt.Errorf("%w: %w", ErrHandshake, h.failure)
	}
	return fmt.Errorf("%w: no answer in time", ErrHandshake)
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

// close ends an attempt under way and begins none any more.
func (h *handshake) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.attempt != nil {
		_ = h.attempt.Close()
		h.attempt = nil
	}
}

func (h *handshake) options() []dtls.ServerOption {
	return []dtls.ServerOption{
		dtls.WithCertificates(h.peer.host.cert.tls),
		dtls.WithCipherSuites(cipherSuites...),
		dtls.WithSRTPProtectionProfiles(srtpProfiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithVerifyPeerCertificate(h.verify),
		dtls.WithInsecureSkipVerifyHello(false), // see setCookie
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
	if !h.expects(raw[0]) {
		return ErrFingerprint
	}
	return nil
}

// expects reports whether a certificate has one of the offer's fingerprints.
func (h *handshake) expects(certificate []byte) bool {
	return slices.ContainsFunc(h.fingerprints, func(f media.Fingerprint) bool { return matchesFingerprint(certificate, f) })
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

// Keys are what a finished handshake leaves: everything that seals and opens.
type Keys struct {
	Sealer *media.Sealer // any goroutine, see there
	Opener *media.Opener // the session's owner only

	// mu guards the sealing of RTCP: the session's owner and the owners of all it
	// watches send some. It is a few packets a second.
	mu   sync.Mutex
	rtcp uint32 // SRTCP index of the last packet
}

// SealRTCP seals the compound packet slot[:n] and returns the new length.
func (k *Keys) SealRTCP(slot []byte, n int) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rtcp++
	return k.Sealer.SealRTCP(slot, n, k.rtcp)
}

// RTCPIndex is the SRTCP index of the last packet (RFC 3711 §3.4), 0 before the
// first.
func (k *Keys) RTCPIndex() uint32 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rtcp
}

var errNoProfile = errors.New("no srtp profile in common")

// exportKeys derives the SRTP keys (RFC 5764 §4.2); client says which side we are.
func exportKeys(conn *dtls.Conn, client bool) (*Keys, error) {
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
	theirs, ours, err := media.KeysFromDTLS(material, profile)
	if err != nil {
		return nil, err
	}
	if client {
		theirs, ours = ours, theirs
	}
	k := &Keys{}
	if k.Sealer, err = media.NewSealer(ours); err != nil {
		return nil, err
	}
	k.Opener, err = media.NewOpener(theirs, MaxStreams)
	return k, err
}
