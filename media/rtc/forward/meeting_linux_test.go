package forward

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkMeeting is the worker's CPU time for one packet to one subscriber when
// frames of four packets come of one publisher or of ten, so many at once.
func BenchmarkMeeting(b *testing.B) {
	const packets = 4
	for _, c := range []struct{ publishers, subscribers, frames int }{
		{1, 50, 16}, {10, 9, 16}, {10, 9, 4}, {10, 9, 1},
	} {
		b.Run(fmt.Sprintf("%dto%d/frames%d", c.publishers, c.subscribers, c.frames), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			m := newMeeting(b, c.publishers, drains(b, c.subscribers)...)
			m.round(packets, 1000, true)
			m.turn(packets * c.publishers)
			var spent time.Duration
			next := 0
			start, sent := m.w.count.forwarded.Load(), m.w.loop.out[0].Stats()
			for b.Loop() {
				for range c.frames {
					m.publishers[next%c.publishers].frame(packets, 1000, false)
					next++
				}
				began := threadTime(b)
				m.turn(packets * c.frames)
				spent += threadTime(b) - began
			}
			n, now := m.w.count.forwarded.Load()-start, m.w.loop.out[0].Stats()
			b.ReportMetric(float64(spent.Nanoseconds())/float64(n), "cpu-ns/packet")
			b.ReportMetric(float64(now.RunPackets-sent.RunPackets)/float64(now.Runs-sent.Runs), "packets/run")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// drains are addresses where packets are dropped, runs as a whole.
func drains(t testing.TB, n int) (addrs []netip.AddrPort) {
	for range n {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
			_ = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1)
		})
		addrs = append(addrs, conn.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	return addrs
}

// threadTime is the CPU time of the calling thread.
func threadTime(t testing.TB) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
