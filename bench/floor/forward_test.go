package floor

import (
	"net"
	"testing"

	"parley/bench/gcm"
)

// forwarder makes a minimal forwarder from one sender to n destinations that
// nobody reads, and one sealed packet of the sender.
func forwarder(b *testing.B, n int, gso bool) (*Forwarder, []byte) {
	b.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	plan := &Plan{GSO: gso, Publishers: []Publisher{{Port: 9, Streams: []Stream{{SSRC: 5}}}}}
	for i := range n {
		sink, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { sink.Close() })
		plan.Dests = append(plan.Dests, Dest{Port: uint16(sink.LocalAddr().(*net.UDPAddr).Port)})
		plan.Publishers[0].Streams[0].To = append(plan.Publishers[0].Streams[0].To, Hop{Dest: i, SSRC: uint32(100 + i)})
	}
	f, err := NewForwarder(conn, plan)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(f.pipe.close)
	s, err := gcm.NewSession(gcm.Keys{})
	if err != nil {
		b.Fatal(err)
	}
	header := []byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5}
	return f, s.SealRTP(nil, header, make([]byte, 1200-12-gcm.TagLen), 0)
}

// BenchmarkForward is the floor of a forwarded packet: open once, seal and
// send to each of 50. The full receive buffers of the destinations make the
// kernel's part a little cheaper than in a scenario.
func BenchmarkForward(b *testing.B) {
	for name, gso := range map[string]bool{"sendmmsg": false, "gso": true} {
		b.Run(name, func(b *testing.B) {
			f, packet := forwarder(b, 50, gso)
			room := make([]byte, len(packet))
			b.ReportAllocs()
			for b.Loop() {
				for range 4 {
					copy(room, packet)
					a, ok := f.pubs[9].take(room)
					if !ok {
						b.Fatal("packet did not open")
					}
					f.run = append(f.run, a)
				}
				f.forward()
				f.pipe.flush()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/200, "µs/packet")
		})
	}
}

func TestPlanIsChecked(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	plan := &Plan{Publishers: []Publisher{{Streams: []Stream{{To: []Hop{{Dest: 1}}}}}}}
	if _, err := NewForwarder(conn, plan); err == nil {
		t.Error("a plan with a destination that is not there was accepted")
	}
}
