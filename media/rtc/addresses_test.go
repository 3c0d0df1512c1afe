package rtc

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
)

func TestBindAddresses(t *testing.T) {
	parse := netip.MustParseAddrPort
	local := []netip.Addr{netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("2001:db8::7")}
	for _, c := range []struct {
		want, got []netip.AddrPort
	}{
		{[]netip.AddrPort{parse("127.0.0.1:7000"), parse("127.0.0.1:7000"), parse("[::ffff:127.0.0.2]:7000")}, []netip.AddrPort{parse("127.0.0.1:7000"), parse("127.0.0.2:7000")}},
		{[]netip.AddrPort{parse("0.0.0.0:7000")}, []netip.AddrPort{parse("10.0.0.7:7000")}},
		{[]netip.AddrPort{parse("[::]:7000")}, []netip.AddrPort{parse("10.0.0.7:7000"), parse("[2001:db8::7]:7000")}},
	} {
		if got, err := bindAddresses(c.want, local); err != nil || !slices.Equal(got, c.got) {
			t.Errorf("%v became %v, %v", c.want, got, err)
		}
	}
	if _, err := bindAddresses(nil, local); !errors.Is(err, ErrNoAddress) {
		t.Errorf("no address: %v", err)
	}
	if _, err := bindAddresses([]netip.AddrPort{{}}, local); err == nil {
		t.Error("an invalid address was taken")
	}
}

func TestInterfaceAddresses(t *testing.T) {
	got, _, err := interfaceAddresses(nil)
	if err != nil || len(got) == 0 {
		t.Fatalf("all interfaces: %v, %v", got, err)
	}
	for _, a := range got {
		if a.IsUnspecified() || a.IsLinkLocalUnicast() {
			t.Errorf("an interface has %s", a)
		}
	}
	loopback := loopbackName(t)
	got, absent, err := interfaceAddresses([]string{loopback, "nosuch0"})
	if err != nil || len(got) == 0 || !slices.Equal(absent, []string{"nosuch0"}) {
		t.Fatalf("%s and nosuch0: %v, absent %v, %v", loopback, got, absent, err)
	}
	for _, a := range got {
		if !a.IsLoopback() {
			t.Errorf("%s has %s", loopback, a)
		}
	}
}

func loopbackName(t *testing.T) string {
	list, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 })
	if i < 0 {
		t.Skip("no loopback interface")
	}
	return list[i].Name
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
	want := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), netip.MustParseAddrPort(s.Figures().Workers[0].Address).Port())
	if a := parseAnswer(t, text.SDP); len(a.candidates) != 1 || a.candidates[0] != want {
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
