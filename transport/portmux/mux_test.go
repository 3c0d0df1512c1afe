package portmux

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

const longTime = time.Minute // nobody waits for it

// TestClaims: who begins like somebody is handed to that one, with all it said.
func TestClaims(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		for name, c := range map[string]struct {
			text  string
			queue *Queue
		}{
			"a whole request":       {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", r.port},
			"one letter":            {"G", r.port},
			"TLS":                   {"\x16\x03\x01\x02\x00\x01", r.port},
			"a framed message":      {"\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x42", r.other},
			"as much as is enough":  {"\x01\x00\x03", r.other},
			"more than looked at":   {strings.Repeat("X", 10_000), r.port},
			"exactly what is":       {strings.Repeat("X", Peek), r.port},
			"of the largest length": {"\xff\xff\x00", r.other},
		} {
			t.Run(name, func(t *testing.T) {
				client := r.dial(t)
				say(t, client, c.text)
				conn := claimed(t, c.queue)
				got := make([]byte, len(c.text))
				if _, err := io.ReadFull(conn, got); err != nil || string(got) != c.text {
					t.Fatalf("the owner reads %.40q, %v", got, err)
				}
				say(t, client, "more")
				if _, err := io.ReadFull(conn, got[:1]); err != nil || got[0] != 'm' {
					t.Fatalf("and then %q, %v", got[:1], err)
				}
				say(t, conn, "back")
				if _, err := io.ReadFull(client, got[:1]); err != nil || got[0] != 'b' {
					t.Fatalf("the client reads %q, %v", got[:1], err)
				}
			})
		}
		if f := r.Figures(); f.Claimed != 8 || f.Waiting != 0 {
			t.Errorf("figures %+v", f)
		}
	})
}

// TestByteByByte: a client that dawdles is as welcome as others, while it has time.
func TestByteByByte(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		client := r.dial(t)
		const text = "\x00\x14\x01\x02abc"
		for i := range len(text) {
			if i == 2 { // all before are seen, and are not enough
				time.Sleep(20 * time.Millisecond)
				if f := r.Figures(); f.Waiting != 1 || f.Claimed != 0 {
					t.Fatalf("after two bytes: %+v", f)
				}
			}
			say(t, client, text[i:i+1])
		}
		conn := claimed(t, r.other)
		got := make([]byte, len(text))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
			t.Fatalf("the owner reads %q, %v", got, err)
		}
	})
}

// TestNobodys: what nobody claims is closed and counted by what was wrong with it.
func TestNobodys(t *testing.T) {
	const limit = 300 * time.Millisecond
	for _, c := range []struct {
		why, text string
		end       func(*net.TCPConn) error
	}{
		{"unknown", "hello\r\n", nil},
		{"unknown", "\x00\x14\xff", nil},
		{"silent", "", nil},
		{"slow", "\x00\x14", nil},
		{"left", "", (*net.TCPConn).CloseWrite},
		{"left", "\x00", (*net.TCPConn).CloseWrite},
		{"left", "", (*net.TCPConn).Close},
		{"left", "\x00", func(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) }}, // a reset
	} {
		t.Run(c.why, func(t *testing.T) {
			onBoth(t, limit, func(t *testing.T, r *rig) {
				client := r.dial(t)
				say(t, client, c.text)
				if c.end != nil {
					if err := c.end(client); err != nil {
						t.Fatal(err)
					}
				}
				wantEnd(t, client)
				r.wantUnclaimed(t, c.why, 1)
				f := r.Figures()
				for why, n := range f.Unclaimed {
					if why != c.why && n != 0 {
						t.Errorf("also counted as %s", why)
					}
				}
				if f.Waiting != 0 || f.Claimed != 0 {
					t.Errorf("figures %+v", f)
				}
			})
		})
	}
}

// TestHalfClose: who sends all of a request and then no more gets the answer.
func TestHalfClose(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(body)
		})}
		served := make(chan error, 1)
		go func() { served <- web.Serve(r.port) }()
		client := r.dial(t)
		say(t, client, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != "hello" {
			t.Errorf("%q, %v", body, err)
		}
		_ = web.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// TestCut: who counts connections can end one that waits, and one that was claimed,
// and is not told of that.
func TestCut(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		waits, talks := r.dial(t), r.dial(t)
		say(t, talks, "GET")
		owner := claimed(t, r.port)
		soon(t, "both are in", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return len(r.admitted) == 2
		})
		soon(t, "one waits", func() bool { return r.Figures().Waiting == 1 })
		r.mu.Lock()
		for c := range r.admitted {
			c.Cut() // with the lock that Gone takes
			delete(r.admitted, c)
		}
		r.mu.Unlock()
		wantEnd(t, waits)
		wantEnd(t, talks)
		if err := owner.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("close: %v", err)
		}
		if f := r.Figures(); f.Waiting != 0 || r.gone != 0 {
			t.Errorf("figures %+v, %d gone", f, r.gone)
		}
	})
}

// TestCutBeforeItWaits: somebody who is let in by another port may take the place of
// one that does not wait yet. It is not waited for then.
func TestCutBeforeItWaits(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		set := func(cut bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.cut = cut
		}
		set(true)
		for range 3 {
			wantEnd(t, r.dial(t))
		}
		set(false)
		next := r.dial(t)
		say(t, next, "GET")
		claimed(t, r.port) // and so all before were dealt with
		if f := r.Figures(); f.Waiting != 0 || r.gone != 0 {
			t.Errorf("figures %+v, %d gone", f, r.gone)
		}
	})
}

func TestRefused(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		r.mu.Lock()
		r.refuse = true
		r.mu.Unlock()
		wantEnd(t, r.dial(t))
	})
}

// TestCloseEndsWhatWaits, and leaves what was claimed to its owner.
func TestCloseEndsWhatWaits(t *testing.T) {
	onBoth(t, longTime, func(t *testing.T, r *rig) {
		waits, talks := r.dial(t), r.dial(t)
		say(t, talks, "GET")
		owner := claimed(t, r.port)
		soon(t, "one waits", func() bool { return r.Figures().Waiting == 1 })
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, waits)
		say(t, owner, "hello")
		if _, err := io.ReadFull(talks, make([]byte, 5)); err != nil {
			t.Error(err)
		}
		if conn, err := net.Dial("tcp", r.addr); err == nil {
			_ = conn.Close()
			t.Error("it still listens")
		}
		if r.Close() == nil {
			t.Error("closed twice")
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Serve(ln, nil); err != nil {
			t.Errorf("serve after the end: %v", err)
		}
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the listener is open: %v", err)
		}
	})
}

// TestAcceptErrors: what passes is waited for, what does not ends Serve.
func TestAcceptErrors(t *testing.T) {
	r := start(t, longTime, false)
	broken := errors.New("broken")
	ln := failing{scene: &scene{errs: []error{syscall.EMFILE, syscall.ENFILE, broken}}}
	if err := r.Serve(ln, nil); !errors.Is(err, broken) || len(ln.errs) != 0 || !ln.closed {
		t.Errorf("%v, %d left, closed %v", err, len(ln.errs), ln.closed)
	}
}

// failing is a listener that is no key of a map, as wrapped ones may be.
type failing struct {
	*scene
	_ []int
}

type scene struct {
	net.Listener
	errs   []error
	closed bool
}

func (l *scene) Accept() (net.Conn, error) {
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, err
}

func (l *scene) Close() error {
	l.closed = true
	return nil
}

// TestDescriptor: who takes the descriptor over gets it once nothing is held, and
// what the server sets reaches the socket.
func TestDescriptor(t *testing.T) {
	r := start(t, longTime, false)
	client := r.dial(t)
	say(t, client, "GET")
	conn := claimed(t, r.port).(*Conn)
	if _, err := conn.SyscallConn(); !errors.Is(err, errHeld) {
		t.Fatalf("with bytes held: %v", err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) {}); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetWriteBuffer(8 << 10); err != nil {
		t.Error(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Error(err)
	}
	wantEnd(t, client)
}
