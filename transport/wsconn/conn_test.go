package wsconn

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/engine/wire"
	"parley/transport/poll"
)

// watcher is a handler that reports to channels.
type watcher struct {
	conn   chan *Conn
	texts  chan string
	closed chan error
	onText func(c *Conn, msg string)
}

func newWatcher() *watcher {
	return &watcher{conn: make(chan *Conn, 1), texts: make(chan string, 1000), closed: make(chan error, 10)}
}

func (w *watcher) accept(c *Conn) Handler { w.conn <- c; return w }

func (w *watcher) OnText(c *Conn, msg []byte) {
	if w.onText != nil {
		w.onText(c, string(msg))
	}
	w.texts <- string(msg)
}

func (w *watcher) OnClose(_ *Conn, err error) { w.closed <- err }

func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s within 10 s", what)
		panic("unreachable")
	}
}

// watched runs test in every variant with one connected client.
func watched(t *testing.T, cfg Config, test func(t *testing.T, w *watcher, s *Conn, c *client, h *harness)) {
	t.Helper()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			w := newWatcher()
			h := newHarness(t, v, cfg, w.accept)
			c := h.dial(t)
			test(t, w, within(t, w.conn, "connection"), c, h)
		})
	}
}

func TestFramesSentWithTheRequestAreNotLost(t *testing.T) {
	onAll(t, Config{}, acceptEcho, func(t *testing.T, h *harness) {
		c := h.dial(t, append(text("one"), text("two")[:5]...)...)
		c.want(ws.OpText, "one")
		c.write(text("two")[5:])
		c.want(ws.OpText, "two")
	})
}

func TestSendWhileAccepting(t *testing.T) {
	hello := wire.NewFrame([]byte("hello"))
	accept := func(c *Conn) Handler {
		if !c.Send(hello) {
			t.Error("send refused")
		}
		return Echo{}
	}
	onAll(t, Config{}, accept, func(t *testing.T, h *harness) {
		c := h.dial(t)
		c.want(ws.OpText, "hello")
		c.write(text("x"))
		c.want(ws.OpText, "x")
	})
}

func TestNotAccepted(t *testing.T) {
	onAll(t, Config{}, func(*Conn) Handler { return nil }, func(t *testing.T, h *harness) {
		c := h.dial(t)
		f, err := c.read()
		if err != nil || closeStatus(f) != 1013 {
			t.Fatalf("got %+v, %v", f, err)
		}
		c.write(closing(1013, ""))
		c.wantEnd()
	})
}

func TestServerCloses(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, w *watcher, s *Conn, c *client, _ *harness) {
		s.Send(wire.NewFrame([]byte("last words")))
		s.Close(4001, "removed")
		if s.Send(wire.NewFrame([]byte("too late"))) {
			t.Error("send after close was taken")
		}
		s.Close(4002, "again")
		c.want(ws.OpText, "last words")
		c.want(ws.OpClose, "\x0f\xa1removed")
		c.write(text("dropped"))
		c.write(closing(4001, ""))
		c.wantEnd()
		var ce *CloseError
		if err := within(t, w.closed, "OnClose"); !errors.As(err, &ce) || ce.Remote || ce.Status != 4001 || ce.Reason != "removed" {
			t.Fatalf("closed with %v", err)
		}
		if len(w.texts) != 0 {
			t.Fatal("a message was delivered after Close")
		}
	})
}

func TestServerClosesAndPeerIsSilent(t *testing.T) {
	cfg := Config{Limits: Limits{CloseTime: 100 * time.Millisecond}}
	watched(t, cfg, func(t *testing.T, w *watcher, s *Conn, c *client, _ *harness) {
		s.Close(1000, "")
		c.wantClosed(1000)
		within(t, w.closed, "OnClose")
	})
}

func TestCloseWithStatusThatMustNotBeSent(t *testing.T) {
	for _, status := range []int{-1, 0, 999, 1004, 1005, 1006, 1015, 1100, 2999, 5000, 70536} {
		if sendable(status) {
			t.Errorf("%d may be sent", status)
		}
	}
	for _, status := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		if !sendable(status) {
			t.Errorf("%d may not be sent", status)
		}
	}
}

func TestCloseReasonIsCutAtACharacter(t *testing.T) {
	f := closeFrame(1000, strings.Repeat("x", 122)+"äöü")
	if want := 2 + 2 + 122; len(f) != want || f[1] != 124 {
		t.Fatalf("frame of %d bytes, length byte %d, want %d", len(f), f[1], want)
	}
}

func TestPeerCloses(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, w *watcher, s *Conn, c *client, h *harness) {
		c.write(append(text("bye"), closing(1001, "tab closed")...))
		c.wantClosed(1001)
		var ce *CloseError
		if err := within(t, w.closed, "OnClose"); !errors.As(err, &ce) || !ce.Remote || ce.Status != 1001 || ce.Reason != "tab closed" {
			t.Fatalf("closed with %v", err)
		}
		if got := within(t, w.texts, "text"); got != "bye" {
			t.Fatalf("got %q", got)
		}
		if s.Send(wire.NewFrame([]byte("x"))) {
			t.Error("send to a closed connection was taken")
		}
		eventually(t, "counted", func() bool { return h.server.Figures().Ended["peer_closed"] == 1 })
	})
}

func TestPeerVanishes(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, w *watcher, _ *Conn, c *client, h *harness) {
		_ = c.tcp.SetLinger(0) // reset
		_ = c.tcp.Close()
		if err := within(t, w.closed, "OnClose"); err == nil {
			t.Fatal("no error")
		}
		eventually(t, "counted", func() bool { return h.server.Figures().Ended["lost"] == 1 })
	})
}

func TestKeepAlive(t *testing.T) {
	cfg := Config{Limits: Limits{PingEvery: 100 * time.Millisecond}}
	watched(t, cfg, func(t *testing.T, w *watcher, s *Conn, c *client, h *harness) {
		for range 4 { // more than Pings
			c.want(ws.OpPing, "")
			c.write(masked(ws.OpPong, true, ""))
		}
		c.want(ws.OpPing, "")
		c.want(ws.OpPing, "")
		c.wantEnd() // neither was answered
		if err := within(t, w.closed, "OnClose"); !errors.Is(err, ErrPingTimeout) {
			t.Fatalf("closed with %v", err)
		}
		eventually(t, "counted", func() bool { return h.server.Figures().Ended["ping_timeout"] == 1 })
	})
}

func TestPingNow(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, _ *watcher, s *Conn, c *client, _ *harness) {
		s.Ping()
		c.want(ws.OpPing, "")
	})
}

func TestPanicEndsOnlyItsConnection(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			w := newWatcher()
			w.onText = func(_ *Conn, msg string) {
				if msg == "boom" {
					panic("test")
				}
			}
			handlers := make(chan Handler, 2)
			handlers <- w
			h := newHarness(t, v, Config{}, func(*Conn) Handler { return <-handlers })
			bad := h.dial(t)
			eventually(t, "accepted", func() bool { return len(handlers) == 0 })
			handlers <- Echo{}
			good := h.dial(t)
			bad.write(append(text("boom"), text("never seen")...))
			bad.wantClosed(1011)
			if err := within(t, w.closed, "OnClose"); err == nil {
				t.Fatal("no error")
			}
			good.write(text("still here"))
			good.want(ws.OpText, "still here")
			if f := h.server.Figures(); f.Panics != 1 || len(w.texts) != 0 {
				t.Fatalf("%d panics, %d messages", f.Panics, len(w.texts))
			}
		})
	}
}

// brokenFD panics when it is read.
type brokenFD struct{ poll.FD }

func (brokenFD) Read([]byte) (int, error) { panic("broken") }

// TestPanicOfOurOwn breaks a connection from within: reading from it panics.
func TestPanicOfOurOwn(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			w := newWatcher()
			w.onText = func(c *Conn, _ string) {
				if c.tls != nil {
					c.tls = &secure{}
				} else {
					c.fd = brokenFD{c.fd}
				}
			}
			handlers := make(chan Handler, 2)
			handlers <- w
			h := newHarness(t, v, Config{}, func(*Conn) Handler { return <-handlers })
			bad := h.dial(t)
			eventually(t, "accepted", func() bool { return len(handlers) == 0 })
			handlers <- Echo{}
			good := h.dial(t)
			bad.write(text("break"))
			within(t, w.texts, "the message that breaks it")
			_, _ = bad.conn.Write(text("more"))
			if err := within(t, w.closed, "OnClose"); err == nil {
				t.Error("no error")
			}
			eventually(t, "the end of one connection", func() bool {
				f := h.server.Figures()
				return f.Open == 1 && f.Ended["panic"] == 1 // counted one after the other
			})
			good.write(text("still here"))
			good.want(ws.OpText, "still here")
			if f := h.server.Figures(); f.Panics != 1 {
				t.Errorf("figures %+v", f)
			}
		})
	}
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, w *watcher, _ *Conn, c *client, _ *harness) {
		var all []byte
		for i := range 500 {
			all = append(all, text(strings.Repeat("m", i))...)
		}
		c.write(all)
		for i := range 500 {
			if got := within(t, w.texts, "text"); len(got) != i {
				t.Fatalf("message %d has %d bytes", i, len(got))
			}
		}
	})
}

// TestSlowConsumer freezes one client and keeps sending: it must be cut at
// the bound while another one gets everything.
func TestSlowConsumer(t *testing.T) {
	cfg := Config{Limits: Limits{Queue: 64 << 10, Socket: 16 << 10, WriteTime: time.Minute}}
	watched(t, cfg, func(t *testing.T, w *watcher, frozen *Conn, _ *client, h *harness) {
		reader := h.dial(t)
		healthy := within(t, w.conn, "second connection")
		msg := bytes.Repeat([]byte("x"), 8<<10)
		f := wire.NewFrame(msg)
		sent := 0
		for frozen.Send(f) {
			if !healthy.Send(f) {
				t.Fatal("the healthy connection is gone")
			}
			reader.want(ws.OpText, string(msg))
			if sent++; sent > 10_000 {
				t.Fatal("80 MiB were taken for a client that does not read")
			}
			if q := h.server.Figures().Queued; q > 64<<10+20 {
				t.Fatalf("%d bytes queued", q)
			}
		}
		if err := within(t, w.closed, "OnClose"); !errors.Is(err, ErrSlowConsumer) {
			t.Fatalf("closed with %v", err)
		}
		eventually(t, "counted", func() bool {
			f := h.server.Figures()
			return f.Ended["slow_consumer"] == 1 && f.Queued == 0
		})
	})
}

// TestStuckConsumer: a little waits, for too long.
func TestStuckConsumer(t *testing.T) {
	cfg := Config{Limits: Limits{Socket: 16 << 10, WriteTime: 150 * time.Millisecond}}
	watched(t, cfg, func(t *testing.T, w *watcher, s *Conn, _ *client, h *harness) {
		f := wire.NewFrame(bytes.Repeat([]byte("x"), 8<<10))
		// A little congestion passes when the kernel's buffers grow.
		for h.server.Figures().Queued < 512<<10 {
			s.Send(f)
		}
		if err := within(t, w.closed, "OnClose"); !errors.Is(err, ErrSlowConsumer) {
			t.Fatalf("closed with %v", err)
		}
	})
}

// TestCongestionIsOvercome: a client that reads late gets everything.
func TestCongestionIsOvercome(t *testing.T) {
	cfg := Config{Limits: Limits{Socket: 16 << 10, Queue: 64 << 20}}
	watched(t, cfg, func(t *testing.T, _ *watcher, s *Conn, c *client, h *harness) {
		big := strings.Repeat("0123456789abcdef", 20_000) // larger than any chunk
		const n = 2000
		for i := range n {
			if !s.Send(wire.NewFrame([]byte(big[:i*7%4096]))) {
				t.Fatal("send refused")
			}
		}
		s.Send(wire.NewFrame([]byte(big)))
		for i := range n {
			c.want(ws.OpText, big[:i*7%4096])
		}
		c.want(ws.OpText, big)
		s.Send(wire.NewFrame([]byte("direct")))
		c.want(ws.OpText, "direct")
		if q := h.server.Figures().Queued; q != 0 {
			t.Fatalf("%d bytes queued", q)
		}
	})
}

func TestSendFromManyGoroutines(t *testing.T) {
	cfg := Config{Limits: Limits{Socket: 16 << 10, Queue: 64 << 20}}
	watched(t, cfg, func(t *testing.T, _ *watcher, s *Conn, c *client, _ *harness) {
		const senders, each = 8, 300
		var all sync.WaitGroup
		for i := range senders {
			f := wire.NewFrame(bytes.Repeat([]byte{'a' + byte(i)}, 1000))
			all.Go(func() {
				for range each {
					s.Send(f)
				}
			})
		}
		counts := map[byte]int{}
		for range senders * each {
			f, err := c.read()
			if err != nil || len(f.data) != 1000 || strings.Trim(string(f.data), string(f.data[0])) != "" {
				t.Fatalf("frame of %d bytes, %v", len(f.data), err)
			}
			counts[f.data[0]]++
		}
		all.Wait()
		for b, n := range counts {
			if n != each {
				t.Errorf("%d frames of sender %c", n, b)
			}
		}
	})
}

func TestServerCloseTellsEveryone(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			w := newWatcher()
			h := newHarness(t, v, Config{}, func(*Conn) Handler { return w })
			c := h.dial(t)
			silent := h.dial(t)
			eventually(t, "open", func() bool { return h.server.Figures().Open == 2 })
			polite := make(chan int, 1)
			go func() {
				f, _ := c.read() // a failure shows as status 0
				_, _ = c.conn.Write(closing(1001, ""))
				polite <- closeStatus(f)
			}()
			h.stop()
			if got := within(t, polite, "close frame"); got != 1001 {
				t.Errorf("close status %d", got)
			}
			silent.wantClosed(1001)
			errs := []error{within(t, w.closed, "OnClose"), within(t, w.closed, "OnClose")}
			var ce *CloseError
			if !errors.Is(errors.Join(errs...), ErrServerClosed) || !errors.As(errors.Join(errs...), &ce) {
				t.Errorf("closed with %v", errs)
			}
		})
	}
}

func TestHandshakeTable(t *testing.T) {
	h := newHarness(t, variants[0], Config{}, acceptEcho)
	good := map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
	cases := []struct {
		name, method, header, value string
		want                        int
	}{
		{"good", "GET", "", "", 101},
		{"odd case", "GET", "Upgrade", "WebSocket", 101},
		{"several tokens", "GET", "Connection", "keep-alive, upgrade", 101},
		{"post", "POST", "", "", 405},
		{"no upgrade", "GET", "Upgrade", "", 426},
		{"other upgrade", "GET", "Upgrade", "h2c", 426},
		{"no connection", "GET", "Connection", "close", 426},
		{"old version", "GET", "Sec-WebSocket-Version", "8", 426},
		{"no version", "GET", "Sec-WebSocket-Version", "", 426},
		{"no key", "GET", "Sec-WebSocket-Key", "", 400},
		{"short key", "GET", "Sec-WebSocket-Key", "c2hvcnQ=", 400},
		{"key not base64", "GET", "Sec-WebSocket-Key", "************************", 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req, _ := http.NewRequest(c.method, "http://"+h.addr, nil)
			for k, v := range good {
				req.Header.Set(k, v)
			}
			if c.value != "" {
				req.Header.Set(c.header, c.value)
			} else if c.header != "" {
				req.Header.Del(c.header)
			}
			conn, err := net.Dial("tcp", h.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			if err := req.Write(conn); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 12)
			if _, err := io.ReadFull(conn, buf); err != nil {
				t.Fatal(err)
			}
			if got := string(buf[9:]); got != strconv.Itoa(c.want) {
				t.Fatalf("status %s, want %d", got, c.want)
			}
		})
	}
}

func TestTLSVersions(t *testing.T) {
	h := newHarness(t, variants[1], Config{}, acceptEcho)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			conn, err := tls.Dial("tcp", h.addr, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			// Everything in one record, then a message larger than a record.
			if _, err := conn.Write(append([]byte(handshake), text("first")...)); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(conn)
			if _, err := http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			}
			first := make([]byte, 7)
			if _, err := io.ReadFull(r, first); err != nil || string(first[2:]) != "first" {
				t.Fatalf("got %q, %v", first, err)
			}
			big := strings.Repeat("z", 100_000)
			if _, err := conn.Write(text(big)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 10+len(big))
			if _, err := io.ReadFull(r, got); err != nil || string(got[10:]) != big {
				t.Fatalf("big echo: %v", err)
			}
		})
	}
}
