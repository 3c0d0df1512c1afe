package httpd

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"parley/transport/wsconn"
)

// opened asks for a WebSocket and returns the status.
func (r *running) opened(t testing.TB, header ...string) int {
	t.Helper()
	resp, _, _ := r.upgrade(t, "/api/v1/ws", append([]string{offer}, header...)...)
	return resp.StatusCode
}

func via(client string) string { return "X-Forwarded-For: " + client }

// public makes a server believe that it listens for everybody.
func public(t testing.TB, cfg Config) *running {
	t.Helper()
	r := start(t, cfg)
	r.exposed.Store(true)
	return r
}

// TestLimitsBehindAProxy: each client of a trusted proxy has limits of its own,
// wherever the proxy is. All of them together had one share, or none.
func TestLimitsBehindAProxy(t *testing.T) {
	for name, serve := range map[string]func(testing.TB, Config) *running{
		"on this host":    func(t testing.TB, cfg Config) *running { return start(t, cfg) },
		"on another host": public,
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan netip.Addr, 100)
			r := serve(t, Config{
				TrustedProxies: []string{"loopback"}, PerAddress: PerAddress{Sockets: 2, Requests: 2},
				Doors: meetings(func(c *wsconn.Conn, _ *http.Request) wsconn.Handler {
					seen <- c.Source()
					return wsconn.Echo{}
				}),
			})
			for i := range 10 {
				client := fmt.Sprintf("198.51.100.%d", i)
				for range 2 {
					if got := r.opened(t, via("192.0.2.66, "+client)); got != 101 {
						t.Fatalf("%s: %d", client, got)
					}
					if got := within(t, seen, "connection"); got.String() != client {
						t.Fatalf("%s counts as %v", client, got)
					}
				}
				if got := r.opened(t, via(client)); got != 429 {
					t.Fatalf("%s, one too many: %d", client, got)
				}
			}
			// Whom the proxy does not name counts as the proxy.
			for i, want := range []int{101, 101, 429} {
				if got := r.opened(t); got != want {
					t.Errorf("unnamed %d: %d, want %d", i, got, want)
				}
			}
		})
	}
}

// TestSocketsAreGivenBackToTheirClient: not to the proxy.
func TestSocketsAreGivenBackToTheirClient(t *testing.T) {
	r := start(t, Config{TrustedProxies: []string{"loopback"}, PerAddress: PerAddress{Sockets: 1}})
	for range 5 {
		_, conn, _ := r.upgrade(t, "/api/v1/ws", offer, via("198.51.100.7"))
		if got := r.opened(t, via("198.51.100.7")); got != 429 {
			t.Fatalf("a second one: %d", got)
		}
		conn.Close()
		client := netip.MustParseAddr("198.51.100.7")
		soon(t, "the socket is given back", func() bool { return !r.sockets.Full(client) })
	}
}

// TestLoopbackExemption holds only while nobody else can come from there.
func TestLoopbackExemption(t *testing.T) {
	strict := PerAddress{Sockets: 1}
	count := func(r *running, header ...string) (taken int) {
		for range 3 {
			if r.opened(t, header...) == 101 {
				taken++
			}
		}
		return taken
	}
	if n := count(start(t, Config{PerAddress: strict})); n != 3 {
		t.Errorf("on loopback alone: %d of 3", n)
	}
	if n := count(public(t, Config{PerAddress: strict})); n != 1 {
		t.Errorf("on all interfaces: %d", n)
	}
	if n := count(start(t, Config{PerAddress: strict, TrustedProxies: []string{"10.0.0.1"}})); n != 1 {
		t.Errorf("with a trusted proxy: %d", n)
	}
	if n := count(public(t, Config{PerAddress: strict}), via("198.51.100.7")); n != 1 {
		t.Errorf("who says it is somebody else, untrusted: %d", n)
	}
}

// TestRequestsBehindAProxy: requests at once of one client are bounded, those of
// the proxy are not.
func TestRequestsBehindAProxy(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	r := start(t, Config{
		TrustedProxies: []string{"loopback"}, PerAddress: PerAddress{Requests: 2},
		Ready: func() error { entered <- struct{}{}; <-leave; return nil },
	})
	done := make(chan int, 4)
	ask := func(client string) {
		resp, _ := r.do(t, "GET", "/readyz", "", via(client))
		done <- resp.StatusCode
	}
	for range 2 {
		go ask("198.51.100.7")
		within(t, entered, "request")
	}
	if resp, body := r.do(t, "GET", "/healthz", "", via("198.51.100.7")); resp.StatusCode != 429 || !strings.Contains(body, `"limit":"requests"`) || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the third: %s %s", resp.Status, body)
	}
	for range 2 {
		go ask("198.51.100.8")
		within(t, entered, "request of another client")
	}
	close(leave)
	for range 4 {
		if got := within(t, done, "answer"); got != 200 {
			t.Errorf("answered %d", got)
		}
	}
	if resp, _ := r.do(t, "GET", "/healthz", "", via("198.51.100.7")); resp.StatusCode != 200 {
		t.Errorf("afterwards: %s", resp.Status)
	}
}

// TestHostAndOriginBehindAProxy: what the proxy was asked for is what counts.
func TestHostAndOriginBehindAProxy(t *testing.T) {
	cases := []struct {
		name   string
		header []string
		status int
	}{
		{"its own host", []string{"Host: inner:8443", "Origin: https://meet.example"}, 421},
		{"forwarded host", []string{"Host: inner:8443", "X-Forwarded-Host: meet.example", "Origin: https://meet.example"}, 101},
		{"standard", []string{"Host: inner:8443", `Forwarded: for=198.51.100.7;host="meet.example:8443";proto=https`, "Origin: https://meet.example:8443"}, 101},
		{"other port", []string{"X-Forwarded-Host: meet.example:8443", "Origin: https://meet.example"}, 403},
		{"foreign host", []string{"X-Forwarded-Host: evil.example", "Origin: https://evil.example"}, 421},
		{"foreign origin", []string{"X-Forwarded-Host: meet.example", "Origin: https://evil.example"}, 403},
		{"it came by HTTPS", []string{"X-Forwarded-Host: meet.example", "X-Forwarded-Proto: https", "Origin: http://meet.example"}, 403},
		{"it came by HTTP", []string{"X-Forwarded-Host: meet.example", "X-Forwarded-Proto: http", "Origin: http://meet.example"}, 101},
	}
	r := start(t, Config{TrustedProxies: []string{"loopback"}, Hosts: []string{"meet.example"}})
	for _, c := range cases {
		if got := r.opened(t, append(c.header, via("198.51.100.7"))...); got != c.status {
			t.Errorf("%s: %d, want %d", c.name, got, c.status)
		}
	}
	// A rating goes by the same rule, also from browsers without Sec-Fetch-Site.
	resp, body := r.do(t, "POST", "/api/v1/meetings/"+noID+"/rating", `{"token":"x","stars":5}`, "Host: inner.localhost", "X-Forwarded-Host: meet.example", "Origin: https://meet.example", via("198.51.100.7"))
	if resp.StatusCode != 404 {
		t.Errorf("a rating: %s %s", resp.Status, body)
	}
}

// TestAPIBehindAProxy: without a token nobody gets it through a proxy, trusted
// or not, mute or not.
func TestAPIBehindAProxy(t *testing.T) {
	for _, path := range []string{"/metrics", "/api/v1/meetings", "/debug/pprof/heap"} {
		for _, c := range []struct {
			name    string
			proxies []string
			header  []string
			status  int
		}{
			{"direct", nil, nil, 200},
			{"untrusted", nil, []string{via("198.51.100.7")}, 401},
			{"untrusted, says loopback", nil, []string{via("127.0.0.1")}, 401},
			{"untrusted, only the host", nil, []string{"X-Forwarded-Host: localhost"}, 401},
			{"untrusted, standard", nil, []string{"Forwarded: for=127.0.0.1"}, 401},
			{"untrusted, via", nil, []string{"Via: 1.1 x"}, 401},
			{"trusted", []string{"loopback"}, []string{via("198.51.100.7")}, 401},
			{"trusted, says loopback", []string{"loopback"}, []string{via("127.0.0.1")}, 401},
			{"trusted, mute", []string{"loopback"}, nil, 401},
			{"trusted elsewhere", []string{"10.0.0.1"}, nil, 200},
		} {
			r := start(t, Config{Debug: true, Records: &memoryRecords{}, TrustedProxies: c.proxies})
			soon(t, "the server listens", r.onLoopback)
			if resp, _ := r.do(t, "GET", path, "", c.header...); resp.StatusCode != c.status {
				t.Errorf("%s %s: %s, want %d", path, c.name, resp.Status, c.status)
			}
		}
	}
}

// TestProxiesAreHintedAt: an owner who forgot the flag reads of it, once.
func TestProxiesAreHintedAt(t *testing.T) {
	log := &logged{}
	forgotten := start(t, Config{Log: log.log()})
	for range 3 {
		forgotten.do(t, "GET", "/", "", via("198.51.100.7"))
	}
	if lines := log.lines("--trusted-proxies"); len(lines) != 1 || strings.Contains(lines[0], "198.51.100.7") {
		t.Errorf("untrusted: %q", lines)
	}
	mute := start(t, Config{Log: log.log(), TrustedProxies: []string{"loopback"}})
	for range 3 {
		mute.do(t, "GET", "/", "")
		mute.do(t, "GET", "/", "", `Forwarded: for="198.51.100.7`)
	}
	if n := len(log.lines("X-Forwarded-For")); n != 1 {
		t.Errorf("mute: %d lines", n)
	}
	if n := len(log.lines("does not count")); n != 1 {
		t.Errorf("unreadable: %d lines", n)
	}
}
