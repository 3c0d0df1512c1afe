package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"parley/transport/httpd"
)

// TestPublicURL: it is what the box says to open, it is served, and a wrong one is told
// by the name it was set by.
func TestPublicURL(t *testing.T) {
	c, err := parse(t, "--public-url", "HTTPS://Example.org:443/meet/", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	if err != nil || c.Public != (httpd.Site{Scheme: "https", Host: "example.org", Base: "/meet"}) {
		t.Fatalf("%+v, %v", c.Public, err)
	}
	s, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := c.start(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.close()
	var box bytes.Buffer
	c.announce(&box, s, srv)
	for _, want := range []string{"open      https://example.org/meet/ ", "here      http://localhost:"} {
		if !strings.Contains(box.String(), want) {
			t.Errorf("the box lacks %q:\n%s", want, box.String())
		}
	}
	if _, err := parse(t, "--public-url", "example.org"); err == nil || !strings.Contains(err.Error(), "--public-url") || !strings.Contains(err.Error(), "https://meet.example.org") {
		t.Errorf("a host alone: %v", err)
	}
	t.Setenv("PARLEY_PUBLIC_URL", "https://example.org/r")
	if _, err := parse(t); err == nil || !strings.Contains(err.Error(), "Parley's own") {
		t.Errorf("a base that is a path of ours: %v", err)
	}
}
