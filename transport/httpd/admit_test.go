package httpd

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// soon waits for something that happens in a moment.
func soon(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// refused is a refusal as a client sees it.
type refused struct {
	Code, Message, Limit, Origin, Host string
	RetryAfterMS                       int64 `json:"retry_after_ms"`
	status                             int
	retryAfter                         string
}

func refusalOf(t testing.TB, resp *http.Response, body []byte) refused {
	t.Helper()
	got := refused{status: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After")}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s %q: %v", resp.Status, body, err)
	}
	return got
}

// TestReachSaysWhatTheSocketWould: a page learns why, in the words the upgrade is
// refused with, and asking costs nothing.
func TestReachSaysWhatTheSocketWould(t *testing.T) {
	cases := []struct {
		name    string
		cfg     Config
		prepare func(r *running)
		header  []string
		want    refused
	}{
		{"taken", Config{}, nil, nil, refused{status: 204}},
		{"same origin", Config{}, nil, []string{"Host: localhost:8443", "Origin: http://localhost:8443"}, refused{status: 204}},
		{"cross site, but allowed", Config{Origins: []string{"https://intranet.example"}}, nil, []string{"Origin: https://intranet.example", "Sec-Fetch-Site: cross-site"}, refused{status: 204}},
		{"the proxy changed Host", Config{}, nil, []string{"Host: 127.0.0.1:8443", "Origin: https://meet.example", "Sec-Fetch-Site: same-origin"},
			refused{status: 403, Code: "forbidden_origin", Origin: "https://meet.example", Host: "127.0.0.1:8443"}},
		{"the same for an older browser", Config{}, nil, []string{"Host: 127.0.0.1:8443", "Origin: https://meet.example"},
			refused{status: 403, Code: "forbidden_origin", Origin: "https://meet.example", Host: "127.0.0.1:8443"}},
		{"foreign host", Config{}, nil, []string{"Host: evil.example", "Origin: http://evil.example"}, refused{status: 421, Code: "foreign_host", Host: "evil.example"}},
		{"opens", Config{PerAddress: PerAddress{OpensPerMinute: 1, Loopback: true}}, func(r *running) { r.opened(t) }, nil,
			refused{status: 429, Code: "rate_limited", Limit: "opens", RetryAfterMS: 60_000, retryAfter: "60"}},
		{"sockets", Config{PerAddress: PerAddress{Sockets: 1, Loopback: true}}, func(r *running) { r.opened(t) }, nil,
			refused{status: 429, Code: "rate_limited", Limit: "sockets", RetryAfterMS: 5000, retryAfter: "5"}},
		{"full", Config{MaxConnections: 1}, func(r *running) { r.opened(t) }, nil,
			refused{status: 503, Code: "server_full", RetryAfterMS: 10_000, retryAfter: "10"}},
		{"busy", Config{}, nil, nil,
			refused{status: 503, Code: "server_busy", RetryAfterMS: 5000, retryAfter: "5"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, c.cfg, func(s *Server) {
				if c.want.Code == codeBusy {
					s.descriptors.limit = 1
				}
			})
			if c.prepare != nil {
				c.prepare(r)
			}
			var first refused
			for i := range 3 {
				resp, body := r.do(t, "POST", "/api/v1/reach", "", c.header...)
				if resp.StatusCode == 204 && c.want.status == 204 {
					continue
				}
				got := refusalOf(t, resp, []byte(body))
				checkRefusal(t, got, c.want)
				if i == 0 {
					first = got
				}
			}
			resp, _, reader := r.upgrade(t, "/api/v1/ws", append([]string{offer}, c.header...)...)
			if c.want.status == 204 {
				if resp.StatusCode != 101 {
					t.Fatalf("the upgrade: %s", resp.Status)
				}
				return
			}
			n, _ := strconv.Atoi(resp.Header.Get("Content-Length"))
			body, err := io.ReadAll(io.LimitReader(reader, int64(n)))
			if err != nil {
				t.Fatal(err)
			}
			got := refusalOf(t, resp, body)
			checkRefusal(t, got, c.want)
			if got.Message != first.Message {
				t.Errorf("the upgrade says %q, reach %q", got.Message, first.Message)
			}
		})
	}
	if resp, _ := start(t, Config{}).do(t, "GET", "/api/v1/reach", ""); resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %s", resp.Status)
	}
}

func checkRefusal(t *testing.T, got, want refused) {
	t.Helper()
	if got.Message == "" {
		t.Error("no message")
	}
	// A rate's wait shrinks while the test runs.
	if want.Limit == "opens" && got.RetryAfterMS > 40_000 && got.RetryAfterMS <= want.RetryAfterMS {
		got.RetryAfterMS, got.retryAfter = want.RetryAfterMS, want.retryAfter
	}
	got.Message = ""
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestForbiddenOriginIsExplained: with the case that came from the field, but
// with a port that differs, and the owner reads of it once for each pair.
func TestForbiddenOriginIsExplained(t *testing.T) {
	log := &logged{}
	r := start(t, Config{Hosts: []string{"meet.example", "inner.example"}, Log: log.log()})
	for range 3 {
		for _, host := range []string{"meet.example:80", "inner.example"} {
			resp, body := r.do(t, "POST", "/api/v1/reach", "", "Host: "+host, "Origin: https://meet.example:8443")
			e := refusalOf(t, resp, []byte(body))
			for _, part := range []string{"proxy_set_header Host $http_host", "--trusted-proxies", "--allow-origin"} {
				if !strings.Contains(e.Message, part) {
					t.Errorf("%q does not say %s", e.Message, part)
				}
			}
		}
	}
	for _, host := range []string{"meet.example:80", "inner.example"} {
		lines := log.lines("host=" + host)
		if len(lines) != 1 || !strings.Contains(lines[0], "origin=https://meet.example:8443") {
			t.Errorf("%s: %q", host, lines)
		}
	}
}

// TestHostWithoutPort is what nginx sends with proxy_set_header Host $host.
func TestHostWithoutPort(t *testing.T) {
	request, err := os.ReadFile("testdata/host_without_port.http")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, Config{Hosts: []string{"meet.example"}})
	conn := r.rawDial(t)
	if _, err := io.WriteString(conn, strings.ReplaceAll(strings.TrimRight(string(request), "\n"), "\n", "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 12)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 101" {
		t.Errorf("%q, %v", answer, err)
	}
}

// TestSchool: 1,000 people behind one address come within a minute, all lose
// their sockets at once and come back, and nobody is told to wait. The first
// sockets are still counted then: the server has not noticed yet.
func TestSchool(t *testing.T) {
	s, err := New(Config{Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Shutdown(t.Context()) }()
	r, err := http.NewRequest(http.MethodGet, "/api/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr, r.Host = "[2001:db8::1]:4711", "192.0.2.1"
	v := s.visitorOf(r)
	for i := range 2000 {
		if e := s.admit(r, v); e != nil {
			t.Fatalf("number %d: %v", i+1, e)
		}
	}
}

// TestSocketsLeaveDescriptors: one address can not hold all that there are.
func TestSocketsLeaveDescriptors(t *testing.T) {
	for limit, want := range map[int]int{0: 2500, 64: 32, 1 << 20: 2500} {
		s := &Server{}
		s.descriptors.limit = limit
		s.setLimits(PerAddress{Sockets: 2500})
		a := netip.MustParseAddr("192.0.2.1")
		n := 0
		for s.sockets.Add(a) {
			n++
		}
		if n != want {
			t.Errorf("%d sockets with %d descriptors, want %d", n, limit, want)
		}
	}
}

func TestWrongTokensArePaced(t *testing.T) {
	const right = "s3cret-s3cret-s3cret"
	r := start(t, Config{APIToken: right, Records: &memoryRecords{}, TrustedProxies: []string{"loopback"}})
	ask := func(client, token string) refused {
		t.Helper()
		resp, body := r.do(t, "GET", "/api/v1/meetings", "", "Authorization: Bearer "+token, via(client))
		if resp.StatusCode == 200 {
			return refused{status: 200}
		}
		return refusalOf(t, resp, []byte(body))
	}
	for i := range guessesPerMinute {
		if got := ask("198.51.100.7", "guess"); got.status != 401 {
			t.Fatalf("guess %d: %+v", i, got)
		}
	}
	for range 5 {
		if got := ask("198.51.100.7", "guess"); got.status != 429 || got.Code != "rate_limited" || got.retryAfter == "" || got.RetryAfterMS < 1 || got.RetryAfterMS > 6000 {
			t.Fatalf("one too many: %+v", got)
		}
	}
	// It is not looked at: the answer to a right guess would be one, too.
	if got := ask("198.51.100.7", right); got.status != 429 {
		t.Errorf("the right token among too many guesses: %+v", got)
	}
	if resp, _ := r.do(t, "GET", "/", "", "Host: evil.example", "Authorization: Bearer "+right, via("198.51.100.7")); resp.StatusCode != 421 {
		t.Errorf("at another door: %s", resp.Status)
	}
	if got := ask("198.51.100.8", right); got.status != 200 {
		t.Errorf("another source: %+v", got)
	}
	_, body := r.do(t, "GET", "/metrics", "", "Authorization: Bearer "+right)
	if want := `parley_http_refused_total{reason="guesses"} 6`; !strings.Contains(body, want) {
		t.Errorf("no line %s in\n%s", want, grep(body, "refused"))
	}
	// On loopback alone guesses are paced, too: an unknown proxy may bring them.
	local := start(t, Config{APIToken: right})
	for range guessesPerMinute {
		local.do(t, "GET", "/metrics", "", "Authorization: Bearer guess")
	}
	if resp, _ := local.do(t, "GET", "/metrics", "", "Authorization: Bearer guess"); resp.StatusCode != 429 {
		t.Errorf("on loopback: %s", resp.Status)
	}
}
