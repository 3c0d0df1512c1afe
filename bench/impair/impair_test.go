package impair

import (
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLinkLosesItsShare(t *testing.T) {
	l := NewLink(Profile{Loss: 0.05}, 7)
	const n = 100000
	through := 0
	for i := range n {
		if _, ok := l.Pass(int64(i), 1000); ok {
			through++
		}
	}
	if lost := n - through; lost < n*45/1000 || lost > n*55/1000 || uint64(lost) != l.Lost {
		t.Errorf("%d of %d lost (%d told), want about 5 %%", lost, n, l.Lost)
	}
}

func TestLinkIsRepeatable(t *testing.T) {
	a, b := NewLink(Profile{Loss: 0.3, Jitter: time.Second}, 7), NewLink(Profile{Loss: 0.3, Jitter: time.Second}, 7)
	for i := range 1000 {
		x, okX := a.Pass(int64(i), 100)
		y, okY := b.Pass(int64(i), 100)
		if x != y || okX != okY {
			t.Fatalf("datagram %d: %v %v, then %v %v with the same seed", i, x, okX, y, okY)
		}
	}
}

func TestLinkDelaysAndKeepsOrder(t *testing.T) {
	l := NewLink(Profile{Delay: 20 * time.Millisecond, Jitter: 30 * time.Millisecond}, 1)
	last := int64(0)
	for i := range int64(1000) {
		now := i * int64(time.Millisecond)
		out, _ := l.Pass(now, 100)
		if d := out - now; d < 20e6 || d > 51e6 || out < last {
			t.Fatalf("in at %d, out at %d after %d", now, out, last)
		}
		last = out
	}
}

func TestLinkHoldsItsRate(t *testing.T) {
	l := NewLink(Profile{BitsPerSecond: 1_000_000}, 1)
	bits, end := 0, int64(0)
	for i := range int64(2000) { // 8 Mbit/s for two seconds
		if out, ok := l.Pass(i*1e6, 1000); ok {
			bits, end = bits+8000, out
		}
	}
	if rate := float64(bits) / (float64(end) / 1e9); rate < 0.95e6 || rate > 1.05e6 || l.Full == 0 {
		t.Errorf("%.0f bit/s came through, %d thrown away", rate, l.Full)
	}
}

func TestProxyCarriesBothWays(t *testing.T) {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	n := New(Profile{Delay: 5 * time.Millisecond}, 1)
	defer n.Close()
	addr, err := n.Proxy(server.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	start := time.Now()
	client.Write([]byte("ping"))
	buf := make([]byte, 100)
	server.SetDeadline(time.Now().Add(5 * time.Second))
	size, from, err := server.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	server.WriteToUDPAddrPort(buf[:size], from)
	client.SetDeadline(time.Now().Add(5 * time.Second))
	size, err = client.Read(buf)
	if err != nil || string(buf[:size]) != "ping" || time.Since(start) < 10*time.Millisecond {
		t.Errorf("%q after %v, %v", buf[:size], time.Since(start), err)
	}
}
