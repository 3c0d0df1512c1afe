package httpd

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"crypto/tls"

	"github.com/prometheus/client_golang/prometheus"
)

func TestREST(t *testing.T) {
	const good = `{"token":"secret","stars":5,"comment":"fine"}`
	rating, record := "/api/v1/meetings/"+meetingID+"/rating", "/api/v1/meetings/"+meetingID+"/record"
	cases := []struct {
		name, verb, path, body string
		header                 string
		status                 int
		want                   string // part of the body
	}{
		{"list", "GET", "/api/v1/meetings", "", "", 200, `{"meetings":[{"id":"` + meetingID},
		{"list, one", "GET", "/api/v1/meetings?limit=1", "", "", 200, `"next":"` + meetingID + `"`},
		{"list, room", "GET", "/api/v1/meetings?room=blue&before=" + meetingID, "", "", 200, `"meetings"`},
		{"list, no limit", "GET", "/api/v1/meetings?limit=0", "", "", 400, `"code":"bad_request"`},
		{"list, limit too large", "GET", "/api/v1/meetings?limit=201", "", "", 400, `"code":"bad_request"`},
		{"list, limit no number", "GET", "/api/v1/meetings?limit=x", "", "", 400, `"code":"bad_request"`},
		{"list, bad before", "GET", "/api/v1/meetings?before=../x", "", "", 400, `"code":"bad_request"`},
		{"list, long room", "GET", "/api/v1/meetings?room=" + strings.Repeat("a", 1025), "", "", 400, `"code":"bad_request"`},
		{"list, room not text", "GET", "/api/v1/meetings?room=%ff", "", "", 400, `"code":"bad_request"`},
		{"list, post", "POST", "/api/v1/meetings", "{}", "", 405, `"code":"method_not_allowed"`},
		{"one", "GET", "/api/v1/meetings/" + meetingID, "", "", 200, `"participants":[{"participant":"p1"`},
		{"one, head", "HEAD", "/api/v1/meetings/" + meetingID, "", "", 200, ``},
		{"one, unknown", "GET", "/api/v1/meetings/" + noID, "", "", 404, `"code":"not_found"`},
		{"one, no id", "GET", "/api/v1/meetings/x", "", "", 404, `"code":"not_found"`},
		{"one, traversal", "GET", "/api/v1/meetings/..%2f..%2fetc", "", "", 404, `"code":"not_found"`},
		{"one, delete", "DELETE", "/api/v1/meetings/" + meetingID, "", "", 405, `"code":"method_not_allowed"`},
		{"rate", "POST", rating, good, "", 204, ``},
		{"rate, same site", "POST", rating, good, "Sec-Fetch-Site: same-origin", 204, ``},
		{"rate, other site", "POST", rating, good, "Sec-Fetch-Site: cross-site", 403, `"code":"forbidden_origin"`},
		{"rate, other origin", "POST", rating, good, "Origin: https://evil.example", 403, `"code":"forbidden_origin"`},
		{"rate, allowed origin", "POST", rating, good, "Origin: https://intranet.example", 204, ``},
		{"rate, wrong token", "POST", rating, `{"token":"x","stars":5}`, "", 403, `"code":"unauthorized"`},
		{"rate, no token", "POST", rating, `{"stars":5}`, "", 400, `"code":"bad_request"`},
		{"rate, no stars", "POST", rating, `{"token":"secret"}`, "", 400, `"code":"bad_request"`},
		{"rate, six stars", "POST", rating, `{"token":"secret","stars":6}`, "", 400, `"code":"bad_request"`},
		{"rate, stars as text", "POST", rating, `{"token":"secret","stars":"5"}`, "", 400, `"code":"bad_request"`},
		{"rate, half", "POST", rating, `{"token":"secret","stars":4.5}`, "", 400, `"code":"bad_request"`},
		{"rate, not json", "POST", rating, `stars=5`, "", 400, `"code":"bad_request"`},
		{"rate, empty", "POST", rating, ``, "", 400, `"code":"bad_request"`},
		{"rate, array", "POST", rating, `[]`, "", 400, `"code":"bad_request"`},
		{"rate, long comment", "POST", rating, `{"token":"secret","stars":5,"comment":"` + strings.Repeat("ä", 2001) + `"}`, "", 400, `"code":"bad_request"`},
		{"rate, long token", "POST", rating, `{"token":"` + strings.Repeat("x", 600) + `","stars":5}`, "", 400, `"code":"bad_request"`},
		{"rate, large body", "POST", rating, `{"comment":"` + strings.Repeat("x", 70_000) + `"}`, "", 413, `"code":"too_large"`},
		{"rate, unknown meeting", "POST", "/api/v1/meetings/" + noID + "/rating", good, "", 404, `"code":"not_found"`},
		{"rate, get", "GET", rating, "", "", 405, `"code":"method_not_allowed"`},
		{"record", "GET", record, "", "Authorization: Bearer secret", 200, `"participants":[{"name":"Ann","you":true`},
		{"record, head", "HEAD", record, "", "Authorization: Bearer secret", 200, ``},
		{"record, wrong token", "GET", record, "", "Authorization: Bearer x", 403, `"code":"unauthorized"`},
		{"record, unknown meeting", "GET", "/api/v1/meetings/" + noID + "/record", "", "Authorization: Bearer secret", 403, `"code":"unauthorized"`},
		{"record, no id", "GET", "/api/v1/meetings/x/record", "", "Authorization: Bearer secret", 404, `"code":"not_found"`},
		{"record, no token", "GET", record, "", "", 401, `"code":"unauthorized"`},
		{"record, empty token", "GET", record, "", "Authorization: Bearer ", 401, `"code":"unauthorized"`},
		{"record, long token", "GET", record, "", "Authorization: Bearer " + strings.Repeat("x", 600), 401, `"code":"unauthorized"`},
		{"record, token as basic", "GET", record, "", "Authorization: Basic secret", 401, `"code":"unauthorized"`},
		{"record, token in the address", "GET", record + "?token=secret", "", "", 401, `"code":"unauthorized"`},
		{"record, post", "POST", record, "{}", "Authorization: Bearer secret", 405, `"code":"method_not_allowed"`},
		{"record, preflight", "OPTIONS", record, "", "Origin: https://intranet.example", 204, ``},
		{"preflight, allowed", "OPTIONS", rating, "", "Origin: https://intranet.example", 204, ``},
		{"preflight, other", "OPTIONS", rating, "", "Origin: https://evil.example", 405, `"code":"method_not_allowed"`},
		{"unknown", "GET", "/api/v2/x", "", "", 404, `"code":"not_found"`},
		{"healthz", "GET", "/healthz", "", "", 200, `"ok"`},
		{"readyz", "GET", "/readyz", "", "", 200, `"ready"`},
		{"static, post", "POST", "/", "x", "", 405, `"code":"method_not_allowed"`},
	}
	records := &memoryRecords{}
	onBoth(t, Config{Records: records, Origins: []string{"https://intranet.example"}}, func(t *testing.T, r *running) {
		records.given = nil
		rated := 0
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				var header []string
				if c.header != "" {
					header = append(header, c.header)
				}
				resp, body := r.do(t, c.verb, c.path, c.body, header...)
				if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
					t.Fatalf("%s %s, want %d %s", resp.Status, body, c.status, c.want)
				}
				var e struct{ Code, Message string }
				if c.status >= 400 && (json.Unmarshal([]byte(body), &e) != nil || e.Code == "" || e.Message == "") {
					t.Fatalf("error body %s", body)
				}
			})
			if c.verb == "POST" && c.status == 204 {
				rated++
			}
		}
		if len(records.given) != rated {
			t.Errorf("%d ratings stored, want %d", len(records.given), rated)
		}
	})
}

// TestRecordTellsNothing: who was not in a meeting can not learn that it was.
func TestRecordTellsNothing(t *testing.T) {
	r := start(t, Config{Records: &memoryRecords{}, Origins: []string{"https://intranet.example"}})
	ask := func(id, token, origin string) (*http.Response, string) {
		return r.do(t, "GET", "/api/v1/meetings/"+id+"/record", "", "Authorization: Bearer "+token, "Origin: "+origin)
	}
	resp, there := ask(meetingID, "wrong", r.base)
	_, never := ask(noID, "wrong", r.base)
	_, elsewhere := ask(noID, "secret", r.base)
	if there != never || there != elsewhere || resp.StatusCode != 403 {
		t.Errorf("%s %q, %q, %q", resp.Status, there, never, elsewhere)
	}
	for origin, allowed := range map[string]string{"https://intranet.example": "https://intranet.example", "https://evil.example": ""} {
		resp, _ := ask(meetingID, "secret", origin)
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != allowed || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may read: %q, %v", origin, got, resp.Header)
		}
	}
	resp, _ = r.do(t, "OPTIONS", "/api/v1/meetings/"+meetingID+"/record", "", "Origin: https://intranet.example")
	if got := resp.Header.Get("Access-Control-Allow-Headers"); !strings.Contains(got, "Authorization") {
		t.Errorf("a page of an allowed origin may send %q", got)
	}
}

// TestSecretsAreTriedSlowly: ratings and records of an address share its pace.
func TestSecretsAreTriedSlowly(t *testing.T) {
	records := &memoryRecords{}
	r := start(t, Config{Records: records, PerAddress: PerAddress{RecordsPerMinute: 2, Loopback: true}})
	path := "/api/v1/meetings/" + meetingID
	for range 2 {
		if resp, _ := r.do(t, "GET", path+"/record", "", "Authorization: Bearer wrong"); resp.StatusCode != 403 {
			t.Fatal(resp.Status)
		}
	}
	for name, try := range map[string]func() (*http.Response, string){
		"record": func() (*http.Response, string) {
			return r.do(t, "GET", path+"/record", "", "Authorization: Bearer secret")
		},
		"rating": func() (*http.Response, string) {
			return r.do(t, "POST", path+"/rating", `{"token":"secret","stars":5}`)
		},
		"room": func() (*http.Response, string) { return r.do(t, "GET", "/api/v1/room?name=tea", "") },
	} {
		resp, body := try()
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, `"code":"rate_limited"`) {
			t.Errorf("%s: %s %s", name, resp.Status, body)
		}
	}
	if resp, _ := r.do(t, "GET", "/r/tea.", ""); resp.StatusCode != 200 {
		t.Errorf("the page of a room that was not asked for: %s", resp.Status)
	}
	if len(records.given) > 0 {
		t.Error("a rating that came too fast is kept")
	}
}

func TestStoreFailure(t *testing.T) {
	records := &memoryRecords{err: errors.New("disk on fire")}
	r := start(t, Config{Records: records, Ready: func() error { return errors.New("the store is read-only") }})
	if resp, body := r.do(t, "GET", "/api/v1/meetings", ""); resp.StatusCode != 503 || !strings.Contains(body, "store_failed") || strings.Contains(body, "fire") {
		t.Errorf("meetings: %s %s", resp.Status, body)
	}
	if resp, body := r.do(t, "GET", "/api/v1/meetings/"+meetingID+"/record", "", "Authorization: Bearer secret"); resp.StatusCode != 503 || !strings.Contains(body, "store_failed") || strings.Contains(body, "fire") {
		t.Errorf("record: %s %s", resp.Status, body)
	}
	if resp, body := r.do(t, "GET", "/readyz", ""); resp.StatusCode != 503 || !strings.Contains(body, "read-only") {
		t.Errorf("readyz: %s %s", resp.Status, body)
	}
	if resp, _ := r.do(t, "GET", "/healthz", ""); resp.StatusCode != 200 {
		t.Errorf("healthz: %s", resp.Status)
	}
}

func TestAPIProtection(t *testing.T) {
	paths := []string{"/api/v1/meetings", "/api/v1/meetings/" + meetingID, "/metrics", "/debug/pprof/cmdline", "/debug/pprof/heap"}
	cases := []struct {
		name, token string
		loopback    bool
		header      []string
		status      int
	}{
		{"token", "s3cret", false, []string{"Authorization: Bearer s3cret"}, 200},
		{"token on loopback", "s3cret", true, []string{"Authorization: Bearer s3cret"}, 200},
		{"token missing", "s3cret", true, nil, 401},
		{"token wrong", "s3cret", true, []string{"Authorization: Bearer s3cre"}, 401},
		{"token as basic", "s3cret", true, []string{"Authorization: Basic s3cret"}, 401},
		{"empty bearer", "s3cret", true, []string{"Authorization: Bearer "}, 401},
		{"none, loopback", "", true, nil, 200},
		{"none, localhost", "", true, []string{"Host: localhost:8443"}, 200},
		{"none, IPv6", "", true, []string{"Host: [::1]:8443"}, 200},
		{"none, rebound name", "", true, []string{"Host: evil.example"}, 421},
		{"none, rebound name like localhost", "", true, []string{"Host: localhost.evil.example"}, 421},
		{"none, proxied", "", true, []string{"X-Forwarded-For: 192.0.2.1"}, 401},
		{"none, public listener", "", false, nil, 401},
		{"none, public listener, any token", "", false, []string{"Authorization: Bearer "}, 401},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, Config{APIToken: c.token, Records: &memoryRecords{}, Debug: true})
			// Serve sets it when it starts.
			for range 100 {
				if r.onLoopback() {
					break
				}
				time.Sleep(time.Millisecond)
			}
			r.exposed.Store(!c.loopback)
			for _, path := range paths {
				resp, body := r.do(t, "GET", path, "", c.header...)
				want := c.status
				if path == "/debug/pprof/cmdline" && want == 200 {
					want = 404 // the index has no such profile: the command line may hold secrets
				}
				if resp.StatusCode != want {
					t.Errorf("%s: %s %.80s, want %d", path, resp.Status, body, want)
				}
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	own := prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_test_total", Help: "Of the test."})
	r := start(t, Config{Collectors: []prometheus.Collector{own}})
	r.upgrade(t, "/api/v1/ws", offer)
	r.upgrade(t, "/api/v1/ws", offer, "Origin: https://evil.example")
	r.do(t, "GET", "/"+strings.Repeat("random", 10), "")
	var body string
	for range 50 { // a request is counted a moment after it was answered
		if _, body = r.do(t, "GET", "/metrics", ""); strings.Contains(body, `code="101"`) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, want := range []string{
		`parley_ws_connections{tls="no"} 1`,
		`parley_ws_refused_total{reason="forbidden_origin"} 1`,
		`parley_ws_ended_total{reason="slow_consumer"} 0`,
		`parley_ws_queued_bytes 0`,
		`parley_http_requests_total{code="404",route="/"} 1`,
		`parley_http_requests_total{code="101",route="/api/v1/ws"} 1`,
		`parley_test_total 0`,
		`go_goroutines`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no line %s in\n%s", want, grep(body, "parley_"))
		}
	}
}

func grep(text, part string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

func TestCertificateIsReloaded(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCert(t, dir, 1)
	c, err := loadCerts(cert, key, quiet())
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		c.mu.Lock()
		c.checked = time.Time{} // as if certCheck had passed
		c.mu.Unlock()
		got, err := c.get(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return got.Leaf.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Fatalf("serial %d", got)
	}
	writeCert(t, dir, 2)
	later := time.Now().Add(time.Second)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Fatalf("after the change: serial %d", got)
	}
	if err := os.WriteFile(cert, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Fatalf("with a broken file: serial %d", got)
	}
}

func TestConfigMistakes(t *testing.T) {
	cases := map[string]Config{
		"key without":     {KeyFile: "x"},
		"origin, no host": {Origins: []string{"intranet.example"}},
		"origin, path":    {Origins: []string{"https://intranet.example/"}},
		"origin, star":    {Origins: []string{"https://*.example"}},
		"frame, inject":   {FrameAncestors: []string{"https://a.example; script-src *"}},
		"missing files":   {CertFile: "/nonexistent/c", KeyFile: "/nonexistent/k"},
	}
	for name, cfg := range cases {
		t.Run(name, func(t *testing.T) {
			if s, err := New(cfg); err == nil {
				_ = s.Shutdown(t.Context())
				t.Fatal("taken")
			}
		})
	}
}

// TestHTTP2 uses the client over HTTP/2, where WebSockets can not be opened.
func TestHTTP2(t *testing.T) {
	cert, key := writeCert(t, t.TempDir(), 1)
	r := start(t, Config{CertFile: cert, KeyFile: key})
	r.http.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	resp, body := r.do(t, "GET", "/r/x", "")
	if resp.ProtoMajor != 2 || resp.StatusCode != 200 || !strings.Contains(body, "<html") {
		t.Fatalf("%s %s", resp.Proto, resp.Status)
	}
	if resp, body := r.do(t, "GET", "/api/v1/ws", "", offer); resp.StatusCode != 505 || !strings.Contains(body, "HTTP/1.1") {
		t.Fatalf("%s %s", resp.Status, body)
	}
}
