package httpd

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPlainOnTLS: what speaks HTTP on the port of TLS is led to https, and no other
// server's name is led anywhere.
func TestPlainOnTLS(t *testing.T) {
	cert, key := writeCert(t, t.TempDir(), 1, "localhost")
	r := start(t, Config{CertFile: cert, KeyFile: key, HeaderTime: 2 * time.Second})
	for _, c := range []struct{ name, send, want string }{
		{"page", "GET /r/a%2Fb?x=1 HTTP/1.1\r\nHost: " + r.addr + "\r\n\r\n", "Location: https://" + r.addr + "/r/a%2Fb?x=1\r\n"},
		{"head", "HEAD / HTTP/1.0\r\nHost: localhost\r\n\r\n", "Location: https://localhost/\r\n"},
		{"another's name", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "400 Bad Request"},
		{"a name that is none", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request"},
		{"a path in the place of a name", "GET //evil.example/ HTTP/1.0\r\n\r\n", "400 Bad Request"},
		{"no request", "HELLO\r\n\r\n", "400 Bad Request"},
		{"too long", "GET /" + strings.Repeat("x", plainHead) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sayPlain(t, r.addr, c.send)
			if !strings.Contains(got, c.want) || strings.Count(got, "HTTP/1.") != 1 {
				t.Errorf("answer %q lacks %q", got, c.want)
			}
		})
	}
	resp, err := r.http.Get(r.base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if want := `parley_http_refused_total{reason="plain_http"} 2`; !strings.Contains(string(body), want) {
		t.Errorf("the metrics lack %s", want)
	}
	// Who says nothing more is not waited for longer than for a handshake.
	begin := time.Now()
	if got := sayPlain(t, r.addr, "GET / HT"); !strings.Contains(got, "400") && got != "" {
		t.Errorf("half a request is answered with %q", got)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("half a request was waited for for %s", took)
	}
	// TLS goes on as before, and so do WebSockets over it.
	if resp, err = r.http.Get(r.base + "/healthz"); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
}

// sayPlain sends text and returns what comes until the end.
func sayPlain(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(bufio.NewReader(conn)) // a reset may follow the answer
	return string(got)
}
