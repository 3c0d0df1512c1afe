package portmux

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// rig is a Mux that serves one port.
type rig struct {
	*Mux
	addr  string
	port  *Queue // what TLS and HTTP claim
	other *Queue // what framed claims
	serve chan error

	mu       sync.Mutex // guards all below
	refuse   bool
	cut      bool // who is let in is cut before it waits
	admitted map[*Conn]bool
	gone     int
}

// framed matches a STUN message with its length before it (RFC 4571, RFC 8489), as
// a door for media would: it takes more than one byte to know.
func framed(head []byte) Verdict {
	if len(head) < 3 {
		return More
	}
	return when(head[2] <= 3)
}

// onBoth runs a test with each kind of poller.
func onBoth(t *testing.T, limit time.Duration, test func(t *testing.T, r *rig)) {
	for name, portable := range map[string]bool{"native": false, "portable": true} {
		t.Run(name, func(t *testing.T) { test(t, start(t, limit, portable)) })
	}
}

func start(t *testing.T, limit time.Duration, portable bool) *rig {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{addr: ln.Addr().String(), port: NewQueue(ln.Addr()), other: NewQueue(ln.Addr()),
		serve: make(chan error, 1), admitted: map[*Conn]bool{}}
	r.Mux, err = New(Config{Time: limit, Portable: portable, Admit: r.admit, Gone: r.leave, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	both := func(c *Conn) { r.port.Push(c) }
	table := []Matcher{{TLS, both}, {HTTP, both}, {framed, func(c *Conn) { r.other.Push(c) }}}
	go func() { r.serve <- r.Serve(ln, table) }()
	t.Cleanup(func() {
		_ = r.port.Close()
		_ = r.other.Close()
		_ = r.Close() // closed already, if the test did
		if err := within(t, r.serve, "end of Serve"); err != nil {
			t.Errorf("serve: %v", err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.admitted) != 0 {
			t.Errorf("%d connections were let in and are not gone", len(r.admitted))
		}
	})
	return r
}

func (r *rig) admit(c *Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse {
		return false
	}
	if r.cut {
		c.Cut()
	} else {
		r.admitted[c] = true
	}
	return true
}

func (r *rig) leave(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.admitted[c] {
		panic("gone twice, or never let in")
	}
	delete(r.admitted, c)
	r.gone++
}

func (r *rig) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn.(*net.TCPConn)
}

func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// claimed is the next connection of q.
func claimed(t *testing.T, q *Queue) net.Conn {
	t.Helper()
	got := make(chan net.Conn, 1)
	go func() {
		if conn, err := q.Accept(); err == nil {
			got <- conn
		}
	}()
	conn := within(t, got, "claimed connection")
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

// wantEnd waits until the server has ended conn.
func wantEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := io.Copy(io.Discard, conn)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Fatal("the connection is still open")
	}
}

// wantUnclaimed waits for a count.
func (r *rig) wantUnclaimed(t *testing.T, why string, n uint64) {
	t.Helper()
	soon(t, why, func() bool { return r.Figures().Unclaimed[why] == n })
}

func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s within 20 s", what)
		panic("unreachable")
	}
}
