//go:build unix

package httpd

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/transport/wsconn"
)

// childLimit tells a test process that it is the server of
// TestOutOfDescriptors.
const childLimit = "PARLEY_TEST_DESCRIPTORS"

// TestDescriptorsChild is that server: it prints its address and serves until its
// input ends.
func TestDescriptorsChild(t *testing.T) {
	if os.Getenv(childLimit) == "" {
		t.Skip("only as a child of TestOutOfDescriptors")
	}
	log := &logged{}
	s, err := New(Config{
		Doors: meetings(func(*wsconn.Conn, *http.Request) wsconn.Handler { return wsconn.Echo{} }),
		Log:   log.log(),
		Ready: func() error { // files can be opened
			f, err := os.Open(os.DevNull)
			if err != nil {
				return err
			}
			return f.Close()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(Listener{Name: "main", Net: ln}) }() // ends with Shutdown
	if _, err := os.Stdout.WriteString("address " + ln.Addr().String() + "\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	_, _ = os.Stdout.WriteString("warnings " + strings.Repeat("x", len(log.lines("out of descriptors"))) + "\n")
	_ = s.Shutdown(t.Context()) // reports what it had to cut
}

// child is a server in a process of its own with few descriptors.
type child struct {
	*running
	in  io.Closer
	out *bufio.Reader
	cmd *exec.Cmd
}

// startChild starts one whose soft and hard limits are the given ones.
func startChild(t *testing.T, soft, hard string) *child {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", `ulimit -Sn "$1" && ulimit -Hn "$2" && exec "$3" -test.run=TestDescriptorsChild`, "sh", soft, hard, os.Args[0])
	cmd.Env = append(os.Environ(), childLimit+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{in: in, out: bufio.NewReader(out), cmd: cmd}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, c.out)
		_ = cmd.Wait()
	})
	addr := c.line(t, "address ")
	transport := &http.Transport{DisableKeepAlives: true}
	c.running = &running{addr: addr, base: "http://" + addr, http: &http.Client{Transport: transport}}
	return c
}

// line reads up to a line that begins with prefix, and returns the rest of it.
func (c *child) line(t *testing.T, prefix string) string {
	t.Helper()
	for {
		text, err := c.out.ReadString('\n')
		if err != nil {
			t.Fatalf("the child says no %q: %v", prefix, err)
		}
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return strings.TrimSpace(rest)
		}
	}
}

// TestOutOfDescriptors: who can not be served is told so before the upgrade,
// nobody who got a WebSocket loses it, files can be opened, and when some leave
// others come in.
func TestOutOfDescriptors(t *testing.T) {
	const limit = 160
	c := startChild(t, "64", "160") // the soft limit is raised at start
	var open []net.Conn
	refusals := 0
	for len(open) < limit && refusals < 5 {
		resp, conn, reader := c.upgrade(t, "/api/v1/ws", offer)
		if resp.StatusCode == 101 {
			wantEcho(t, conn, reader, "hello")
			open = append(open, conn)
			continue
		}
		n := make([]byte, resp.ContentLength)
		if _, err := io.ReadFull(reader, n); err != nil {
			t.Fatal(err)
		}
		got := refusalOf(t, resp, n)
		if got.status != 503 || got.Code != "server_busy" || got.retryAfter != "5" || !resp.Close {
			t.Fatalf("refused with %+v", got)
		}
		// A WebSocket has two descriptors for a moment, and who is refused lingers for half
		// a second: the first refusal may come before all is taken.
		if refusals++; refusals == 1 {
			time.Sleep(600 * time.Millisecond)
		}
	}
	if len(open) < 100 || len(open) > limit-16 || refusals == 0 {
		t.Fatalf("%d WebSockets of %d descriptors, %d refused", len(open), limit, refusals)
	}
	for range 60 { // half-read requests do not use up the rest
		conn := c.rawDial(t)
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\n")
	}
	if resp, body := c.do(t, "GET", "/readyz", ""); resp.StatusCode != 200 {
		t.Errorf("readyz: %s %s", resp.Status, body)
	}
	if resp, body := c.do(t, "POST", "/api/v1/reach", ""); resp.StatusCode != 503 || !strings.Contains(body, "server_busy") {
		t.Errorf("reach: %s %s", resp.Status, body)
	}
	for i, conn := range open {
		if _, err := conn.Write([]byte{0x89, 0x80, 0, 0, 0, 0}); err != nil { // a ping
			t.Fatalf("WebSocket %d is gone: %v", i, err)
		}
		pong := make([]byte, 2)
		if _, err := io.ReadFull(conn, pong); err != nil || pong[0] != 0x8a {
			t.Fatalf("WebSocket %d is gone: %x, %v", i, pong, err)
		}
	}
	for _, conn := range open[:30] {
		_ = conn.Close()
	}
	soon(t, "others come in", func() bool { return c.opened(t) == 101 })
	_ = c.in.Close()
	if got := c.line(t, "warnings "); got != "x" {
		t.Errorf("%d warnings, want one", len(got))
	}
}

// TestDescriptorNumbers: a new connection has the lowest number that is free.
func TestDescriptorNumbers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	d := &descriptors{limit: 1}
	watched := numbered{ln, d, func() bool { return false }}
	client, err := net.DialTimeout("tcp", ln.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := watched.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if d.last.Load() < 3 || d.last.Load() > 1000 || !d.scarce() || !d.out() {
		t.Errorf("number %d", d.last.Load())
	}
	for limit, want := range map[int][2]bool{0: {false, false}, 1 << 20: {false, false}} {
		d.limit = limit
		if got := [2]bool{d.scarce(), d.out()}; got != want {
			t.Errorf("of %d: %v", limit, got)
		}
	}
	for limit, want := range map[int]int{64: 32, 1024: 128, 1 << 20: 1024} {
		if got := (&descriptors{limit: limit}).reserve(); got != want {
			t.Errorf("of %d: reserve %d, want %d", limit, got, want)
		}
	}
	// Without any number left, somebody who waits makes room.
	shed := false
	broken := numbered{failing{}, d, func() bool { shed = true; return true }}
	if _, err := broken.Accept(); !errors.Is(err, syscall.EMFILE) || !shed || d.last.Load() != int64(d.limit) {
		t.Errorf("%v, shed %v, last %d of %d", err, shed, d.last.Load(), d.limit)
	}
}

// failing is a listener without descriptors.
type failing struct{ net.Listener }

func (failing) Accept() (net.Conn, error) { return nil, syscall.EMFILE }
