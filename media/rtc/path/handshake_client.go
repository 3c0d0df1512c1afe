package path

import (
	"github.com/pion/dtls/v3"

	"parley/media/dtlsgate"
)

// A peer that offers a=setup:passive wants us to say ClientHello. We do when it
// proves an address, and, after an attempt that failed, when it proves one again,
// which it does every few seconds.
//
//	idle ──proof──▶ attempt ──Finished──▶ over
//	  ▲                │
//	  └──── failed ────┘
//
// What comes passes a gate in this direction too, but it can not tell all of the
// peer's messages from what somebody else sends from the peer's address at the
// right moment (see dtlsgate.ClientGate). Such a one spoils an attempt; nobody gets
// keys by it. So we are the client only for who wants us to be, and every browser
// offers the other direction.

// clientAttempts is how many attempts there is time for that come to nothing. A
// stranger's message may have spoiled one, and the peer can not tell us.
const clientAttempts = 3

// rsaSuites are for servers whose certificate has an RSA key; as the server we
// choose by our own.
var rsaSuites = []dtls.CipherSuiteID{
	dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
}

// startLocked begins an attempt as the client, over a flow that is proven, unless
// one is under way or there were too many.
func (h *handshake) startLocked(to *Flow) {
	if h.attempt != nil || h.over || h.closed || !h.begun.Take(h.peer.host.now(), attemptsPerSecond, attemptBurst) {
		return
	}
	c := newDTLSConn(h, nil, dtlsgate.NewClient(h.expects))
	c.peer.Store(to)
	h.attempt = c
	h.peer.owner.Go(func() { h.run(c) })
}

// dialDTLS makes pion's client of an attempt.
func (h *handshake) dialDTLS(c *dtlsConn) (*dtls.Conn, error) {
	return dtls.ClientWithOptions(c, dtlsAddr{},
		dtls.WithCertificates(h.peer.host.cert.tls),
		dtls.WithCipherSuites(append(rsaSuites[:len(rsaSuites):len(rsaSuites)], cipherSuites...)...),
		dtls.WithSRTPProtectionProfiles(srtpProfiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithInsecureSkipVerify(true), // by verify, against the fingerprint
		dtls.WithVerifyPeerCertificate(h.verify),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithMTU(dtlsMTU),
		dtls.WithLoggerFactory(silentLogs),
	)
}

// refusesSend reports whether a datagram of pion's client is not to be sent: an
// alert in the clear may be about what a stranger said, and would end the peer's
// handshake.
func (c *dtlsConn) refusesSend(pkt []byte) bool {
	return c.shake.client && dtlsgate.IsAlert(pkt)
}
