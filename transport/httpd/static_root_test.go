package httpd

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestManifest: what a browser needs to put Parley among its applications, from
// files that are there.
func TestManifest(t *testing.T) {
	r := start(t, Config{})
	resp, body := r.do(t, "GET", "/manifest.webmanifest", "")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/manifest+json" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	var m struct {
		Name       string
		StartURL   string `json:"start_url"`
		Display    string
		Theme      string `json:"theme_color"`
		Background string `json:"background_color"`
		Icons      []struct{ Src, Type, Sizes string }
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != "Parley" || m.StartURL != "./" || m.Display != "standalone" || m.Theme == "" || m.Background == "" || len(m.Icons) == 0 {
		t.Errorf("%+v", m)
	}
	for _, icon := range m.Icons {
		if resp, _ := r.do(t, "GET", "/"+icon.Src, ""); resp.StatusCode != 200 || resp.Header.Get("Content-Type") != icon.Type {
			t.Errorf("%s: %s %v", icon.Src, resp.Status, resp.Header)
		}
	}
	resp, page := r.do(t, "GET", "/r/tea", "")
	if !strings.Contains(page, `<link rel="manifest" href="/manifest.webmanifest">`) || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "manifest-src 'self';") {
		t.Errorf("the page does not name it: %v\n%s", resp.Header, page)
	}
	for _, want := range []string{`media="(prefers-color-scheme: light)" content="#f3f6f6"`, `media="(prefers-color-scheme: dark)" content="#0e1416"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks a colour: %s", want)
		}
	}
}

// TestSearchEngines may show the start page and nothing else: who knows a room's
// name may enter it.
func TestSearchEngines(t *testing.T) {
	r := start(t, Config{})
	resp, body := r.do(t, "GET", "/robots.txt", "")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" ||
		!slices.Contains(lines, "User-agent: *") || lines[len(lines)-1] != "Disallow: /api/" {
		t.Errorf("%s %v\n%s", resp.Status, resp.Header, body)
	}
	for path, want := range map[string]string{
		"/": "", "/?lang=zh": "", "/r/tea": "noindex", "/r/x.js": "noindex", "/r": "noindex", "/test": "noindex", "/embed.html": "noindex",
		"/index.html": "noindex", "/abc-defg-hij": "noindex", "/api/v1/meetings": "noindex", "/healthz": "noindex",
	} {
		if resp, _ := r.do(t, "GET", path, ""); resp.Header.Get("X-Robots-Tag") != want {
			t.Errorf("%s: X-Robots-Tag %q, want %q", path, resp.Header.Get("X-Robots-Tag"), want)
		}
	}
}
