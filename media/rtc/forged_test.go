package rtc

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"

	"parley/media/dtlsgate"
	"parley/media/netem"
	"parley/media/rtc/rtctest"
)

// The handshake messages that are forged.
const (
	msgServerHello, msgHelloVerify, msgCertificate = 2, 3, 11
	msgKeyExchange, msgVerify, msgFinished         = 16, 15, 20
)

// forgeries are what somebody can send who knows a peer's address and nothing
// else of its handshake.
func forgeries(t *testing.T) map[string]func() []byte {
	gcm := []byte{0xc0, 0x2b}
	other := newPeerCertificate(t)
	point := append([]byte{65, 4}, rtctest.Noise(64)...)
	signature := append([]byte{4, 3, 0, 70}, rtctest.Noise(70)...)
	encrypted := func(kind byte, n int) []byte {
		r := append([]byte{kind, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, byte(n)}, rtctest.Noise(n)...)
		return r
	}
	const fatal, warning, handshakeFailure, closeNotify = 2, 1, 40, 0
	const changeCipherSpec, alert, data = 20, 21, 23
	return map[string]func() []byte{
		"ClientHello, other random": func() []byte { return rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(nil, gcm...)...) },
		"ClientHello, null cipher":  func() []byte { return rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(nil, 0, 0)...) },
		"ClientHello, seq 1":        func() []byte { return rtctest.Message(rtctest.ClientHello, 1, rtctest.Hello(nil, gcm...)...) },
		"ClientHello, guessed cookie": func() []byte {
			return rtctest.Message(rtctest.ClientHello, 1, rtctest.Hello(rtctest.Noise(20), gcm...)...)
		},
		"ClientHello, cookie in seq 0": func() []byte {
			return rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(rtctest.Noise(20), gcm...)...)
		},
		"ClientHello, first part": func() []byte {
			b := rtctest.Hello(nil, gcm...)
			return rtctest.Part(rtctest.ClientHello, 0, len(b), 0, b[:60]...)
		},
		"ClientHello, cut": func() []byte { return rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(nil, gcm...)[:20]...) },
		"alert":            func() []byte { return rtctest.Clear(alert, fatal, handshakeFailure) },
		"close_notify":     func() []byte { return rtctest.Clear(alert, warning, closeNotify) },
		"alert behind a strange record": func() []byte {
			return append(rtctest.Clear(63, 1, 2, 3), rtctest.Clear(alert, fatal, handshakeFailure)...)
		},
		"alert behind a ClientHello": func() []byte {
			return append(rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(nil, gcm...)...), rtctest.Clear(alert, fatal, handshakeFailure)...)
		},
		"alert behind a change of cipher": func() []byte {
			return append(rtctest.Clear(changeCipherSpec, 1), rtctest.Clear(alert, fatal, handshakeFailure)...)
		},
		"HelloVerifyRequest": func() []byte {
			return rtctest.Message(msgHelloVerify, 0, append([]byte{0xfe, 0xfd, 20}, rtctest.Noise(20)...)...)
		},
		"ServerHello":                 func() []byte { return rtctest.Message(msgServerHello, 0, rtctest.Hello(nil, gcm...)...) },
		"change of cipher":            func() []byte { return rtctest.Clear(changeCipherSpec, 1) },
		"Certificate, empty":          func() []byte { return rtctest.Message(msgCertificate, 1, 0, 0, 0) },
		"Certificate, foreign":        func() []byte { return rtctest.Message(msgCertificate, 1, certificateBody(other)...) },
		"Certificate, foreign, seq 2": func() []byte { return rtctest.Message(msgCertificate, 2, certificateBody(other)...) },
		"ClientKeyExchange":           func() []byte { return rtctest.Message(msgKeyExchange, 2, point...) },
		"ClientKeyExchange, seq 1":    func() []byte { return rtctest.Message(msgKeyExchange, 1, point...) },
		"CertificateVerify":           func() []byte { return rtctest.Message(msgVerify, 3, signature...) },
		"Finished in the clear":       func() []byte { return rtctest.Message(msgFinished, 4, rtctest.Noise(12)...) },
		"fragment, huge":              func() []byte { return rtctest.Part(msgCertificate, 1, 1<<24-1, 0, rtctest.Noise(1000)...) },
		"fragment, beyond its end":    func() []byte { return rtctest.Part(msgCertificate, 1, 500, 400, rtctest.Noise(300)...) },
		"fragments, overlapping": func() []byte {
			return rtctest.Part(msgCertificate, 1, 400, int(rtctest.Noise(1)[0]), rtctest.Noise(100)...)
		},
		"fragment, empty": func() []byte { return rtctest.Part(msgCertificate, 1, 400, 0) },
		"many of each at once": func() (all []byte) {
			for range 4 {
				all = append(all, rtctest.Message(msgCertificate, 1, certificateBody(rtctest.Noise(20))...)...)
				for range 6 {
					all = append(all, rtctest.Message(msgKeyExchange, 2, rtctest.Noise(4)...)...)
					all = append(all, rtctest.Message(msgVerify, 3, append([]byte{4, 3, 0, 8}, rtctest.Noise(8)...)...)...)
				}
			}
			return all
		},
		"key exchange and signature": func() []byte {
			return append(rtctest.Message(msgKeyExchange, 2, point...), rtctest.Message(msgVerify, 3, signature...)...)
		},
		"far ahead":       func() []byte { return rtctest.Message(msgCertificate, 60000, rtctest.Noise(100)...) },
		"unknown message": func() []byte { return rtctest.Message(99, 1, rtctest.Noise(50)...) },
		"unknown record":  func() []byte { return rtctest.Clear(63, rtctest.Noise(50)...) },
		"heartbeat":       func() []byte { return rtctest.Clear(24, rtctest.Noise(50)...) },
		"lying length": func() []byte {
			b := rtctest.Clear(rtctest.RecordHandshake, rtctest.Noise(50)...)
			b[12] = 200
			return b
		},
		"record number at its end": func() []byte {
			b := rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(nil, gcm...)...)
			copy(b[5:11], "\xff\xff\xff\xff\xff\xff")
			return b
		},
		"encrypted handshake": func() []byte { return encrypted(rtctest.RecordHandshake, 48) },
		"encrypted alert":     func() []byte { return encrypted(alert, 26) },
		"encrypted data":      func() []byte { return encrypted(data, 60) },
		"epoch 2":             func() []byte { b := encrypted(rtctest.RecordHandshake, 48); b[4] = 2; return b },
		"TLS 1.2": func() []byte {
			b := rtctest.Clear(rtctest.RecordHandshake, rtctest.Noise(50)...)
			b[1], b[2] = 3, 3
			return b
		},
		"DTLS 1.3":          func() []byte { return append([]byte{0x2f}, rtctest.Noise(60)...) },
		"data in the clear": func() []byte { return rtctest.Clear(data, 1, 2, 3) },
		"random":            func() []byte { return append([]byte{rtctest.RecordHandshake}, rtctest.Noise(120)...) },
	}
}

func newPeerCertificate(t *testing.T) []byte {
	t.Helper()
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return c.Certificate[0]
}

// certificateBody is the body of a Certificate message with one certificate.
func certificateBody(der []byte) []byte {
	n, m := len(der)+3, len(der)
	return append([]byte{byte(n >> 16), byte(n >> 8), byte(n), byte(m >> 16), byte(m >> 8), byte(m)}, der...)
}

// TestForgedHandshake: who knows a peer's address can not keep it from joining,
// neither with one datagram before the peer says anything nor with 1,000 a
// second all along.
func TestForgedHandshake(t *testing.T) {
	for name, forge := range forgeries(t) {
		for how, every := range map[string]time.Duration{"once before": 0, "all along": time.Millisecond} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				attacked(t, forge, every, nil)
			})
		}
	}
}

// TestForgedHandshakeUnderWay: nor with datagrams that come when the peer's
// handshake has begun, one at any moment of it or 1,000 a second from then on.
func TestForgedHandshakeUnderWay(t *testing.T) {
	all := forgeries(t)
	begun := func(p *peer) bool {
		st := p.session.media().Path().State()
		return st.Shaking || st.Keyed
	}
	for name, forge := range all {
		t.Run(name+", all along", func(t *testing.T) {
			t.Parallel()
			attackedFrom(t, begun, 0, forge, time.Millisecond, nil)
		})
	}
	for _, name := range []string{"ClientHello, other random", "ClientHello, null cipher", "ClientHello, seq 1", "Certificate, foreign", "CertificateVerify"} {
		for _, after := range []time.Duration{0, 4, 8, 12, 20} {
			t.Run(fmt.Sprintf("%s, once after %d ms", name, after), func(t *testing.T) {
				t.Parallel()
				attackedFrom(t, begun, after*time.Millisecond, all[name], 0, nil)
			})
		}
	}
}

// TestForgedHandshakeBetween: nor with one that comes when the peer's address is
// proven and its own ClientHello is still to come.
func TestForgedHandshakeBetween(t *testing.T) {
	for name, forge := range forgeries(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, Config{Workers: 1})
			proxy, err := netem.NewProxy(netem.Config{Server: s.Candidates()[0]})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = proxy.Close() })
			p := newPeer(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return proxy.Addr() }})
			p.between = func() {
				proxy.Forge(forge())
				time.Sleep(20 * time.Millisecond)
			}
			if err := p.connect(); err != nil {
				t.Fatalf("connect: %v, drops %v", err, s.Figures().Drops)
			}
		})
	}
}

// TestCookies: the cookie waits for a peer that begins its handshake; one that
// did not get it gets another when it says hello.
func TestCookies(t *testing.T) {
	for name, lost := range map[string]int{"waits": 0, "is lost": 5} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{Workers: 1})
			p := newPeer(t, s, peerOptions{})
			var got atomic.Int32
			p.pipe.lose = func(pkt []byte) bool {
				if !dtlsgate.IsRetry(pkt) {
					return false
				}
				return int(got.Add(1)) <= lost
			}
			p.between = func() {
				time.Sleep(20 * time.Millisecond)
				if lost == 0 && got.Load() == 0 {
					t.Error("no cookie waits")
				}
			}
			if err := p.connect(); err != nil {
				t.Fatal(err)
			}
			if n := int(got.Load()); n <= lost {
				t.Errorf("%d cookies came, %d were to be lost", n, lost)
			}
		})
	}
}

// TestForgedHelloBehindALostFlight: the peer's hello comes again, ours to it was
// lost, and somebody else's came meanwhile.
func TestForgedHelloBehindALostFlight(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	proxy, err := netem.NewProxy(netem.Config{Server: s.Candidates()[0]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	p := newPeer(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return proxy.Addr() }})
	forge, lost := forgeries(t)["ClientHello, other random"], 0
	p.pipe.lose = func(pkt []byte) bool {
		if pkt[0] != rtctest.RecordHandshake || lost > 0 {
			return false
		}
		lost++
		proxy.Forge(forge())
		return true
	}
	if err := p.connect(); err != nil {
		t.Fatalf("connect: %v, drops %v", err, s.Figures().Drops)
	}
}

// TestForgedHandshakeInFragments: nor if its own messages come in pieces.
func TestForgedHandshakeInFragments(t *testing.T) {
	all := forgeries(t)
	for _, name := range []string{"ClientHello, other random", "Certificate, foreign", "fragments, overlapping", "fragment, huge"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attacked(t, all[name], time.Millisecond, dtls.WithMTU(120))
		})
	}
}

// attacked has a peer join while forged datagrams come from its address.
func attacked(t *testing.T, forge func() []byte, every time.Duration, option dtls.ClientOption) {
	t.Helper()
	attackedFrom(t, func(*peer) bool { return true }, 0, forge, every, option)
}

// attackedFrom is attacked from so long after begun is true on.
func attackedFrom(t *testing.T, begun func(*peer) bool, after time.Duration, forge func() []byte, every time.Duration, option dtls.ClientOption) {
	t.Helper()
	s := listen(t, Config{Workers: 1})
	link := netem.Link{Delay: 5 * time.Millisecond}
	proxy, err := netem.NewProxy(netem.Config{Server: s.Candidates()[0], Up: link, Down: link})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	p := newPeer(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return proxy.Addr() }})
	p.extra = option
	stop := forgeFor(proxy, func() bool { return begun(p) }, after, forge, every)
	err = p.connect()
	stop()
	if err != nil {
		t.Fatalf("connect: %v, drops %v", err, s.Figures().Drops)
	}
	from := join(t, s, peerOptions{})
	p.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, p, 0)
}

// forgeFor sends forged datagrams from a proxy's client, as soon as there is one
// and so long after begun is true: one only if every is 0. It goes on until stop
// is called.
func forgeFor(proxy *netem.Proxy, begun func() bool, after time.Duration, forge func() []byte, every time.Duration) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(max(every, 100*time.Microsecond))
		defer tick.Stop()
		started := false
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			if !started && begun() {
				started = true
				time.Sleep(after)
			}
			if started && proxy.Forge(forge()) > 0 && every == 0 {
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}
