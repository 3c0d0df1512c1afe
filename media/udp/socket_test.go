package udp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func open(t testing.TB, address netip.AddrPort, c Config) *Socket {
	t.Helper()
	s, err := Listen(address, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// modes are the ways datagrams can travel.
var modes = map[string]Config{
	"batched with segmentation": {},
	"batched":                   {NoGSO: true},
	"plain":                     {Plain: true},
}

// collect receives until it has n datagrams or nothing came for a second.
func collect(t testing.TB, s *Socket, n int) (packets [][]byte, from Addr) {
	t.Helper()
	b := NewRecvBatch()
	for len(packets) < n {
		if err := s.SetDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := s.Recv(b); err != nil {
			t.Fatal(err)
		}
		if b.Len() == 0 {
			return packets, from
		}
		for i := range b.Len() {
			packets = append(packets, bytes.Clone(b.Packet(i)))
			from = *b.Addr(i)
		}
	}
	return packets, from
}

func TestDatagramsArriveWholeAndInOrder(t *testing.T) {
	for name, config := range modes {
		t.Run(name, func(t *testing.T) {
			a, b := open(t, loopback, config), open(t, loopback, config)
			to := AddrFrom(b.LocalAddr())
			batch := NewSendBatch(a)
			// Sizes as a video encoder makes them: equal but for one byte,
			// then a short last one; and more than one arena of them.
			var want [][]byte
			for i := range 300 {
				size := []int{1100, 1100, 1101, 1101, 1101, 17, 1, 1500}[i%8]
				p := bytes.Repeat([]byte{byte(i)}, size)
				want = append(want, p)
				batch.Push(copy(batch.Room(), p), &to)
				if i%50 == 49 {
					batch.Flush()
				}
			}
			batch.Flush()
			got, from := collect(t, b, len(want))
			if len(got) != len(want) {
				t.Fatalf("%d datagrams arrived, want %d", len(got), len(want))
			}
			for i := range want {
				if !bytes.Equal(got[i], want[i]) {
					t.Fatalf("datagram %d: %d bytes of %d, want %d of %d", i, len(got[i]), got[i][0], len(want[i]), want[i][0])
				}
			}
			if from.AddrPort() != a.LocalAddr() {
				t.Errorf("sender is %s, want %s", from.AddrPort(), a.LocalAddr())
			}
			stats := batch.Stats()
			if stats.Packets != uint64(len(want)) || stats.Full+stats.Refused != 0 {
				t.Errorf("stats %+v, want %d packets and no drop", stats, len(want))
			}
			if a.GSO() && stats.RunPackets < uint64(len(want))/2 {
				t.Errorf("only %d of %d packets left in runs", stats.RunPackets, len(want))
			}
			if !a.GSO() && stats.Runs != 0 {
				t.Errorf("%d runs without segmentation", stats.Runs)
			}
		})
	}
}

func TestRunsDoNotMixDestinations(t *testing.T) {
	a := open(t, loopback, Config{})
	var sinks [3]*Socket
	var to [3]Addr
	for i := range sinks {
		sinks[i] = open(t, loopback, Config{})
		to[i] = AddrFrom(sinks[i].LocalAddr())
	}
	batch := NewSendBatch(a)
	for i := range sinks {
		for range 4 {
			batch.Push(copy(batch.Room(), fmt.Sprintf("for %d", i)), &to[i])
		}
	}
	batch.Flush()
	for i, s := range sinks {
		got, _ := collect(t, s, 4)
		if len(got) != 4 {
			t.Errorf("sink %d got %d datagrams", i, len(got))
		}
		for _, p := range got {
			if string(p) != fmt.Sprintf("for %d", i) {
				t.Errorf("sink %d got %q", i, p)
			}
		}
	}
}

func TestARefusedDestinationCostsOnlyItself(t *testing.T) {
	a, b := open(t, loopback, Config{}), open(t, loopback, Config{})
	// A socket bound to 127.0.0.1 can not reach a public address.
	bad := AddrFrom(netip.MustParseAddrPort("192.0.2.1:9"))
	good := AddrFrom(b.LocalAddr())
	batch := NewSendBatch(a)
	for range 3 {
		batch.Push(copy(batch.Room(), "lost"), &bad)
		batch.Push(copy(batch.Room(), "lost"), &bad)
		batch.Push(copy(batch.Room(), "kept"), &good)
	}
	batch.Flush()
	got, _ := collect(t, b, 3)
	if len(got) != 3 {
		t.Fatalf("%d datagrams arrived, want 3", len(got))
	}
	if s := batch.Stats(); s.Refused != 6 || s.Packets != 3 {
		t.Errorf("stats %+v, want 6 refused and 3 sent", s)
	}
}

func TestWakeAndDeadline(t *testing.T) {
	for name, config := range modes {
		t.Run(name, func(t *testing.T) {
			s := open(t, loopback, config)
			done := make(chan error)
			b := NewRecvBatch()
			go func() { done <- s.Recv(b) }()
			s.Wake()
			if err := <-done; err != nil || b.Len() != 0 {
				t.Errorf("woken Recv: %v, %d datagrams", err, b.Len())
			}
			_ = s.SetDeadline(time.Now().Add(time.Millisecond))
			if err := s.Recv(b); err != nil || b.Len() != 0 {
				t.Errorf("Recv after deadline: %v, %d datagrams", err, b.Len())
			}
			_ = s.SetDeadline(time.Time{})
			go func() { done <- s.Recv(b) }()
			_ = s.Close()
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Recv on a closed socket: %v", err)
			}
			batch := NewSendBatch(s)
			to := AddrFrom(s.LocalAddr())
			batch.Push(copy(batch.Room(), "x"), &to)
			batch.Flush()
			if st := batch.Stats(); st.Refused != 1 {
				t.Errorf("sending on a closed socket: %+v", st)
			}
		})
	}
}

// TestADeadlineThatMovedDoesNotEndTheWait: the alarm of the old one may be set,
// and may ring.
func TestADeadlineThatMovedDoesNotEndTheWait(t *testing.T) {
	for name, config := range modes {
		t.Run(name, func(t *testing.T) {
			s := open(t, loopback, config)
			b := NewRecvBatch()
			_ = s.SetDeadline(time.Now().Add(50 * time.Millisecond))
			time.AfterFunc(time.Millisecond, s.Wake)
			if err := s.Recv(b); err != nil || b.Len() != 0 {
				t.Fatalf("woken Recv: %v, %d datagrams", err, b.Len())
			}
			later := time.Now().Add(200 * time.Millisecond)
			_ = s.SetDeadline(later)
			if err := s.Recv(b); err != nil || b.Len() != 0 {
				t.Fatalf("Recv after deadline: %v, %d datagrams", err, b.Len())
			}
			if early := time.Until(later); early > 0 {
				t.Errorf("Recv came back %s before the deadline", early)
			}
			_ = s.SetDeadline(time.Time{})
			time.AfterFunc(50*time.Millisecond, s.Wake)
			if err := s.Recv(b); err != nil || time.Since(later) < 50*time.Millisecond {
				t.Errorf("Recv without a deadline: %v after %s", err, time.Since(later))
			}
		})
	}
}

func TestSendingAndReceivingDoNotAllocate(t *testing.T) {
	for name, config := range modes {
		t.Run(name, func(t *testing.T) {
			a, b := open(t, loopback, config), open(t, loopback, config)
			to := AddrFrom(b.LocalAddr())
			batch, in := NewSendBatch(a), NewRecvBatch()
			_ = b.SetDeadline(time.Now().Add(10 * time.Second))
			n := testing.AllocsPerRun(200, func() {
				for range 8 {
					batch.Push(len(batch.Room())-400, &to)
				}
				batch.Flush()
				for got := 0; got < 8; got += in.Len() {
					if err := b.Recv(in); err != nil || in.Len() == 0 {
						t.Fatal("nothing arrived", err)
					}
				}
			})
			if n != 0 {
				t.Errorf("%.1f allocations for eight datagrams sent and received", n)
			}
		})
	}
}
