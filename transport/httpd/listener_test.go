package httpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// further serves another listener of r until its Shutdown, and returns its address.
func (r *running) further(t testing.TB, l Listener) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Net = ln
	served := make(chan error, 1)
	go func() { served <- r.Serve(l) }()
	r.served = append(r.served, served)
	return ln.Addr().String()
}

// echoLines is a Stream: it says each line again, and bye when the server ends.
func echoLines(ctx context.Context, conn net.Conn) {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if lines.Text() == "panic" {
			panic("asked for")
		}
		fmt.Fprintln(conn, lines.Text())
	}
	if ctx.Err() != nil {
		fmt.Fprintln(conn, "bye")
	}
}

// line is a client of echoLines.
type line struct {
	net.Conn
	in *bufio.Reader
}

func dialLine(t testing.TB, addr string, secure bool) *line {
	t.Helper()
	var conn net.Conn
	var err error
	if secure {
		conn, err = tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	} else {
		conn, err = net.Dial("tcp", addr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
	return &line{conn, bufio.NewReader(conn)}
}

// says sends text and returns the line that comes back, or why none does.
func (l *line) says(text string) string {
	if _, err := io.WriteString(l, text+"\n"); err != nil {
		return err.Error()
	}
	return l.reads()
}

func (l *line) reads() string {
	got, err := l.in.ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(got, "\n")
}

func (r *running) wantMetric(t *testing.T, line string) {
	t.Helper()
	soon(t, line, func() bool {
		_, body := r.do(t, "GET", "/metrics", "")
		return strings.Contains(body, line+"\n")
	})
}

// TestStreamListener: plain and TLS on one port, each on its own, a panic costs its
// own connection, and the end is told.
func TestStreamListener(t *testing.T) {
	cert, key := writeCert(t, t.TempDir(), 1)
	r := start(t, Config{CertFile: cert, KeyFile: key, HeaderTime: 2 * time.Second})
	addr := r.further(t, Listener{Name: "lines", Stream: echoLines})
	plain, secure := dialLine(t, addr, false), dialLine(t, addr, true)
	for _, text := range []string{"hello", "GET / HTTP/1.1", strings.Repeat("x", 5000)} {
		for what, l := range map[string]*line{"plain": plain, "TLS": secure} {
			if got := l.says(text); got != text {
				t.Fatalf("%s: %q for %q", what, got, text)
			}
		}
	}
	for what, secure := range map[string]bool{"plain": false, "TLS": true} {
		if got := dialLine(t, addr, secure).says("panic"); got == "panic" {
			t.Errorf("%s: nobody panicked", what)
		}
	}
	r.wantMetric(t, `parley_streams_total{end="panic",listener="lines"} 2`)
	_ = dialLine(t, addr, false).Close()
	r.wantMetric(t, `parley_tcp_unclaimed_total{reason="left"} 1`)
	// Half a handshake is waited for as long as anywhere.
	half := dialLine(t, addr, false)
	if _, err := io.WriteString(half, "\x16\x03\x01\x02"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, half); isTimeout(err) {
		t.Error("half a handshake is waited for")
	}
	r.wantMetric(t, `parley_streams_total{end="handshake",listener="lines"} 1`)
	if got := plain.says("still here"); got != "still here" {
		t.Error(got)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}()
	for what, l := range map[string]*line{"plain": plain, "TLS": secure} {
		if got := l.reads(); got != "bye" {
			t.Errorf("%s: %q at the end", what, got)
		}
		if got := l.reads(); got != io.EOF.Error() {
			t.Errorf("%s: %q after the end", what, got)
		}
	}
	within(t, stopped, "end of Shutdown")
}

// TestStubbornStreamIsCut: who does not end with the server is ended.
func TestStubbornStreamIsCut(t *testing.T) {
	r := start(t, Config{})
	addr := r.further(t, Listener{Name: "deaf", Stream: func(_ context.Context, conn net.Conn) {
		for {
			_ = conn.SetReadDeadline(time.Now().Add(time.Hour))
			if _, err := conn.Read(make([]byte, 10)); err != nil && !isTimeout(err) {
				return
			}
		}
	}})
	l := dialLine(t, addr, false)
	if _, err := io.WriteString(l, "hello\n"); err != nil {
		t.Fatal(err)
	}
	soon(t, "it is served", func() bool {
		r.streams.mu.Lock()
		defer r.streams.mu.Unlock()
		return len(r.streams.open) == 1
	})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_ = r.Shutdown(ctx) // reports what it had to cut
	if got := l.reads(); got == "hello" || strings.Contains(got, "timeout") {
		t.Errorf("the connection reads %q", got)
	}
}

// TestListenersShareLimits: one address has one share of connections, whatever port
// they come to; who waits gives way, who is served does not.
func TestListenersShareLimits(t *testing.T) {
	r := start(t, Config{PerAddress: PerAddress{Requests: 3, Loopback: true}})
	lines := r.further(t, Listener{Name: "lines", Stream: echoLines})
	served := []*line{dialLine(t, lines, false), dialLine(t, lines, false)}
	for _, l := range served {
		if got := l.says("hello"); got != "hello" {
			t.Fatal(got)
		}
	}
	silent := dialLine(t, r.addr, false)
	soon(t, "it waits", func() bool { return r.mux.Figures().Waiting == 1 })
	third := dialLine(t, lines, false) // the silent one makes room
	if got := third.says("hello"); got != "hello" {
		t.Fatal(got)
	}
	if got := silent.reads(); strings.Contains(got, "timeout") {
		t.Error("the silent one is still there")
	}
	if got := dialLine(t, r.addr, false).says("GET / HTTP/1.1"); !strings.Contains(got, "EOF") && !strings.Contains(got, "reset") && !strings.Contains(got, "pipe") {
		t.Errorf("a fourth, all others served: %q", got)
	}
	for _, l := range append(served, third) {
		if got := l.says("still here"); got != "still here" {
			t.Error(got)
		}
	}
	_ = third.Close()
	soon(t, "there is room again", func() bool {
		r.http.CloseIdleConnections()
		resp, err := r.http.Get(r.base + "/healthz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// TestHTTPListener: what further listeners answer by HTTP goes by the rules of the
// main port.
func TestHTTPListener(t *testing.T) {
	cert, key := writeCert(t, t.TempDir(), 1)
	r := start(t, Config{CertFile: cert, KeyFile: key, Origins: []string{"https://intranet.example"}})
	addr := r.further(t, Listener{Name: "other", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("asked for")
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		fmt.Fprintf(w, "other %s %s", r.URL.Path, body)
	})})
	other := &running{Server: r.Server, addr: addr, base: "https://" + addr, http: r.http}
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		want                     string
	}{
		{"its own", "POST", "/janus", "hi", nil, 200, "other /janus hi"},
		{"not the main port's", "GET", "/healthz2", "", nil, 200, "other /healthz2 "},
		{"foreign host", "GET", "/", "", []string{"Host: evil.example"}, 421, "foreign_host"},
		{"foreign origin", "POST", "/", "x", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403, "forbidden_origin"},
		{"allowed origin", "POST", "/", "x", []string{"Origin: https://intranet.example", "Sec-Fetch-Site: cross-site"}, 200, "other / x"},
		{"too much", "POST", "/", strings.Repeat("x", maxBody+1), nil, 413, ""},
		{"panic", "GET", "/panic", "", nil, 500, "internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := other.do(t, c.method, c.path, c.body, c.header...)
			if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s %q", resp.Status, body)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("without the headers of all answers")
			}
		})
	}
	if got := sayPlain(t, addr, "GET /x HTTP/1.1\r\nHost: "+addr+"\r\n\r\n"); !strings.Contains(got, "Location: https://"+addr+"/x\r\n") {
		t.Errorf("plain: %q", got)
	}
	if resp, body := r.do(t, "GET", "/healthz", ""); resp.StatusCode != 200 || strings.Contains(body, "other") {
		t.Errorf("the main port: %s %s", resp.Status, body)
	}
}

// TestSilentConnections: who says nothing is counted like others, and gone in time.
func TestSilentConnections(t *testing.T) {
	onBoth(t, Config{HeaderTime: time.Second}, func(t *testing.T, r *running) {
		for range 50 {
			dialLine(t, r.addr, false)
		}
		soon(t, "all wait", func() bool { return r.mux.Figures().Waiting == 50 })
		r.crowd.mu.Lock()
		held := len(r.crowd.guests)
		r.crowd.mu.Unlock()
		if held != 50 {
			t.Errorf("%d are counted", held)
		}
		r.wantMetric(t, `parley_tcp_unclaimed_total{reason="silent"} 50`)
	})
}
