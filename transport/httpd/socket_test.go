package httpd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/transport/wsconn"
)

// wantEcho sends a text and reads it back.
func wantEcho(t testing.TB, conn net.Conn, r io.Reader, text string) {
	t.Helper()
	if _, err := conn.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(text))))); err != nil {
		t.Fatal(err)
	}
	h, err := ws.ReadHeader(r)
	if err != nil || h.OpCode != ws.OpText {
		t.Fatalf("got header %+v, %v", h, err)
	}
	got := make([]byte, h.Length)
	if _, err := io.ReadFull(r, got); err != nil || string(got) != text {
		t.Fatalf("got %q, %v, want %q", got, err, text)
	}
}

func TestSocket(t *testing.T) {
	accepted := make(chan *wsconn.Conn, 1)
	cfg := Config{Doors: meetings(func(c *wsconn.Conn, r *http.Request) wsconn.Handler {
		if r.URL.Path != "/api/v1/ws" {
			t.Errorf("request for %s", r.URL)
		}
		accepted <- c
		return wsconn.Echo{}
	})}
	onBoth(t, cfg, func(t *testing.T, r *running) {
		resp, conn, reader := r.upgrade(t, "/api/v1/ws", offer, "Sec-WebSocket-Extensions: permessage-deflate")
		if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Protocol") != "parley.v1" || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
			t.Fatalf("answer %s %v", resp.Status, resp.Header)
		}
		c := within(t, accepted, "connection")
		if c.RemoteAddr().String() != conn.LocalAddr().String() {
			t.Errorf("remote address %s, want %s", c.RemoteAddr(), conn.LocalAddr())
		}
		wantEcho(t, conn, reader, "hello")
	})
}

func TestSocketNeedsTheSubprotocol(t *testing.T) {
	onBoth(t, Config{}, func(t *testing.T, r *running) {
		for _, header := range []string{"X-None: 1", "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: parley.v10, xparley.v1"} {
			if resp, _, _ := r.upgrade(t, "/api/v1/ws", header); resp.StatusCode != 400 {
				t.Errorf("%s: %s", header, resp.Status)
			}
		}
		if resp, _, _ := r.upgrade(t, "/api/v1/ws", "Sec-WebSocket-Protocol: x, parley.v1"); resp.StatusCode != 101 {
			t.Errorf("one of several: %s", resp.Status)
		}
		resp, body := r.do(t, "GET", "/api/v1/ws", "")
		if resp.StatusCode != 426 || !strings.Contains(body, `"code":"upgrade_required"`) {
			t.Errorf("without upgrade: %s %s", resp.Status, body)
		}
	})
}

func TestOrigins(t *testing.T) {
	cases := []struct {
		name, origin, host, more string
		plain, tls               int // status over HTTP and HTTPS
	}{
		{"none", "", "", "", 101, 101},
		{"none, with cookies", "", "", "Cookie: a=b", 403, 403},
		{"same", "http://meet.example", "meet.example", "", 101, 403},
		{"same, secure", "https://meet.example", "meet.example", "", 101, 101},
		{"same, other case", "https://MEET.example", "meet.EXAMPLE", "", 101, 101},
		{"same, with cookies", "https://meet.example", "meet.example", "Cookie: a=b", 101, 101},
		{"default port", "https://meet.example", "meet.example:443", "", 101, 101},
		{"default port, other scheme", "http://meet.example", "meet.example:443", "", 403, 403},
		{"other port", "https://meet.example:8443", "meet.example:9443", "", 403, 403},
		{"other port than the default", "https://meet.example", "meet.example:8443", "", 403, 403},
		{"a proxy lost the port", "https://meet.example:8443", "meet.example", "", 101, 101},
		{"a proxy lost the port, plain", "http://meet.example:8080", "meet.example", "", 101, 403},
		{"a proxy lost the port, other case", "https://meet.example:8443", "MEET.example", "", 101, 101},
		{"a proxy lost the port of an address", "https://[2001:db8::1]:8443", "[2001:db8::1]", "", 101, 101},
		{"a proxy lost the port, foreign", "https://evil.example:8443", "meet.example", "", 403, 403},
		{"final dot", "https://meet.example.", "meet.example", "", 403, 403},
		{"foreign", "https://evil.example", "meet.example", "", 403, 403},
		{"suffix", "https://meet.example.evil", "meet.example", "", 403, 403},
		{"prefix", "https://xmeet.example", "meet.example", "", 403, 403},
		{"subdomain", "https://a.meet.example", "meet.example", "", 403, 403},
		{"null", "null", "meet.example", "", 403, 403},
		{"two", "https://meet.example", "meet.example", "Origin: https://evil.example", 403, 403},
		{"path", "https://meet.example/x", "meet.example", "", 403, 403},
		{"user", "https://meet.example@evil.example", "meet.example", "", 403, 403},
		{"file", "file://", "meet.example", "", 403, 403},
		{"allowed", "https://intranet.example", "meet.example", "", 101, 101},
		{"allowed, default port", "https://intranet.example:443", "meet.example", "", 101, 101},
		{"allowed, other scheme", "http://intranet.example", "meet.example", "", 403, 403},
		{"allowed with port", "http://dev.example:3000", "meet.example", "", 101, 101},
	}
	cfg := Config{Origins: []string{"https://intranet.example", "http://dev.example:3000"}, Hosts: []string{"meet.example"}}
	onBoth(t, cfg, func(t *testing.T, r *running) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				header := []string{offer}
				for name, value := range map[string]string{"Origin: ": c.origin, "Host: ": c.host, "": c.more} {
					if value != "" {
						header = append(header, name+value)
					}
				}
				want := c.plain
				if strings.HasPrefix(r.base, "https") {
					want = c.tls
				}
				if resp, _, _ := r.upgrade(t, "/api/v1/ws", header...); resp.StatusCode != want {
					t.Fatalf("%s, want %d", resp.Status, want)
				}
			})
		}
	})
}

func TestPerAddressLimits(t *testing.T) {
	t.Run("at once", func(t *testing.T) {
		r := start(t, Config{PerAddress: PerAddress{Sockets: 2, Loopback: true}})
		_, first, _ := r.upgrade(t, "/api/v1/ws", offer)
		r.upgrade(t, "/api/v1/ws", offer)
		resp, _, _ := r.upgrade(t, "/api/v1/ws", offer)
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" {
			t.Fatalf("third: %s", resp.Status)
		}
		first.Close()
		for range 100 {
			if resp, _, _ = r.upgrade(t, "/api/v1/ws", offer); resp.StatusCode == 101 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatal("a closed connection still counts")
	})
	t.Run("per minute", func(t *testing.T) {
		r := start(t, Config{PerAddress: PerAddress{OpensPerMinute: 3, Loopback: true}})
		for i := range 4 {
			resp, _, _ := r.upgrade(t, "/api/v1/ws", offer)
			if want := map[bool]int{true: 101, false: 429}[i < 3]; resp.StatusCode != want {
				t.Fatalf("connection %d: %s", i, resp.Status)
			}
		}
	})
	t.Run("all together", func(t *testing.T) {
		r := start(t, Config{MaxConnections: 1})
		r.upgrade(t, "/api/v1/ws", offer)
		if resp, _, _ := r.upgrade(t, "/api/v1/ws", offer); resp.StatusCode != 503 {
			t.Fatalf("second: %s", resp.Status)
		}
	})
	t.Run("refused handshakes do not count", func(t *testing.T) {
		r := start(t, Config{PerAddress: PerAddress{Sockets: 1, Loopback: true}})
		for range 3 {
			r.upgrade(t, "/api/v1/ws") // no subprotocol
		}
		if resp, _, _ := r.upgrade(t, "/api/v1/ws", offer); resp.StatusCode != 101 {
			t.Fatalf("then: %s", resp.Status)
		}
	})
}

func TestEchoOnlyWithDebug(t *testing.T) {
	if resp, _, _ := start(t, Config{}).upgrade(t, "/debug/echo"); resp.StatusCode == 101 {
		t.Fatal("echo without debug")
	}
	if resp, _, _ := start(t, Config{Debug: true, APIToken: "s3cret"}).upgrade(t, "/debug/echo"); resp.StatusCode != 401 {
		t.Fatalf("echo for strangers: %s", resp.Status)
	}
	onBoth(t, Config{Debug: true}, func(t *testing.T, r *running) {
		resp, conn, reader := r.upgrade(t, "/debug/echo")
		if resp.StatusCode != 101 {
			t.Fatal(resp.Status)
		}
		wantEcho(t, conn, reader, strings.Repeat("x", 70_000))
	})
}

// TestSlowLoris: connections that say nothing, or a byte now and then, are
// closed in time, and others do not notice them. Battery C10 at a tenth of
// its times.
func TestSlowLoris(t *testing.T) {
	const each = 150
	onBoth(t, Config{HeaderTime: 500 * time.Millisecond}, func(t *testing.T, r *running) {
		ended := make(chan error, 2*each)
		begun := time.Now()
		for i := range 2 * each {
			conn, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(begun.Add(5 * time.Second))
			go func() { ended <- drip(conn, i < each) }()
		}
		resp, conn, reader := r.upgrade(t, "/api/v1/ws", offer)
		if resp.StatusCode != 101 {
			t.Fatal(resp.Status)
		}
		wantEcho(t, conn, reader, "in the middle of it")
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("a normal connection took %v", took)
		}
		for range 2 * each {
			if err := within(t, ended, "end of a slow connection"); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
				t.Fatalf("not closed: %v", err)
			}
		}
		wantEcho(t, conn, reader, "still here")
	})
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// drip sends a request byte by byte, or nothing, until the connection ends.
func drip(conn net.Conn, talk bool) error {
	stop := make(chan struct{})
	defer close(stop)
	if talk {
		go func() {
			for _, c := range []byte("GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: " + strings.Repeat("x", 1000)) {
				if _, err := conn.Write([]byte{c}); err != nil {
					return
				}
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		}()
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}

func TestShutdownClosesSockets(t *testing.T) {
	onBoth(t, Config{}, func(t *testing.T, r *running) {
		_, _, reader := r.upgrade(t, "/api/v1/ws", offer)
		r.Drain(5 * time.Minute)
		resp, _ := r.do(t, "GET", "/readyz", "")
		if wait := resp.Header.Get("Retry-After"); resp.StatusCode != 503 || wait != "300" {
			t.Fatalf("readyz while draining: %s, Retry-After %q", resp.Status, wait)
		}
		if resp, _ := r.do(t, "GET", "/healthz", ""); resp.StatusCode != 200 {
			t.Fatalf("healthz while draining: %s", resp.Status)
		}
		stopped := make(chan struct{})
		defer func() { <-stopped }()
		go func() {
			defer close(stopped)
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			_ = r.Shutdown(ctx) // reports what it had to cut
		}()
		f, err := ws.ReadFrame(reader)
		if err != nil || f.Header.OpCode != ws.OpClose || string(f.Payload[:2]) != "\x03\xe9" {
			t.Fatalf("got %+v, %v, want a close frame with 1001", f, err)
		}
	})
}
