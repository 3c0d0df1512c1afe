package httpd

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func headerOf(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

func mustTrust(t testing.TB, list ...string) trusted {
	t.Helper()
	got, err := newTrusted(list)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestWhoAsked: hops are walked from the right, as far as trusted proxies have
// written.
func TestWhoAsked(t *testing.T) {
	inner := mustTrust(t, "loopback", "10.0.0.0/8", "2001:db8:f::/48")
	cases := []struct {
		name, remote string
		headers      []string
		addr         string // "" when it is remote
		proto, host  string
	}{
		{"nothing said", "127.0.0.1", nil, "", "", ""},
		{"stranger", "203.0.113.1", []string{"X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7;host=evil.example", "X-Forwarded-Proto: https"}, "", "", ""},
		{"one", "127.0.0.1", []string{"X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: meet.example"}, "198.51.100.7", "https", "meet.example"},
		{"mapped proxy", "::ffff:10.1.1.1", []string{"X-Forwarded-For: 198.51.100.7"}, "198.51.100.7", "", ""},
		{"forged in front", "127.0.0.1", []string{"X-Forwarded-For: 192.0.2.66, 198.51.100.7"}, "198.51.100.7", "", ""},
		{"forged in a line of its own", "127.0.0.1", []string{"X-Forwarded-For: 192.0.2.66", "X-Forwarded-For: 198.51.100.7"}, "198.51.100.7", "", ""},
		{"rubbish in front", "127.0.0.1", []string{`X-Forwarded-For: "\,<>, ,, 198.51.100.7`}, "198.51.100.7", "", ""},
		{"chain", "127.0.0.1", []string{"X-Forwarded-For: 192.0.2.66, 198.51.100.7, 10.0.0.3, 10.9.0.1"}, "198.51.100.7", "", ""},
		{"only proxies", "127.0.0.1", []string{"X-Forwarded-For: 10.0.0.9, 10.0.0.3"}, "10.0.0.9", "", ""},
		{"unknown", "127.0.0.1", []string{"X-Forwarded-For: 198.51.100.7, unknown"}, "", "", ""},
		{"with a port", "127.0.0.1", []string{"X-Forwarded-For: 198.51.100.7:4711"}, "198.51.100.7", "", ""},
		{"IPv6", "127.0.0.1", []string{"X-Forwarded-For: 2001:db8::7"}, "2001:db8::7", "", ""},
		{"IPv6 in brackets", "127.0.0.1", []string{"X-Forwarded-For: [2001:db8::7]"}, "2001:db8::7", "", ""},
		{"IPv6 with a port", "127.0.0.1", []string{"X-Forwarded-For: [2001:db8::7]:4711"}, "2001:db8::7", "", ""},
		{"IPv6 with a zone", "127.0.0.1", []string{"X-Forwarded-For: fe80::7%eth0"}, "fe80::7", "", ""},
		{"only a host", "127.0.0.1", []string{"X-Forwarded-Host: meet.example"}, "", "", "meet.example"},
		{"as many protos as hops", "127.0.0.1", []string{"X-Forwarded-For: 198.51.100.7, 10.0.0.3", "X-Forwarded-Proto: https, http", "X-Forwarded-Host: meet.example, inner:8080"}, "198.51.100.7", "https", "meet.example"},
		{"one proto for all hops", "127.0.0.1", []string{"X-Forwarded-For: 198.51.100.7, 10.0.0.3", "X-Forwarded-Proto: https"}, "198.51.100.7", "https", ""},
		{"proto of a forger", "127.0.0.1", []string{"X-Forwarded-For: 192.0.2.66, 198.51.100.7", "X-Forwarded-Proto: https, http", "X-Forwarded-Host: a.example, b.example"}, "198.51.100.7", "http", "b.example"},
		{"odd proto", "127.0.0.1", []string{"X-Forwarded-Proto: wss"}, "", "", ""},

		{"standard", "127.0.0.1", []string{`Forwarded: for=198.51.100.7;proto=https;host=meet.example`}, "198.51.100.7", "https", "meet.example"},
		{"standard, quoted", "127.0.0.1", []string{`Forwarded: For="[2001:db8:cafe::17]:4711"; Proto=HTTPS ;host="meet.example:8443";by=_x`}, "2001:db8:cafe::17", "https", "meet.example:8443"},
		{"standard, escaped", "127.0.0.1", []string{`Forwarded: for="198.51.100\.7"`}, "198.51.100.7", "", ""},
		{"standard, chain", "127.0.0.1", []string{`Forwarded: for=192.0.2.66, for=198.51.100.7;host=meet.example;proto=https`, `Forwarded: for="[2001:db8:f::1]";host=inner`}, "198.51.100.7", "https", "meet.example"},
		{"standard, hidden", "127.0.0.1", []string{`Forwarded: for=_hidden;host=meet.example`}, "", "", "meet.example"},
		{"standard, unknown", "127.0.0.1", []string{`Forwarded: for=192.0.2.1, for=unknown`}, "", "", ""},
		{"standard, empty elements", "127.0.0.1", []string{`Forwarded: , for=198.51.100.7,,`}, "198.51.100.7", "", ""},
		{"standard, hidden port", "127.0.0.1", []string{`Forwarded: for="198.51.100.7:_x"`}, "198.51.100.7", "", ""},
		{"both, of one mind", "127.0.0.1", []string{`Forwarded: for=198.51.100.7`, "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"}, "198.51.100.7", "https", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			remote := netip.MustParseAddr(c.remote)
			want := hop{addr: remote, proto: c.proto, host: c.host}
			if c.addr != "" {
				want.addr = netip.MustParseAddr(c.addr)
			}
			if got, err := inner.asked(remote, headerOf(c.headers...)); got != want || err != nil {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

// TestForwardedThatLies: what can not be read, or contradicts, counts for the
// proxy, never for whom it names.
func TestForwardedThatLies(t *testing.T) {
	proxies, remote := mustTrust(t, "loopback"), netip.MustParseAddr("127.0.0.1")
	for _, lines := range [][]string{
		{`Forwarded: for="192.0.2.66, for=198.51.100.7`},              // swallows what the proxy appends
		{`Forwarded: for=192.0.2.66;x=", for="[2001:db8::7]"`},        // the same, and the quotes pair
		{`Forwarded: for="192.0.2.66\`, `Forwarded: for="[2001::1]"`}, // the same over two lines
		{`Forwarded: for=192.0.2.66;for=198.51.100.7`},
		{`Forwarded: for=192.0.2.66 for=198.51.100.7`},
		{`Forwarded: 198.51.100.7`},
		{`Forwarded: for=`},
		{`Forwarded: =x`},
		{`Forwarded: for=a"b"`},
		{`Forwarded: for=192.0.2.66`, "X-Forwarded-For: 198.51.100.7"}, // one of them is the client's own
		{`Forwarded: for=unknown`, "X-Forwarded-For: 198.51.100.7"},
	} {
		if got, err := proxies.asked(remote, headerOf(lines...)); err == nil || got != (hop{addr: remote}) {
			t.Errorf("%q: %+v, %v", lines, got, err)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	list := mustTrust(t, "loopback", "192.0.2.1", "10.1.2.3/8", "2001:db8::/32", "::ffff:192.0.2.9")
	for text, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "192.0.2.1": true, "192.0.2.2": false, "192.0.2.9": true,
		"10.255.0.1": true, "11.0.0.1": false, "2001:db8:1::1%eth0": true, "2001:db9::1": false,
	} {
		if got := list.has(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if list.has(netip.Addr{}) {
		t.Error("no address is trusted")
	}
	for _, bad := range []string{"", "proxy.example", "10.0.0.0/33", "0.0.0.0/0", "::/0", "127.0.0.1:80", "Loopback", "fe80::1%eth0", "::ffff:10.0.0.0/104"} {
		if err := CheckProxy(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzForwarded: whatever a client writes into the headers that its proxy adds
// to, it counts as itself or as that proxy, never as somebody of its choice.
func FuzzForwarded(f *testing.F) {
	f.Add("", "192.0.2.66", true)
	f.Add(`for="192.0.2.66`, `"`, false)
	f.Add(`for=192.0.2.66;x="\`, "unknown, ,", true)
	f.Add(`for=192.0.2.66;host="a,b";proto=https,`, "[::1]:80", false)
	f.Add(`for="[2001:db8::1]:80", for=_x;by=y`, "10.0.0.1", true)
	proxies, remote := mustTrust(f, "loopback"), netip.MustParseAddr("127.0.0.1")
	f.Fuzz(func(t *testing.T, standard, common string, ownLine bool) {
		for _, client := range []string{"198.51.100.7", "2001:db8:cafe::17"} {
			addr := netip.MustParseAddr(client)
			for _, h := range []http.Header{
				{"Forwarded": appended(standard, forwardedFor(addr), ownLine)},
				{"X-Forwarded-For": appended(common, client, ownLine)},
				{"X-Forwarded-For": appended(common, client, ownLine), "Forwarded": {standard}},
				{"Forwarded": appended(standard, forwardedFor(addr), ownLine), "X-Forwarded-For": {common}},
			} {
				got, err := proxies.asked(remote, h)
				if got.addr != addr && got.addr != remote {
					t.Fatalf("%v: %v counts as %v", h, addr, got.addr)
				}
				if err != nil && got != (hop{addr: remote}) {
					t.Fatalf("%v: %+v with %v", h, got, err)
				}
			}
		}
		// What is well formed is read the same from several lines and from one.
		hops, err := parseForwarded(standard)
		again, err2 := parseForwarded("," + standard + " ,")
		if (err == nil) != (err2 == nil) || err == nil && !slices.Equal(hops, again) {
			t.Fatalf("%q: %+v, %v; then %+v, %v", standard, hops, err, again, err2)
		}
	})
}

func forwardedFor(a netip.Addr) string {
	if a.Is6() {
		return `for="[` + a.String() + `]:4711";proto=https;host="meet.example"`
	}
	return "for=" + a.String() + ";proto=https"
}

// appended is what a proxy makes of a header it finds.
func appended(found, own string, ownLine bool) []string {
	switch {
	case ownLine:
		return []string{found, own}
	case found == "":
		return []string{own}
	}
	return []string{found + ", " + own}
}
