package wsconn

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/engine/wire"
)

// TestAllocParse guards the way of an ordinary message: no allocation.
func TestAllocParse(t *testing.T) {
	var p parser
	b := bounds{message: 1 << 20, fragments: 10}
	source := text(strings.Repeat("x", 300))
	frame := make([]byte, len(source))
	if n := testing.AllocsPerRun(1000, func() {
		copy(frame, source)
		found, payload, n, err := p.next(frame, b)
		if found != kindText || len(payload) != 300 || n != len(frame) || err != nil {
			t.Fatal("not parsed")
		}
	}); n != 0 {
		t.Fatalf("%v allocations per message", n)
	}
}

// TestAllocSend guards sending to a peer that reads: no allocation on plain
// connections.
func TestAllocSend(t *testing.T) {
	w := newWatcher()
	h := newHarness(t, variants[0], Config{}, w.accept)
	c := h.dial(t)
	s := within(t, w.conn, "connection")
	drained := make(chan struct{})
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, c.conn) }()
	f := wire.NewFrame([]byte("hello"))
	if n := testing.AllocsPerRun(1000, func() { s.Send(f) }); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
	_ = c.conn.Close()
	<-drained
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{20, 200, 2000, 60_000} {
		source := text(strings.Repeat("x", size))
		frame := make([]byte, len(source))
		for _, piece := range []int{len(source), 100} {
			b.Run(fmt.Sprintf("%d bytes in pieces of %d", size, piece), func(b *testing.B) {
				var p parser
				limits := bounds{message: 1 << 20, fragments: 10}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					copy(frame, source)
					for rest := frame; len(rest) > 0; {
						n := min(piece, len(rest))
						if _, _, _, err := p.next(rest[:n], limits); err != nil {
							b.Fatal(err)
						}
						rest = rest[n:]
					}
				}
			})
		}
	}
}

// cpu returns user and system time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFanOut sends one message to a room of 1,000, as a room does it, and
// the same bytes with a loop of plain writes on the same sockets. Nobody
// reads during a round, so that what is measured is the sender; in between
// the sockets are emptied.
func BenchmarkFanOut(b *testing.B) {
	const room = 1000
	w := &watcher{conn: make(chan *Conn, room)}
	h := newHarness(b, variants[0], Config{}, func(c *Conn) Handler { w.conn <- c; return quiet{} })
	conns := make([]*Conn, room)
	peers := make([]net.Conn, room)
	for i := range conns {
		peers[i] = h.dial(b).conn
		conns[i] = <-w.conn
		_ = peers[i].SetDeadline(time.Time{})
	}
	f := wire.NewFrame(bytes.Repeat([]byte("x"), 300))
	empty := func(peers []net.Conn, rounds int) {
		buf := make([]byte, rounds*len(f.Bytes()))
		for _, p := range peers {
			if _, err := io.ReadFull(p, buf); err != nil {
				b.Fatal(err)
			}
		}
	}
	ours := func() {
		for _, c := range conns {
			if !c.Send(f) {
				b.Fatal("not sent")
			}
		}
	}
	floor, floorPeers := plainSockets(b, room)
	plain := func() {
		for _, fd := range floor {
			if n, err := syscall.Write(fd, f.Bytes()); n != len(f.Bytes()) || err != nil {
				b.Fatal(n, err)
			}
		}
	}
	const burst = 10
	var spent [2]time.Duration
	rounds := 0
	for b.Loop() {
		for i, send := range []func(){ours, plain} {
			begun := cpu()
			for range burst {
				send()
			}
			spent[i] += cpu() - begun
			empty([][]net.Conn{peers, floorPeers}[i], burst)
		}
		rounds += burst
	}
	per := func(i int) float64 { return float64(spent[i].Nanoseconds()) / 1e3 / float64(rounds*room) }
	b.ReportMetric(per(0), "µs/delivery")
	b.ReportMetric(per(1), "µs/plain-write")
	b.ReportMetric(per(0)/per(1), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFanOutTLS is what sealing adds.
func BenchmarkFanOutTLS(b *testing.B) {
	const room = 200
	w := &watcher{conn: make(chan *Conn, room)}
	h := newHarness(b, variants[1], Config{}, func(c *Conn) Handler { w.conn <- c; return quiet{} })
	conns := make([]*Conn, room)
	var readers sync.WaitGroup
	for i := range conns {
		peer := h.dial(b)
		conns[i] = <-w.conn
		_ = peer.conn.SetDeadline(time.Time{})
		readers.Go(func() { _, _ = io.Copy(io.Discard, peer.tcp) })
	}
	f := wire.NewFrame(bytes.Repeat([]byte("x"), 300))
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range conns {
			c.Send(f)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N*room), "µs/delivery")
	h.stop()
	readers.Wait()
}

// plainSockets returns n non-blocking TCP descriptors and their other ends:
// what is left when everything of ours is taken away.
func plainSockets(t testing.TB, n int) (fds []int, peers []net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for range n {
		peer, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		fd := duplicate(t, conn)
		t.Cleanup(func() { peer.Close(); syscall.Close(fd) })
		fds, peers = append(fds, fd), append(peers, peer)
	}
	return fds, peers
}

// duplicate returns a bare descriptor of conn, which it closes: all that is
// left of it is a number.
func duplicate(t testing.TB, conn net.Conn) (fd int) {
	t.Helper()
	defer conn.Close()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var dupErr error
	if err := raw.Control(func(old uintptr) { fd, dupErr = syscall.Dup(int(old)) }); err != nil || dupErr != nil {
		t.Fatal(err, dupErr)
	}
	return fd
}

// idleBytes opens n WebSockets and returns the user memory each one costs:
// heap and stacks. Of the clients only descriptors are left, so that all of
// it is the server's.
func idleBytes(t testing.TB, v variant, n int) float64 {
	t.Helper()
	h := newHarness(t, v, Config{}, func(*Conn) Handler { return quiet{} })
	open := func() int {
		c, err := h.tryDial("")
		if err != nil {
			t.Fatal(err)
		}
		return duplicate(t, c.tcp)
	}
	fds := make([]int, 0, n+1)
	defer func() {
		for _, fd := range fds {
			syscall.Close(fd)
		}
	}()
	fds = append(fds, open()) // pools and tables
	goroutines := runtime.NumGoroutine()
	before := memory()
	for range n {
		fds = append(fds, open())
	}
	eventually(t, "without a goroutine each", func() bool { return runtime.NumGoroutine() < goroutines+10 })
	bytes := (memory() - before) / float64(n)
	if got := h.server.Figures().Open; got != int64(n)+1 {
		t.Fatalf("%d connections are open, want %d", got, n+1)
	}
	return bytes
}

func memory() float64 {
	for range 3 {
		runtime.GC() // the first ones only move pools aside
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// TestAllocIdle guards the memory of an idle connection. The bounds are those
// that Parley promises.
func TestAllocIdle(t *testing.T) {
	for _, c := range []struct {
		variant
		most float64
	}{{variants[0], 3 << 10}, {variants[1], 10 << 10}} {
		t.Run(c.name, func(t *testing.T) {
			got := idleBytes(t, c.variant, 1000)
			t.Logf("%.0f bytes for an idle connection", got)
			if got > c.most {
				t.Errorf("%.0f bytes for an idle connection, promised %.0f", got, c.most)
			}
		})
	}
}

// BenchmarkIdle reports the memory of an idle connection.
func BenchmarkIdle(b *testing.B) {
	for _, v := range variants[:2] {
		b.Run(v.name, func(b *testing.B) {
			var bytes float64
			for range b.N {
				bytes = idleBytes(b, v, 2000)
			}
			b.ReportMetric(bytes, "bytes/conn")
			b.ReportMetric(0, "ns/op")
		})
	}
}
