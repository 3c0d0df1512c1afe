package udp

import (
	"net/netip"
	"testing"
)

func TestAddrRoundTrip(t *testing.T) {
	for _, s := range []string{"127.0.0.1:1", "192.0.2.7:65535", "[::1]:8443", "[2001:db8::17]:443"} {
		want := netip.MustParseAddrPort(s)
		a := AddrFrom(want)
		if got := a.AddrPort(); got != want {
			t.Errorf("AddrFrom(%s).AddrPort() = %s", s, got)
		}
	}
	mapped := AddrFrom(netip.MustParseAddrPort("[::ffff:192.0.2.7]:9"))
	if got := mapped.AddrPort().String(); got != "192.0.2.7:9" {
		t.Errorf("mapped address became %s", got)
	}
}

func TestTableTellsAddressesApart(t *testing.T) {
	var table Table[int]
	names := []string{
		"192.0.2.1:80", "192.0.2.1:81", "192.0.2.2:80", "0.80.192.0:513",
		"[2001:db8::1]:80", "[2001:db8::1]:81", "[2001:db8::2]:80", "[2001:db8:1::1]:80",
	}
	for i, s := range names {
		a := AddrFrom(netip.MustParseAddrPort(s))
		table.Put(&a, i)
	}
	if table.Len() != len(names) {
		t.Fatalf("table holds %d addresses, want %d", table.Len(), len(names))
	}
	for i, s := range names {
		a := AddrFrom(netip.MustParseAddrPort(s))
		if got, ok := table.Get(&a); !ok || got != i {
			t.Errorf("Get(%s) = %d, %v, want %d", s, got, ok, i)
		}
		for j, other := range names {
			b := AddrFrom(netip.MustParseAddrPort(other))
			if a.Equal(&b) != (i == j) {
				t.Errorf("Equal(%s, %s) = %v", s, other, i != j)
			}
		}
		table.Delete(&a)
		if _, ok := table.Get(&a); ok {
			t.Errorf("%s still there after Delete", s)
		}
	}
}
