package httpd

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/transport/wsconn"
)

// TestDoor: one line opens a door, and the rules of all others hold for it.
func TestDoor(t *testing.T) {
	knock := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("room") == "panic" {
			panic("asked for")
		}
		fmt.Fprintf(w, "in %s", r.PathValue("room"))
	})
	r := start(t, Config{Doors: []Door{{Pattern: "/whip/{room}", Handler: knock}}})
	for _, c := range []struct {
		name, method, path string
		header             []string
		status             int
		want               string
	}{
		{"open", "POST", "/whip/blue", nil, 200, "in blue"},
		{"foreign host", "POST", "/whip/blue", []string{"Host: evil.example"}, 421, "foreign_host"},
		{"foreign origin", "POST", "/whip/blue", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403, "forbidden_origin"},
		{"panic", "POST", "/whip/panic", nil, 500, "internal"},
		{"next to it", "POST", "/whip/", nil, 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := r.do(t, c.method, c.path, "", c.header...)
			if resp.StatusCode != c.status || !strings.Contains(body, c.want) || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %q", resp.Status, body)
			}
		})
	}
	r.wantMetric(t, "parley_http_panics_total 1")
	r.wantMetric(t, `parley_http_requests_total{code="200",route="/whip/{room}"} 1`)
	if resp, _, _ := r.upgrade(t, "/api/v1/ws", offer); resp.StatusCode != 404 {
		t.Errorf("a door that was not opened: %s", resp.Status)
	}
}

// TestSocketDoor: the limits of WebSockets are those of all doors together.
func TestSocketDoor(t *testing.T) {
	echo := func(*wsconn.Conn, *http.Request) wsconn.Handler { return wsconn.Echo{} }
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "no socket") })
	doors := append(meetings(echo), Door{Pattern: "/janus", Handler: page, Socket: &Socket{Protocol: "janus-protocol", Accept: echo}})
	cfg := Config{Doors: doors, PerAddress: PerAddress{Sockets: 2, Loopback: true}}
	onBoth(t, cfg, func(t *testing.T, r *running) {
		if resp, body := r.do(t, "GET", "/janus", ""); resp.StatusCode != 200 || body != "no socket" {
			t.Errorf("no upgrade: %s %q", resp.Status, body)
		}
		if resp, _, _ := r.upgrade(t, "/janus", offer); resp.StatusCode != 400 {
			t.Errorf("another door's protocol: %s", resp.Status)
		}
		resp, conn, reader := r.upgrade(t, "/janus", "Sec-WebSocket-Protocol: janus-protocol")
		if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Protocol") != "janus-protocol" {
			t.Fatalf("%s %v", resp.Status, resp.Header)
		}
		wantEcho(t, conn, reader, "hello")
		if resp, _, _ := r.upgrade(t, "/janus", "Sec-WebSocket-Protocol: janus-protocol", "Origin: https://evil.example"); resp.StatusCode != 403 {
			t.Errorf("foreign origin: %s", resp.Status)
		}
		if got := r.opened(t); got != 101 {
			t.Errorf("the other door: %d", got)
		}
		if got := r.opened(t); got != 429 {
			t.Errorf("one more than both doors may have: %d", got)
		}
	})
}

// TestDoorMistakes: New says which door, and what is wrong with it.
func TestDoorMistakes(t *testing.T) {
	h := http.NotFoundHandler()
	for _, c := range []struct {
		doors []Door
		want  string
	}{
		{[]Door{{Handler: h}}, "a pattern is a path"},
		{[]Door{{Pattern: "relay", Handler: h}}, "a pattern is a path"},
		{[]Door{{Pattern: "meet.example/relay", Handler: h}}, "a pattern is a path"},
		{[]Door{{Pattern: "/relay"}}, "nobody answers"},
		{[]Door{{Pattern: "/relay", Socket: &Socket{}}}, "nobody takes its WebSockets"},
		{[]Door{{Pattern: "/relay/{channel", Handler: h}}, "{channel"},
		{[]Door{{Pattern: "/healthz", Handler: h}}, "/healthz"},
		{[]Door{{Pattern: "POST /healthz", Handler: h}}, `in the place of "/healthz"`},
		{[]Door{{Pattern: "PUT /api/v1/meetings/{id}/rating", Handler: h}}, "in the place of"},
		{[]Door{{Pattern: "HEAD /healthz", Handler: h}}, `in the place of "/healthz"`},
		{[]Door{{Pattern: "HEAD /{$}", Handler: h}}, `in the place of "/"`},
		{[]Door{{Pattern: "TRACE /metrics", Handler: h}}, "in the place of"},
		{[]Door{{Pattern: "PROPFIND /r/{room}", Handler: h}}, `in the place of "/"`},
		{[]Door{{Pattern: "/", Handler: h}}, `"/"`},
		{[]Door{{Pattern: "GET /", Handler: h}}, "conflicts"},
		{[]Door{{Pattern: "GET /{$}", Handler: h}}, `in the place of "/"`},
		{[]Door{{Pattern: "/r/{room}", Handler: h}}, `in the place of "/"`},
		{[]Door{{Pattern: "/sdk/", Handler: h}}, `in the place of "/"`},
		{[]Door{{Pattern: "/relay/{a}", Handler: h}, {Pattern: "/relay/{b}", Handler: h}}, "/relay/{b}"},
	} {
		s, err := New(Config{Doors: c.doors, Log: quiet()})
		if err == nil {
			_ = s.Shutdown(t.Context())
			t.Errorf("%+v is taken", c.doors)
			continue
		}
		last := c.doors[len(c.doors)-1].Pattern
		if !strings.Contains(err.Error(), "door") || !strings.Contains(err.Error(), last) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q does not name %q and %q", err, last, c.want)
		}
	}
	for _, pattern := range []string{"/relay/{channel}", "GET /watch/{room}", "/socket.io/", "/api/v1/other", "POST /whip/{room}", "HEAD /whip/{room}", "PATCH /whip/{room}"} {
		s, err := New(Config{Doors: []Door{{Pattern: pattern, Handler: h}}, Log: quiet()})
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		_ = s.Shutdown(t.Context())
	}
}
