package rtc

import (
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"parley/media"
	"parley/media/netem"
	"parley/media/rtc/rtctest"
)

// A peer that wants to be the DTLS server is: keys on both sides, media both
// ways, and the roles stay.
func TestPassivePeer(t *testing.T) {
	for name, o := range map[string]peerOptions{
		"AES-GCM": {},
		"AES-CM":  {profiles: []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}},
		"RSA":     {rsa: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.seats, o.passive = 1, true
			s := listen(t, Config{})
			other, p := join(t, s, peerOptions{seats: 1}), join(t, s, o)
			if n := strings.Count(p.answer.text, "a=setup:active\r\n"); n != 4 || strings.Contains(p.answer.text, "a=setup:passive") {
				t.Errorf("the answer has a=setup:active %d times", n)
			}
			p.session.Place(0, Placement{From: other.session, Source: Camera, Video: true})
			other.session.Place(0, Placement{From: p.session, Source: Camera, Video: true})
			wantPicture(t, other, p, 0)
			wantPicture(t, p, other, 0)

			again := p.spec.offer()
			again.SDP = strings.ReplaceAll(again.SDP, "a=setup:passive", "a=setup:actpass")
			answer, err := p.session.Offer(t.Context(), again)
			if err != nil || strings.Count(answer.SDP, "a=setup:active\r\n") != 4 {
				t.Errorf("an offer for either role: %v\n%s", err, answer.SDP)
			}
			again.SDP = strings.ReplaceAll(again.SDP, "a=setup:actpass", "a=setup:active")
			var sdp *media.SDPError
			if _, err = p.session.Offer(t.Context(), again); !errors.As(err, &sdp) || sdp.Code != media.SDPMismatch {
				t.Errorf("an offer for the other role: %v", err)
			}
			again = other.spec.offer()
			again.SDP = strings.ReplaceAll(again.SDP, "a=setup:actpass", "a=setup:passive")
			if _, err = other.session.Offer(t.Context(), again); !errors.As(err, &sdp) || sdp.Code != media.SDPMismatch {
				t.Errorf("an offer for the other role: %v", err)
			}
			wantPicture(t, other, p, 0)
			wantPicture(t, p, other, 0)
		})
	}
}

// Every second datagram of the handshake is lost on its way to the peer.
func TestPassivePeerBehindALossyLink(t *testing.T) {
	s := listen(t, Config{})
	p := newPeer(t, s, peerOptions{seats: 1, passive: true})
	var n atomic.Int32
	p.pipe.lose = func([]byte) bool { return n.Add(1)%2 == 1 }
	if err := p.connect(); err != nil {
		t.Fatalf("connect: %v", err)
	}
	p.events.wait(t, "the engine to be told", func() bool { return p.events.connected == 1 })
	other := join(t, s, peerOptions{seats: 1})
	other.session.Place(0, Placement{From: p.session, Source: Camera, Video: true})
	wantPicture(t, p, other, 0)
}

func TestPassivePeerWithTheWrongFingerprint(t *testing.T) {
	s := listen(t, Config{handshakeTime: time.Second})
	p := newPeer(t, s, peerOptions{badFingerprint: true, passive: true})
	go func() { _ = p.connect() }()
	p.events.wait(t, "failure", func() bool { return len(p.events.failed) == 1 })
	if got := p.events.failed[0]; !errors.Is(got, ErrHandshake) || !errors.Is(got, ErrFingerprint) {
		t.Errorf("session failed with %v", got)
	}
	if p.session.media().State().Keys != nil || p.events.connected != 0 {
		t.Error("the session has keys")
	}
}

// Who knows a passive peer's address can not keep it from joining either, except
// with the two messages of which nothing tells whose they are.
func TestForgedHandshakeOfAPassivePeer(t *testing.T) {
	all := forgeries(t)
	delete(all, "HelloVerifyRequest")
	point := append([]byte{3, 0, 23, 65, 4}, rtctest.Noise(64)...)
	all["ServerKeyExchange"] = func() []byte {
		return rtctest.Message(12, 3, append(point[:len(point):len(point)], append([]byte{4, 3, 0, 70}, rtctest.Noise(70)...)...)...)
	}
	all["ServerHello, seq 1"] = func() []byte { return rtctest.Message(msgServerHello, 1, rtctest.Hello(nil, 0xc0, 0x2b)...) }
	all["ServerHelloDone"] = func() []byte { return rtctest.Message(14, 5) }
	for name, forge := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, Config{Workers: 1})
			link := netem.Link{Delay: 5 * time.Millisecond}
			proxy, err := netem.NewProxy(netem.Config{Server: s.Candidates()[0], Up: link, Down: link})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = proxy.Close() })
			p := newPeer(t, s, peerOptions{seats: 1, passive: true, via: func(netip.AddrPort) netip.AddrPort { return proxy.Addr() }})
			stop := forgeFor(proxy, func() bool { return true }, 0, forge, time.Millisecond)
			err = p.connect()
			stop()
			if err != nil {
				t.Fatalf("connect: %v, drops %v", err, s.Figures().Drops)
			}
			// The peer's handshake ends before ours.
			p.events.wait(t, "the engine to be told", func() bool { return p.events.connected == 1 })
			from := join(t, s, peerOptions{})
			p.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
			wantPicture(t, from, p, 0)
		})
	}
}
