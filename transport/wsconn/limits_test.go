package wsconn

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// TestBinaryIsRefused: a handler that takes texts only.
func TestBinaryIsRefused(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, w *watcher, _ *Conn, c *client, h *harness) {
		c.write(masked(ws.OpBinary, true, "x"))
		c.wantClosed(1003)
		within(t, w.closed, "OnClose")
		eventually(t, "counted", func() bool { return h.server.Figures().Ended["not_text"] == 1 })
	})
}

// flood writes the same bytes until n are written or the peer has had enough.
func (c *client) flood(b []byte, n int) {
	for written := 0; written < n; {
		m, err := c.conn.Write(b)
		if written += m; err != nil {
			return
		}
	}
}

// TestLimits is battery C9: the peer gets its close status within a second
// and the heap does not grow by more than twice the message limit.
func TestLimits(t *testing.T) {
	const limit = 384 << 10
	emptyFragments := bytes.Repeat(masked(ws.OpContinuation, false, ""), 1000)
	endless := bytes.Repeat(masked(ws.OpContinuation, false, strings.Repeat("x", 1000)), 100)
	cases := []struct {
		name   string
		first  []byte
		flood  []byte
		bytes  int
		status int
		reason string
	}{
		{"declared 2^63-1", withLength(ws.OpText, 8, 1<<63-1, ""), nil, 0, 1009, "too_large"},
		{"16 MiB for real", withLength(ws.OpText, 8, 16<<20, ""), bytes.Repeat([]byte("x"), 1<<20), 16 << 20, 1009, "too_large"},
		{"a million empty fragments", masked(ws.OpText, false, ""), emptyFragments, 6_000_000, 1008, "policy"},
		{"a message that never ends", masked(ws.OpText, false, ""), endless, 16 << 20, 1009, "too_large"},
		{"ping flood", nil, bytes.Repeat(masked(ws.OpPing, true, strings.Repeat("p", 125)), 1000), 10 << 20, 1008, "policy"},
		{"pong flood", nil, bytes.Repeat(masked(ws.OpPong, true, ""), 1000), 10 << 20, 1008, "policy"},
		{"no mask", unmasked(ws.OpText, "x"), nil, 0, 1002, "protocol_error"},
		{"reserved bits", withRsv(4, text("x")), nil, 0, 1002, "protocol_error"},
		{"no text", text("\xff"), nil, 0, 1007, "bad_utf8"},
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					h := newHarness(t, v, Config{}, acceptEcho)
					client := h.dial(t)
					before, begun := heap(), time.Now()
					client.write(c.first)
					flooded := make(chan struct{})
					go func() { defer close(flooded); client.flood(c.flood, c.bytes) }()
					f, err := client.read()
					for err == nil && f.op == ws.OpPong {
						f, err = client.read()
					}
					if err != nil || closeStatus(f) != c.status {
						t.Fatalf("got %.60q, %v, want status %d", f, err, c.status)
					}
					if took := time.Since(begun); took > time.Second {
						t.Errorf("took %v", took)
					}
					// The client's own buffers may still count the first time.
					grown := int64(heap()) - int64(before)
					for i := 0; i < 5 && grown > 2*limit; i++ {
						grown = int64(heap()) - int64(before)
					}
					if grown > 2*limit {
						t.Errorf("the heap grew by %d bytes", grown)
					}
					_ = client.conn.Close()
					eventually(t, "counted", func() bool { return h.server.Figures().Ended[c.reason] == 1 })
					<-flooded
				})
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestSlowMessage: a byte now and then is not enough, and other frames in
// between do not help.
func TestSlowMessage(t *testing.T) {
	cfg := Config{Limits: Limits{MessageTime: 200 * time.Millisecond}}
	watched(t, cfg, func(t *testing.T, w *watcher, _ *Conn, c *client, h *harness) {
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, b := range text(strings.Repeat("x", 100)) {
				if _, err := c.conn.Write([]byte{b}); err != nil {
					return
				}
				select {
				case <-time.After(20 * time.Millisecond):
				case <-stop:
					return
				}
			}
		}()
		c.wantClosed(1008)
		close(stop)
		<-done
		within(t, w.closed, "OnClose")
		eventually(t, "counted", func() bool { return h.server.Figures().Ended["slow_message"] == 1 })
	})
}

// TestSteadyMessagesAreNotSlow: that one message is always incomplete when
// the server looks is no offence.
func TestSteadyMessagesAreNotSlow(t *testing.T) {
	cfg := Config{Limits: Limits{MessageTime: time.Second}}
	watched(t, cfg, func(t *testing.T, w *watcher, _ *Conn, c *client, _ *harness) {
		m := text("steady")
		c.write(m[:3])
		for start := time.Now(); time.Since(start) < 3*time.Second/2; {
			time.Sleep(20 * time.Millisecond)
			c.write(append(m[3:len(m):len(m)], m[:3]...))
			within(t, w.texts, "text")
		}
	})
}

func TestIdleConnectionHoldsNothing(t *testing.T) {
	watched(t, Config{}, func(t *testing.T, w *watcher, s *Conn, c *client, h *harness) {
		for _, m := range []string{"a", strings.Repeat("b", 100_000)} {
			for rest := text(m); len(rest) > 0; {
				n := min(len(rest), 5000)
				c.write(rest[:n])
				rest = rest[n:]
			}
			within(t, w.texts, "text")
		}
		eventually(t, "idle", func() bool { return h.server.Figures().Held == 0 })
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.out.queue.bufs != nil || s.out.blocked {
			t.Error("the output queue holds memory")
		}
	})
}

// TestTLSGarbage: a record that does not open ends the connection.
func TestTLSGarbage(t *testing.T) {
	for _, v := range variants {
		if !v.tls {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			w := newWatcher()
			h := newHarness(t, v, Config{}, w.accept)
			c := h.dial(t)
			within(t, w.conn, "connection")
			record := []byte{23, 3, 3, 0, 0}
			binary.BigEndian.PutUint16(record[3:], 100)
			record = append(record, bytes.Repeat([]byte{7}, 100)...)
			if _, err := c.tcp.Write(record); err != nil { // below TLS
				t.Fatal(err)
			}
			if err := within(t, w.closed, "OnClose"); err == nil || errors.Is(err, io.EOF) {
				t.Fatalf("closed with %v", err)
			}
		})
	}
}

// dialRaw connects without the upgrade.
func (h *harness) dialRaw(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	if h.tls {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}
