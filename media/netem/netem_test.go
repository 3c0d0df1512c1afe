package netem

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run feeds a shaper n datagrams of 1,000 bytes, one per millisecond, and
// returns when each arrived, relative to the start; -1 if it was lost.
func run(link Link, seed uint64, n int) []time.Duration {
	s := NewShaper(link, seed)
	start := time.Unix(1000, 0)
	var out []time.Duration
	for i := range n {
		at, lost := s.Next(start.Add(time.Duration(i)*time.Millisecond), 1000)
		if lost {
			out = append(out, -1)
		} else {
			out = append(out, at.Sub(start))
		}
	}
	return out
}

func TestShaperIsRepeatable(t *testing.T) {
	link := Link{Loss: 0.1, Delay: 30 * time.Millisecond, Jitter: 10 * time.Millisecond, Reorder: 0.05}
	a, b, c := run(link, 7, 500), run(link, 7, 500), run(link, 8, 500)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("the same seed gave another result")
	}
	if fmt.Sprint(a) == fmt.Sprint(c) {
		t.Error("another seed gave the same result")
	}
}

func TestShaperLoss(t *testing.T) {
	lost := 0
	for _, at := range run(Link{Loss: 0.05}, 1, 20000) {
		if at < 0 {
			lost++
		}
	}
	if lost < 850 || lost > 1150 {
		t.Errorf("%d of 20000 lost, want about 1000", lost)
	}
}

func TestShaperDelayKeepsOrder(t *testing.T) {
	last := time.Duration(0)
	for i, at := range run(Link{Delay: 20 * time.Millisecond, Jitter: 15 * time.Millisecond}, 1, 1000) {
		sent := time.Duration(i) * time.Millisecond
		if d := at - sent; d < 20*time.Millisecond || d > 35*time.Millisecond {
			t.Fatalf("datagram %d took %v", i, d)
		}
		if at < last {
			t.Fatalf("datagram %d overtook the one before", i)
		}
		last = at
	}
}

func TestShaperReorders(t *testing.T) {
	overtaken := 0
	all := run(Link{Reorder: 0.1, ReorderBy: 3 * time.Millisecond}, 1, 1000)
	for i := 1; i < len(all); i++ {
		if all[i] < all[i-1] {
			overtaken++
		}
	}
	if overtaken < 60 || overtaken > 140 {
		t.Errorf("%d of 1000 overtaken, want about 100", overtaken)
	}
}

func TestShaperRate(t *testing.T) {
	// 8 Mbit/s come in, 4 Mbit/s fit.
	all := run(Link{Rate: 4_000_000, Queue: 100 * time.Millisecond}, 1, 2000)
	lost, worst := 0, time.Duration(0)
	for i, at := range all {
		if at < 0 {
			lost++
			continue
		}
		worst = max(worst, at-time.Duration(i)*time.Millisecond)
	}
	if lost < 900 || lost > 1000 {
		t.Errorf("%d of 2000 lost, want about half", lost)
	}
	if worst < 95*time.Millisecond || worst > 105*time.Millisecond {
		t.Errorf("longest wait %v, want the queue's 100 ms", worst)
	}
}

// echo returns every datagram until the test ends.
func echo(t *testing.T) netip.AddrPort {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(append(buf[:n], from.String()...), from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func start(t *testing.T, c Config) *Proxy {
	p, err := NewProxy(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// ask sends a datagram and returns the answer and how long it took.
func ask(t *testing.T, c *net.UDPConn, text string) (string, time.Duration) {
	t.Helper()
	began := time.Now()
	_, _ = c.Write([]byte(text))
	_ = c.SetReadDeadline(began.Add(2 * time.Second))
	buf := make([]byte, 2048)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(buf[:n]), time.Since(began)
}

func dial(t *testing.T, to netip.AddrPort) *net.UDPConn {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestProxyPassesDelaysAndRebinds(t *testing.T) {
	server := echo(t)
	p := start(t, Config{Server: server, Up: Link{Delay: 20 * time.Millisecond}, Down: Link{Delay: 30 * time.Millisecond}})
	a, b := dial(t, p.Addr()), dial(t, p.Addr())
	first, took := ask(t, a, "hello ")
	if took < 50*time.Millisecond {
		t.Errorf("answer after %v, want 50 ms or more", took)
	}
	if other, _ := ask(t, b, "hello "); other == first {
		t.Error("two clients share a port towards the server")
	}
	if again, _ := ask(t, a, "hello "); again != first {
		t.Errorf("port changed by itself: %q, then %q", first, again)
	}
	if err := p.Rebind(); err != nil {
		t.Fatal(err)
	}
	if again, _ := ask(t, a, "hello "); again == first {
		t.Error("port did not change on Rebind")
	}
	// A datagram is counted once it is sent, so its receiver can be first.
	waitFor(t, func() bool { return p.Stats() == Stats{Up: 4, Down: 4} })
}

func TestProxyLosesBothWays(t *testing.T) {
	p := start(t, Config{Server: echo(t), Seed: 3})
	c := dial(t, p.Addr())
	ask(t, c, "x")
	p.Set(Link{Loss: 1}, Link{})
	for range 10 {
		_, _ = c.Write([]byte("y"))
	}
	waitFor(t, func() bool { return p.Stats().UpLost == 10 })
	p.Set(Link{}, Link{Loss: 1})
	for range 10 {
		_, _ = c.Write([]byte("z"))
	}
	waitFor(t, func() bool { return p.Stats().DownLost == 10 })
	p.Set(Link{}, Link{})
	ask(t, c, "x")
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited too long")
		}
	}
}

func TestProxyBoundsClients(t *testing.T) {
	p := start(t, Config{Server: echo(t), MaxClients: 1})
	ask(t, dial(t, p.Addr()), "x")
	_, _ = dial(t, p.Addr()).Write([]byte("x"))
	waitFor(t, func() bool { return p.Stats().UpLost == 1 })
}
