package httpd

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/transport/httpd/web"
)

// meet is a server below a path.
var meet = Site{Scheme: "https", Host: "host.example", Base: "/meet"}

func TestParseSite(t *testing.T) {
	for text, want := range map[string]Site{
		"https://host.example":                {"https", "host.example", ""},
		"HTTPS://Host.Example./":              {"https", "host.example", ""},
		"http://host.example:80":              {"http", "host.example", ""},
		"https://host.example:443/meet/":      {"https", "host.example", "/meet"},
		"https://host.example:8443//a/./b//":  {"https", "host.example:8443", "/a/b"},
		"http://192.0.2.1:8080/v1.2_x~y-z":    {"http", "192.0.2.1:8080", "/v1.2_x~y-z"},
		"https://[2001:DB8::1]:8443/meet":     {"https", "[2001:db8::1]:8443", "/meet"},
		"https://[2001:db8::1]":               {"https", "[2001:db8::1]", ""},
		"https://bücher.example/meet":         {"https", "xn--bcher-kva.example", "/meet"},
		"https://host.example/rooms":          {"https", "host.example", "/rooms"},
		"https://host.example/meet/r":         {"https", "host.example", "/meet/r"},
		"https://host.example/meet/../parley": {"https", "host.example", "/parley"},
	} {
		got, err := ParseSite(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
		if again, err := ParseSite(got.String()); err != nil || again != got {
			t.Errorf("%s: written %s, read %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{
		"", "host.example", "/meet", "//host.example", "ftp://host.example", "https://", "https:host.example", "https://:8443",
		"https://ann@host.example", "https://ann:pw@host.example", "https://host.example?", "https://host.example/?a", "https://host.example/#", "https://host.example/#a",
		"https://host.example:0", "https://host.example:", "https://host.example:99999", "https://*.example", "https://*", "https://a b", "https://[fe80::1%25eth0]", "https://[::1",
		"https://host.example/a b", "https://host.example/%6deet", "https://host.example/a%2Fb", "https://host.example/会", `https://host.example/"><x`,
		"https://host.example/r", "https://host.example/api/x", "https://host.example/test", "https://host.example/abc-defg-hij", "https://host.example/./sdk",
	} {
		if got, err := ParseSite(text); err == nil || !strings.Contains(err.Error(), "public address") {
			t.Errorf("%q was taken as %+v, %v", text, got, err)
		}
	}
}

// TestOwnFirst: no word with which a path of ours begins may be a base.
func TestOwnFirst(t *testing.T) {
	files, err := fs.ReadDir(web.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, f := range files {
		words = append(words, f.Name())
	}
	for _, name := range []string{"server.go", "operate.go", "static.go", "socket.go", "admit.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"/([a-z][\w.]*)[/"]`).FindAllSubmatch(source, -1) {
			words = append(words, string(m[1]))
		}
	}
	if len(words) < 20 {
		t.Fatalf("only %q were found", words)
	}
	for _, w := range words {
		if !slices.Contains(ownFirst, w) {
			t.Errorf("%q may be the base of a site", w)
		}
	}
}

// TestBelowABase: all is served there, and as well where a proxy has taken the base off.
func TestBelowABase(t *testing.T) {
	r := start(t, Config{Site: meet, FindRoom: askRooms, Debug: true})
	for _, c := range []struct {
		path   string
		status int
		to     string
	}{
		{"/", 200, ""}, {"/?lang=zh", 200, ""}, {"/r/tea", 200, ""}, {"/test", 200, ""}, {"/embed.html", 200, ""}, {"/ui/app.js", 200, ""}, {"/sdk/index.js", 200, ""},
		{"/robots.txt", 200, ""}, {"/favicon.ico", 200, ""}, {"/healthz", 200, ""}, {"/readyz", 200, ""}, {"/metrics", 200, ""}, {"/api/v1/room?name=tea", 200, ""}, {"/api/v1/meetings", 200, ""},
		{"/r/tea.", 302, "/meet/r/tea"}, {"/ABC-defg-hij?x=1", 302, "/meet/r/abc-defg-hij?x=1"}, {"/r/a%3Fb%23c%25.", 302, "/meet/r/a%3Fb%23c%25"}, {"/r/meet.", 302, "/meet/r/meet"},
		{"/r/x/../tea", 307, "/meet/r/tea"}, {"/api", 307, "/meet/api/"}, {"/debug/pprof", 307, "/meet/debug/pprof/"}, // by net/http itself
		{"/api/v1/none", 404, ""}, {"/ui/none.js", 404, ""}, {"/meeting", 404, ""}, {"/meet/r/tea", 404, ""},
	} {
		for _, base := range []string{"/meet", ""} {
			if base == "" && strings.HasPrefix(c.path, "/meet/") {
				continue // that is the base
			}
			resp, _ := r.do(t, "GET", base+c.path, "")
			if to := resp.Header.Get("Location"); resp.StatusCode != c.status || to != c.to {
				t.Errorf("%s: %d %q, want %d %q", base+c.path, resp.StatusCode, to, c.status, c.to)
			}
		}
	}
	if resp, _ := r.do(t, "GET", "/meet", ""); resp.StatusCode != 307 || resp.Header.Get("Location") != "/meet/" {
		t.Errorf("the base itself: %s %v", resp.Status, resp.Header)
	}
	for _, base := range []string{"/meet", ""} {
		if resp, _, _ := r.upgrade(t, base+"/api/v1/ws", offer); resp.StatusCode != 101 {
			t.Errorf("the socket at %q: %s", base, resp.Status)
		}
	}
	if _, body := r.do(t, "GET", "/meet/robots.txt", ""); !strings.HasSuffix(strings.TrimSpace(body), "\nDisallow: /meet/api/") {
		t.Errorf("search engines are told %q", body)
	}
}

// TestRulesBelowABase: what is said of a path holds of it below a base.
func TestRulesBelowABase(t *testing.T) {
	r := start(t, Config{Site: meet})
	for path, robots := range map[string]string{"/meet/": "", "/meet/r/tea": "noindex", "/meet/embed.html": "noindex"} {
		resp, _ := r.do(t, "GET", path, "")
		h := resp.Header
		if !strings.Contains(h.Get("Content-Security-Policy"), "script-src 'self'") || h.Get("X-Robots-Tag") != robots || (h.Get("Cross-Origin-Opener-Policy") == "same-origin") == strings.HasSuffix(path, ".html") {
			t.Errorf("%s: %v", path, h)
		}
	}
	if resp, _ := r.do(t, "GET", "/meet/sdk/index.js", "", "Origin: https://elsewhere.example"); resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("sdk: %v", resp.Header)
	}
	if resp, _ := r.do(t, "GET", "/meet/healthz", "", "Host: foreign.example"); resp.StatusCode != 200 {
		t.Errorf("health by any name: %s", resp.Status)
	}
}

// TestPageBelowABase names nothing outside of it.
func TestPageBelowABase(t *testing.T) {
	r := start(t, Config{Site: meet})
	address := regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	for _, path := range []string{"/meet/", "/meet/r/tea", "/meet/embed.html", "/meet/sdk/example.html", "/r/tea"} {
		_, page := r.do(t, "GET", path, "")
		if !strings.Contains(page, `<html data-site="https://host.example/meet" lang="en"`) {
			t.Errorf("%s is not told where it is: %.100s", path, page)
		}
		named := address.FindAllStringSubmatch(page, -1)
		for _, m := range named {
			if strings.HasPrefix(m[1], "data:") {
				continue
			}
			if resp, _ := r.do(t, "GET", m[1], ""); !strings.HasPrefix(m[1], "/meet/") || resp.StatusCode != 200 {
				t.Errorf("%s names %s, %s", path, m[1], resp.Status)
			}
		}
		if len(named) < 2 {
			t.Errorf("%s names only %q", path, named)
		}
	}
	var m struct {
		StartURL string `json:"start_url"`
		Scope    string
		Icons    []struct{ Src string }
	}
	_, text := r.do(t, "GET", "/meet/manifest.webmanifest", "")
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	from, _ := url.Parse(meet.URL("/manifest.webmanifest"))
	for text, want := range map[string]string{m.StartURL: "/", m.Scope: "/", m.Icons[0].Src: "/icons/parley.svg"} {
		if to, err := from.Parse(text); err != nil || to.String() != meet.URL(want) {
			t.Errorf("%q of the manifest leads to %v, %v", text, to, err)
		}
	}
	_, root := start(t, Config{}).do(t, "GET", "/", "")
	if strings.Contains(root, "data-site") {
		t.Error("a page is told of a site that nobody named")
	}
}

// TestPublicNames: the host and the origin of the site are ours without being named
// again, by any Host that a proxy sends.
func TestPublicNames(t *testing.T) {
	r := start(t, Config{Site: meet})
	for _, c := range []struct {
		host, origin string
		want         int
	}{
		{"host.example", "https://host.example", 101}, {"host.example:8443", "https://host.example", 101},
		{"127.0.0.1:8443", "https://host.example", 101}, // what nginx makes of it by itself
		{"host.example", "https://other.example", 403}, {"host.example:8443", "https://host.example:9443", 403}, {"other.example", "https://host.example", 421},
	} {
		resp, _, _ := r.upgrade(t, "/meet"+"/api/v1/ws", offer, "Host: "+c.host, "Origin: "+c.origin)
		if resp.StatusCode != c.want {
			t.Errorf("Host %s, Origin %s: %s, want %d", c.host, c.origin, resp.Status, c.want)
		}
	}
	if resp, _ := r.do(t, "POST", "/meet/api/v1/meetings/"+meetingID+"/rating", `{}`, "Origin: https://host.example", "Sec-Fetch-Site: cross-site", "Content-Type: application/json"); resp.StatusCode == http.StatusForbidden {
		t.Errorf("a page of ours may not rate: %s", resp.Status)
	}
}

// TestPlainLeadsToTheSite: the site for who came by its name, else the name they came by.
func TestPlainLeadsToTheSite(t *testing.T) {
	cert, key := writeCert(t, t.TempDir(), 1, "localhost")
	r := start(t, Config{CertFile: cert, KeyFile: key, Site: Site{Scheme: "https", Host: "host.example:4443", Base: "/meet"}})
	for _, c := range []struct{ verb, path, host, want string }{
		{"GET", "/r/a%2Fb?x=1", "host.example:8443", "https://host.example:4443/meet/r/a%2Fb?x=1"},
		{"GET", "/meet/r/tea", "HOST.example.", "https://host.example:4443/meet/r/tea"},
		{"GET", "/meet", "host.example", "https://host.example:4443/meet/"},
		{"OPTIONS", "*", "192.0.2.7", "https://192.0.2.7/meet/*"},
		{"GET", "/meeting", "192.0.2.7:8443", "https://192.0.2.7:8443/meet/meeting"},
	} {
		got := sayPlain(t, r.addr, c.verb+" "+c.path+" HTTP/1.1\r\nHost: "+c.host+"\r\n\r\n")
		if !strings.Contains(got, "\r\nLocation: "+c.want+"\r\n") {
			t.Errorf("%s of %s leads to %q, want %s", c.path, c.host, got, c.want)
		}
	}
	if got := (Site{Scheme: "http", Host: "host.example"}).byHTTPS("host.example"); got.Origin() != "https://host.example" {
		t.Errorf("who asked for HTTPS is led to %s", got)
	}
}
