package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// logged is a log that a server writes and a test reads.
type logged struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) log() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// lines are those that hold part.
func (l *logged) lines(part string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}

func TestHostName(t *testing.T) {
	for host, want := range map[string]string{
		"meet.example": "meet.example", "MEET.Example.:8443": "meet.example", "meet.example:": "meet.example",
		"192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "192.0.2.1.": "192.0.2.1", "[2001:db8::1]": "2001:db8::1",
		"[2001:db8::1]:8443": "2001:db8::1", "[::ffff:192.0.2.1]:1": "::ffff:192.0.2.1", "[fe80::1%25eth0]:1": "fe80::1%25eth0",
		"xn--bcher-kva.example": "xn--bcher-kva.example", "": "", ":80": "",
		// What is no host matches nothing.
		"evil.example:80:80": "evil.example:80:80", "[evil.example]": "[evil.example]", "[::1]x": "[::1]x", "[::1": "[::1",
		"[127.0.0.1]": "[127.0.0.1]", "evil.example:80x": "evil.example:80x", "127.0.0.1@evil.example": "127.0.0.1@evil.example",
	} {
		name, ip := hostName(host)
		got := name
		if ip.IsValid() {
			got = ip.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", host, got, want)
		}
	}
}

func TestHosts(t *testing.T) {
	h, err := newHosts([]string{"meet.example", "*.wild.example", "Bücher.example", "dotted.example."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.addMachine("Box.lan.example")
	for host, want := range map[string]bool{
		"": true, "127.0.0.1:8443": true, "203.0.113.7": true, "[::1]:8443": true, "[2001:db8::1]": true,
		"localhost": true, "localhost:8443": true, "LOCALHOST.": true, "a.localhost": true, "localhost.evil.example": false, "evillocalhost": false,
		"meet.example": true, "MEET.example:8443": true, "meet.example.": true, "a.meet.example": false, "xmeet.example": false, "meet.example.evil": false,
		"a.wild.example": true, "wild.example": false, "a.b.wild.example": false, ".wild.example": false, "*.wild.example": true,
		"xn--bcher-kva.example": true, "dotted.example": true,
		"box": true, "box.local": true, "BOX.local:8443": true, "box.lan.example": true, "box.other.example": false, "lan.example": false,
		"evil.example": false, "evil.example:8443": false, "[evil.example]": false, "127.0.0.1.evil.example": false, "127.0.0.1@evil.example": false,
		"0x7f.1": false, "*": false, ".": true,
	} {
		if got := h.allow(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	for _, bad := range []string{"", ".", "*", "*.", "a.*.example", "**.example", "meet.example:443", "https://meet.example", "meet example", "meet.example/x", "[::1]"} {
		if CheckHost(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzHost: what is let in is an address, localhost or our name, also by how
// net/url reads it.
func FuzzHost(f *testing.F) {
	for _, seed := range []string{"meet.example", "MEET.example.:8443", "[::1]:80", "[fe80::1%25eth0]", "evil.example:80:80", "127.0.0.1.evil.example", "localhost@evil.example", "[127.0.0.1]", "a.wild.example", ":", "[", "."} {
		f.Add(seed)
	}
	h := &hosts{names: map[string]bool{"meet.example": true, "*.wild.example": true}}
	f.Fuzz(func(t *testing.T, host string) {
		u, err := url.Parse("http://" + host + "/")
		if !h.allow(host) || err != nil || u.Host != host {
			return
		}
		name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
		if _, err := netip.ParseAddr(name); err == nil || name == "" || name == "meet.example" || name == "localhost" || strings.HasSuffix(name, ".localhost") {
			return
		}
		if first, found := strings.CutSuffix(name, ".wild.example"); found && first != "" && !strings.Contains(first, ".") {
			return
		}
		t.Fatalf("%q is let in as %q", host, name)
	})
}

// TestMachinesOwnName: who opens http://box:8443 or http://box.local:8443 gets in.
func TestMachinesOwnName(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	h, err := newHosts(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(own, ".")
	for _, host := range []string{own, strings.ToUpper(own), first, first + ".local", first + ".local:8443"} {
		if !h.allow(host) {
			t.Errorf("%s is refused", host)
		}
	}
}

// TestRebinding: a page at a foreign name that resolves to this server gets
// nothing from it.
func TestRebinding(t *testing.T) {
	log := &logged{}
	cfg := Config{APIToken: "s3cret-s3cret-s3cret", Records: &memoryRecords{}, Hosts: []string{"meet.example"}, Origins: []string{"https://allowed.example"}, Log: log.log()}
	onBoth(t, cfg, func(t *testing.T, r *running) {
		resp, _, reader := r.upgrade(t, "/api/v1/ws", offer, "Host: evil.example:8443", "Origin: http://evil.example:8443")
		body, _ := io.ReadAll(io.LimitReader(reader, 200))
		if resp.StatusCode != 421 || !strings.Contains(string(body), `"code":"foreign_host"`) {
			t.Errorf("the rebound page's WebSocket: %s %s", resp.Status, body)
		}
		for _, c := range []struct {
			name, verb, path string
			header           []string
			status           int
		}{
			{"page", "GET", "/", []string{"Host: evil.example"}, 421},
			{"script", "GET", "/sdk/index.js", []string{"Host: evil.example"}, 421},
			{"api", "GET", "/api/v1/meetings", []string{"Host: evil.example"}, 421},
			{"api, wrong token", "GET", "/api/v1/meetings", []string{"Host: evil.example", "Authorization: Bearer guess"}, 421},
			{"api, token", "GET", "/api/v1/meetings", []string{"Host: evil.example", "Authorization: Bearer s3cret-s3cret-s3cret"}, 200},
			{"rating", "POST", "/api/v1/meetings/" + meetingID + "/rating", []string{"Host: evil.example", "Origin: http://evil.example"}, 421},
			{"reach", "POST", "/api/v1/reach", []string{"Host: evil.example", "Origin: http://evil.example"}, 421},
			{"unknown", "GET", "/nothing", []string{"Host: evil.example"}, 421},
			{"an origin is no host", "GET", "/", []string{"Host: allowed.example"}, 421},
			{"forwarded by nobody", "GET", "/", []string{"Host: evil.example", "X-Forwarded-Host: meet.example"}, 421},
			{"healthz", "GET", "/healthz", []string{"Host: evil.example"}, 200},
			{"readyz", "GET", "/readyz", []string{"Host: evil.example"}, 200},
			{"our name", "GET", "/", []string{"Host: MEET.example.:1"}, 200},
			{"localhost", "GET", "/", []string{"Host: localhost:8443"}, 200},
			{"address", "GET", "/", []string{"Host: 192.0.2.1"}, 200},
		} {
			if resp, body := r.do(t, c.verb, c.path, "", c.header...); resp.StatusCode != c.status {
				t.Errorf("%s: %s %.100s, want %d", c.name, resp.Status, body, c.status)
			}
		}
	})
	if n := len(log.lines("host=evil.example ")) + len(log.lines("host=evil.example\n")); n != 2 { // one for each server
		t.Errorf("%d lines about evil.example:\n%s", n, log.lines(""))
	}
}

// TestForms a request can have: the address in the request line wins over Host,
// and programs without Host are no browsers.
func TestForms(t *testing.T) {
	r := start(t, Config{})
	for text, want := range map[string]int{
		"GET / HTTP/1.0\r\n\r\n":                                                                           200,
		"GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n":                                                     421,
		"GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n":                                             200,
		"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":                421,
		"GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n":                200,
		"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n":                                  400,
		"GET / HTTP/1.1\r\nHost: b\xc3\xbccher.example\r\nConnection: close\r\n\r\n":                       421,
		"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\nConnection: close\r\n\r\n": 421,
	} {
		conn := r.rawDial(t)
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn)
		var version string
		var got int
		if _, err := fmt.Sscan(string(answer), &version, &got); err != nil || got != want && !(want == 421 && got == 400) {
			t.Errorf("%q: %.60q, want %d", text, answer, want)
		}
	}
}

func TestForeignPage(t *testing.T) {
	r := start(t, Config{TrustedProxies: []string{"loopback"}})
	for _, header := range []string{"Accept: text/html,*/*", "Sec-Fetch-Mode: navigate"} {
		resp, body := r.do(t, "GET", "/r/tea", "", "X-Forwarded-Host: <b>evil.example", header)
		if resp.StatusCode != 421 || strings.Contains(body, "<b>") || !strings.Contains(body, "&lt;b&gt;") {
			t.Errorf("%s %s", resp.Status, body)
		}
		resp, body = r.do(t, "GET", "/r/tea", "", "Host: evil.example:8443", header)
		if resp.StatusCode != 421 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, "--allow-host evil.example<") ||
			!strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src") {
			t.Errorf("%s %v %s", resp.Status, resp.Header, body)
		}
	}
	resp, body := r.do(t, "GET", "/r/tea", "", "Host: evil.example:8443", "Accept: */*")
	var e struct{ Code, Message, Host string }
	if err := json.Unmarshal([]byte(body), &e); err != nil || resp.StatusCode != 421 || e.Code != "foreign_host" || e.Host != "evil.example:8443" || !strings.Contains(e.Message, "--allow-host") {
		t.Errorf("%s %s", resp.Status, body)
	}
}

// TestForeignNamesDoNotFloodTheLog: each is told once, and of many only the
// first and then a few.
func TestForeignNamesDoNotFloodTheLog(t *testing.T) {
	log := &logged{}
	r := start(t, Config{Log: log.log()})
	for i := range 300 {
		host := fmt.Sprintf("%d.%s.example", i, strings.Repeat("x", 400))
		for range 2 {
			r.do(t, "GET", "/", "", "Host: "+host)
		}
	}
	lines := log.lines("--allow-host")
	if len(lines) < 10 || len(lines) > 25 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len(line) > 500 {
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
	_, body := r.do(t, "GET", "/metrics", "")
	if want := `parley_http_refused_total{reason="foreign_host"} 600`; !strings.Contains(body, want) {
		t.Errorf("no line %s in\n%s", want, grep(body, "refused"))
	}
}

func TestToldIsBounded(t *testing.T) {
	told, now := newTold(time.Second, 10), time.Unix(1000, 0)
	n := 0
	for i := range 10_000 {
		if told.first(fmt.Sprint(i), now) {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d told at once", n)
	}
	for i := range 10_000 {
		now = now.Add(time.Second)
		if what := fmt.Sprint("later ", i); !told.first(what, now) || told.first(what, now) {
			t.Fatalf("%d is not told once", i)
		}
	}
	if len(told.seen) > maxTold {
		t.Errorf("%d are remembered", len(told.seen))
	}
}

// TestNamesOfTheCertificate are ours, also those of the next one, and browsers
// that came by them come back by HTTPS only.
func TestNamesOfTheCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCert(t, dir, 1, "Meet.example", "*.wild.example")
	r := start(t, Config{CertFile: cert, KeyFile: key})
	ask := func(host string) (status int, hsts string) {
		t.Helper()
		resp, _ := r.do(t, "GET", "/healthz", "", "Host: "+host)
		other, _ := r.do(t, "GET", "/test", "", "Host: "+host)
		return other.StatusCode, resp.Header.Get("Strict-Transport-Security")
	}
	for host, want := range map[string]int{
		"meet.example": 200, "a.wild.example": 200, "wild.example": 421, "a.b.wild.example": 421, "next.example": 421, "localhost": 200, "127.0.0.1": 200,
	} {
		status, hsts := ask(host)
		if status != want {
			t.Errorf("%s: %d, want %d", host, status, want)
		}
		if binds := host != "localhost" && host != "127.0.0.1"; (hsts == strictTransport) != binds {
			t.Errorf("%s: Strict-Transport-Security %q", host, hsts)
		}
	}
	writeCert(t, dir, 2, "next.example")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	r.certs.mu.Lock()
	r.certs.checked = time.Time{} // as if certCheck had passed
	r.certs.mu.Unlock()
	r.rawDial(t) // a handshake looks at the file
	if status, _ := ask("next.example"); status != 200 {
		t.Errorf("a name of the new certificate: %d", status)
	}
	if status, _ := ask("meet.example"); status != 421 {
		t.Errorf("a name of the old certificate: %d", status)
	}
	if _, hsts := start(t, Config{}).get(t, "/"); hsts != "" {
		t.Errorf("without TLS: Strict-Transport-Security %q", hsts)
	}
}

// get asks for path and returns the status and the HSTS header.
func (r *running) get(t *testing.T, path string) (status int, hsts string) {
	t.Helper()
	resp, _ := r.do(t, "GET", path, "", "Host: meet.local.localhost")
	return resp.StatusCode, resp.Header.Get("Strict-Transport-Security")
}

// TestAuthority: HTTP/2 names the host in :authority.
func TestAuthority(t *testing.T) {
	cert, key := writeCert(t, t.TempDir(), 1)
	r := start(t, Config{CertFile: cert, KeyFile: key})
	r.http.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	for host, want := range map[string]int{"evil.example": 421, "localhost": 200} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.base+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := r.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.ProtoMajor != 2 || resp.StatusCode != want {
			t.Errorf("%s: %s %s, want %d", host, resp.Proto, resp.Status, want)
		}
	}
}
