package rtc

import (
	"errors"
	"net/netip"
	"testing"
)

func TestBindAddresses(t *testing.T) {
	parse := netip.MustParseAddrPort
	got, err := bindAddresses([]netip.AddrPort{parse("127.0.0.1:7000"), parse("127.0.0.1:7000"), parse("[::ffff:127.0.0.2]:7000")})
	if err != nil || len(got) != 2 || got[0] != parse("127.0.0.1:7000") || got[1] != parse("127.0.0.2:7000") {
		t.Errorf("explicit addresses became %v, %v", got, err)
	}
	got, err = bindAddresses([]netip.AddrPort{parse("0.0.0.0:7000")})
	if err != nil || len(got) == 0 {
		t.Fatalf("all interfaces: %v, %v", got, err)
	}
	for _, a := range got {
		if a.Port() != 7000 || !a.Addr().Is4() || a.Addr().IsUnspecified() || a.Addr().IsLinkLocalUnicast() {
			t.Errorf("0.0.0.0 stands for %s", a)
		}
	}
	if _, err := bindAddresses(nil); !errors.Is(err, ErrNoAddress) {
		t.Errorf("no address: %v", err)
	}
	if _, err := bindAddresses([]netip.AddrPort{{}}); err == nil {
		t.Error("an invalid address was taken")
	}
}

func TestContainerInterfacesAreNotAdvertised(t *testing.T) {
	for name, want := range map[string]bool{
		"docker0": true, "br-3f2a": true, "veth12ab": true, "virbr0": true, "cni0": true,
		"eth0": false, "enp3s0": false, "wlan0": false, "lo": false, "bridge0": false, "tailscale0": false,
	} {
		if got := isVirtual(name); got != want {
			t.Errorf("isVirtual(%q) = %v", name, got)
		}
	}
}

// TestAdvertisedAddress: answers name what the operator said, with the port
// of the sockets.
func TestAdvertisedAddress(t *testing.T) {
	s := listen(t, Config{Advertise: []netip.Addr{netip.MustParseAddr("203.0.113.9")}})
	spec := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 " + fingerprintText}
	sess, text, err := s.Open(t.Context(), "p", spec.offer(), newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	defer sess.Close()
	want := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), s.workers[0].sock.LocalAddr().Port())
	if a := parseAnswer(t, text); len(a.candidates) != 1 || a.candidates[0] != want {
		t.Errorf("candidates %v, want %v", a.candidates, want)
	}
}

// TestTwoLocalAddresses: a subscriber is reached from the address it chose,
// whichever worker has the publisher.
func TestTwoLocalAddresses(t *testing.T) {
	s := listen(t, Config{Workers: 2, Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("127.0.0.2:0")}})
	only := func(i int) peerOptions {
		return peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return s.Candidates()[i] }}
	}
	a, b := join(t, s, only(0)), join(t, s, only(1))
	a.session.Place(0, Placement{From: b.session, Source: Camera, Video: true})
	b.session.Place(0, Placement{From: a.session, Source: Camera, Video: true})
	wantPicture(t, a, b, 0)
	wantPicture(t, b, a, 0)
}

// TestEcho: a session may sit in its own seat.
func TestEcho(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{seats: 1})
	p.session.Place(0, Placement{From: p.session, Source: Camera, Video: true})
	wantPicture(t, p, p, 0)
}
