package httpd

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"parley/transport/httpd/web"
)

func testClient(t *testing.T) *client {
	t.Helper()
	page := `<html><head><link rel="stylesheet" href="/css/a.css"><script type="module" src="/ui/app.js"></script></head></html>`
	s, err := buildClient(fstest.MapFS{
		"index.html":    {Data: []byte(page)},
		"embed.html":    {Data: []byte("<html><head></head></html>")},
		"css/a.css":     {Data: []byte(strings.Repeat("body { color: red }\n", 100))},
		"ui/app.js":     {Data: []byte("import { b } from './b.js';\nimport {\n  c,\n} from '../lib/c.js';\nimport '/lib/d.js';\nimport('./lazy.js');\n")},
		"ui/b.js":       {Data: []byte("/** @typedef {import('./types.js').T} T */\nexport * from '../lib/c.js';\nexport const b = 'from';")},
		"ui/lazy.js":    {Data: []byte("export default 1;")},
		"ui/meeting.js": {Data: []byte("import { b } from './b.js';")},
		"ui/types.js":   {Data: []byte("export {};")},
		"lib/c.js":      {Data: []byte("export const c = 1;")},
		"lib/d.js":      {Data: []byte("import './missing.js';")},
		"secret.key":    {Data: []byte("not for you")},
	}, true, Site{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s *client, path string, header ...string) *http.Response {
	r := httptest.NewRequest("GET", "http://localhost/", nil)
	path, query, _ := strings.Cut(path, "?")
	r.URL.Path, r.URL.RawQuery = path, query
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.serve(w, r)
	return w.Result()
}

func TestStaticPaths(t *testing.T) {
	s := testClient(t)
	cases := []struct {
		path   string
		status int
		kind   string
	}{
		{"/", 200, "text/html"},
		{"/index.html", 200, "text/html"},
		{"/embed.html", 200, "text/html"},
		{"/test", 200, "text/html"},
		{"/r/blue", 200, "text/html"},
		{"/r/v1.2-room", 200, "text/html"},
		{"/r/a/../../etc/passwd", 200, "text/html"},
		{"/ui/app.js", 200, "text/javascript"},
		{"/css/a.css", 200, "text/css"},
		{"/nowhere", 404, "text/html"},
		{"/ui/none.js", 404, "text/plain"},
		{"/ui", 404, "text/html"},
		{"/ui/", 404, "text/html"},
		{"/secret.key", 404, "text/plain"},
		{"/../go.mod", 404, "text/plain"},
		{"/..%2fgo.mod", 404, "text/plain"},
		{"/css/..\\..\\web.go", 404, "text/plain"},
		{"/web.go", 404, "text/plain"},
		{"/a\x00.js", 404, "text/plain"},
		{"//index.html", 404, "text/plain"},
		{"/" + strings.Repeat("x/", 4000) + "y.js", 404, "text/plain"},
	}
	for _, c := range cases {
		t.Run(c.path[:min(len(c.path), 40)], func(t *testing.T) {
			resp := get(s, c.path)
			if got := resp.Header.Get("Content-Type"); resp.StatusCode != c.status || !strings.HasPrefix(got, c.kind) {
				t.Fatalf("%d %s, want %d %s", resp.StatusCode, got, c.status, c.kind)
			}
		})
	}
}

func TestStaticCaching(t *testing.T) {
	s := testClient(t)
	first := get(s, "/css/a.css", "Accept-Encoding: gzip, br")
	if first.Header.Get("Content-Encoding") != "gzip" || first.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("headers %v", first.Header)
	}
	zipped, err := gzip.NewReader(first.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(zipped)
	if err != nil || string(body) != string(s.assets["/css/a.css"].body) {
		t.Fatalf("body of %d bytes, %v", len(body), err)
	}
	etag := first.Header.Get("ETag")
	for header, want := range map[string]int{etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200} {
		if got := get(s, "/css/a.css", "Accept-Encoding: gzip", "If-None-Match: "+header); got.StatusCode != want {
			t.Errorf("If-None-Match %s: %d, want %d", header, got.StatusCode, want)
		}
	}
	if plain := get(s, "/css/a.css"); plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("ETag") == etag {
		t.Errorf("without gzip: %v", plain.Header)
	}
	hash := s.assets["/css/a.css"].hash
	if got := get(s, "/css/a.css?v="+hash).Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("versioned: %s", got)
	}
	if got := get(s, "/css/a.css?v=old").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("old version: %s", got)
	}
	if page := string(s.assets["/index.html"].body); !strings.Contains(page, `href="/css/a.css?v=`+hash+`"`) {
		t.Errorf("page %s", page)
	}
}

func TestModulePreload(t *testing.T) {
	s := testClient(t)
	want := map[string][]string{
		"/":           {"/ui/app.js", "/ui/b.js", "/lib/c.js", "/lib/d.js"},
		"/nowhere":    {"/ui/app.js", "/ui/b.js", "/lib/c.js", "/lib/d.js"},
		"/r/blue":     {"/ui/app.js", "/ui/meeting.js", "/ui/b.js", "/lib/c.js", "/lib/d.js"},
		"/embed.html": nil,
	}
	etags := map[string]bool{}
	for path, modules := range want {
		resp := get(s, path)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := preloaded(body); !slices.Equal(got, modules) {
			t.Errorf("%s: preloads %q, want %q", path, got, modules)
		}
		if etag := resp.Header.Get("ETag"); len(etag) != len(`"0123456789abcdef"`) {
			t.Errorf("%s: ETag %s", path, etag)
		} else {
			etags[etag] = true
		}
	}
	if len(etags) != 3 {
		t.Errorf("ETags %v: pages that differ must have different ones", etags)
	}
}

// preloaded lists the modules that a page names for loading early.
func preloaded(page []byte) []string {
	head, _, _ := strings.Cut(string(page), "</head>")
	var names []string
	for _, m := range moduleLink.FindAllStringSubmatch(head, -1) {
		names = append(names, m[1])
	}
	return names
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"identity": false, "*": true, "GZIP": true, "gzip;q=1.0": true, "xgzip": false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("Accept-Encoding %q: %v", header, got)
		}
	}
}

// TestEmbeddedClient walks what is really embedded: every module that is
// imported exists and has a type that browsers take.
func TestEmbeddedClient(t *testing.T) {
	s, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for name, a := range s.assets {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		modules++
		for _, m := range staticImport.FindAllSubmatch(a.body, -1) {
			if target := resolve(name, string(m[1])); s.assets[target] == nil {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
	}
	if modules < 5 {
		t.Fatalf("only %d modules", modules)
	}
	err = fs.WalkDir(web.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && s.assets["/"+name] == nil {
			t.Errorf("%s is embedded but not served", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for page, module := range pageModules {
		names := preloaded(s.pages[page].body)
		if !slices.Contains(names, "/ui/app.js") || !slices.Contains(names, module) || !slices.Contains(names, "/lib/html.js") {
			t.Errorf("page %q preloads %q", page, names)
		}
	}
	if names := preloaded(s.assets["/embed.html"].body); !slices.Contains(names, "/ui/embed.js") || !slices.Contains(names, "/ui/prejoin.js") {
		t.Errorf("the page for frames preloads %q", names)
	}
}

func TestDevServesTheFolderAsItIs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.js")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	write("index.html", "<html>one</html>")
	r := start(t, Config{Dev: dir})
	if resp, body := r.do(t, "GET", "/r/x", ""); resp.StatusCode != 500 || strings.Contains(body, "secret") {
		t.Fatalf("with a link to the outside: %s %s", resp.Status, body)
	}
	if err := os.Remove(filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"<html>one</html>", "<html>two</html>"} {
		write("index.html", text)
		if _, body := r.do(t, "GET", "/r/x", ""); body != text {
			t.Fatalf("got %q, want %q", body, text)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	r := start(t, Config{FrameAncestors: []string{"https://intranet.example"}, APIToken: "x"})
	for _, path := range []string{"/", "/r/x", "/r/x.js", "/icons/parley.svg", "/healthz", "/metrics", "/api/none", "/api/v1/ws"} {
		resp, _ := r.do(t, "GET", path, "")
		h := resp.Header
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'self'") || !strings.HasSuffix(h.Get("Content-Security-Policy"), "frame-ancestors 'self'") ||
			strings.Contains(h.Get("Content-Security-Policy"), "unsafe") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" ||
			h.Get("Cross-Origin-Opener-Policy") != "same-origin" || !strings.Contains(h.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("%s: %v", path, h)
		}
	}
	resp, _ := r.do(t, "GET", "/ui/app.js", "")
	if h := resp.Header; resp.StatusCode != 200 || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "" {
		t.Errorf("part of a page: %s %v", resp.Status, h)
	}
	resp, _ = r.do(t, "GET", "/embed.html", "")
	if got := resp.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "frame-ancestors 'self' https://intranet.example") || resp.Header.Get("X-Frame-Options") != "" {
		t.Errorf("embed: %v", resp.Header)
	}
	resp, _ = r.do(t, "GET", "/sdk/index.js", "", "Origin: https://elsewhere.example")
	if resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("sdk: %v", resp.Header)
	}
}

// TestRequestsThatAreTooMuch: names and sizes of battery C21 get a 4xx at
// once.
func TestRequestsThatAreTooMuch(t *testing.T) {
	r := start(t, Config{})
	cases := map[string]string{
		"long path":    "GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"long header":  "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n",
		"no host":      "GET / HTTP/1.1\r\n\r\n",
		"not http":     "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"two lengths":  "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"bad escape":   "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"nul in path":  "GET /a%00.js HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"dots in path": "GET /ui/%2e%2e/%2e%2e/go.mod HTTP/1.1\r\nHost: localhost\r\n\r\n",
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			go func() { _, _ = io.WriteString(conn, request) }() // the server may close first
			status := make([]byte, 12)
			if _, err := io.ReadFull(conn, status); err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(status, []byte("HTTP/1.1 4")) && !bytes.HasPrefix(status, []byte("HTTP/1.1 3")) {
				t.Fatalf("status %s", status)
			}
		})
	}
}
