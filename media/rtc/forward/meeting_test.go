package forward

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

// meeting is a rig with several publishers, whom all of its subscribers watch.
type meeting struct {
	*rig
	publishers []*rig // on the server of the first
}

// newMeeting adds a subscriber at each address.
func newMeeting(t testing.TB, publishers int, subscribers ...netip.AddrPort) *meeting {
	m := &meeting{rig: newRig(t, 0, options{})}
	m.publishers = append(m.publishers, m.rig)
	for i := range publishers - 1 {
		m.publishers = append(m.publishers, m.another(byte(20+2*i)))
	}
	for _, addr := range subscribers {
		m.to = append(m.to, m.session(linesOf(publishers), publishers, addr, rtctest.MasterKey(3)))
	}
	for seat, p := range m.publishers {
		to := slices.Clone(m.to)
		if seat%2 == 1 { // tables have an order of their own
			slices.Reverse(to)
		}
		for _, sub := range to {
			sub.Place(seat, Placement{From: p.from, Source: media.Camera, Video: true, Width: 640, Height: 360})
		}
	}
	return m
}

// another is one more publisher.
func (m *meeting) another(key byte) *rig {
	p := *m.rig
	p.slot = make([]byte, 1500)
	var err error
	if p.client, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.w.sock.LocalAddr())); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = p.client.Close() })
	if p.sealer, err = media.NewSealer(rtctest.MasterKey(key)); err != nil {
		m.t.Fatal(err)
	}
	p.from = p.session(linesOf(0), 0, p.client.LocalAddr().(*net.UDPAddr).AddrPort(), rtctest.MasterKey(key))
	return &p
}

// round has every publisher send the packets of one frame, a packet each in turn.
func (m *meeting) round(packets, size int, key bool) {
	for i := range packets {
		for _, p := range m.publishers {
			if i == 0 {
				p.frames++
				p.ts += 3000
			}
			if _, err := p.client.Write(p.packet(size, key && i == 0, i == 0, i == packets-1)); err != nil {
				m.t.Fatal(err)
			}
		}
	}
}

// TestPublishersShareRuns: packets of one size that come from several publishers at a
// time leave in one run for each subscriber, and each stream's in their order. Of more
// publishers than are gone through together nothing is lost either; how many runs
// they make (0 here) is the kernel's limit's.
func TestPublishersShareRuns(t *testing.T) {
	for _, c := range []struct{ publishers, packets, subscribers, runs int }{
		{1, 4, 3, 1}, {3, 2, 2, 1}, {7, 1, 3, 1}, {maxAbreast + 4, 2, 2, 0},
	} {
		t.Run(fmt.Sprintf("%d to %d", c.publishers, c.subscribers), func(t *testing.T) {
			var ends []*net.UDPConn
			var addrs []netip.AddrPort
			for range c.subscribers {
				end, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = end.Close() })
				ends, addrs = append(ends, end), append(addrs, end.LocalAddr().(*net.UDPAddr).AddrPort())
			}
			m := newMeeting(t, c.publishers, addrs...)
			all := c.publishers * c.packets
			var before udp.SendStats
			for _, key := range []bool{true, false} {
				if m.w.loop.out != nil {
					before = m.w.loop.out[0].Stats()
				}
				m.w.loop.nextTick = math.MaxInt64 // reports are packets, too
				m.pass(time.Second)
				m.round(c.packets, 1000, key)
				m.turn(all)
			}
			after := m.w.loop.out[0].Stats()
			if got := int(after.Runs - before.Runs); c.runs > 0 && m.w.sock.GSO() && got != c.runs*c.subscribers {
				t.Errorf("%d runs, want %d", got, c.runs*c.subscribers)
			}
			if got := int(after.Packets - before.Packets); got != all*c.subscribers {
				t.Errorf("%d packets left, want %d", got, all*c.subscribers)
			}
			for _, end := range ends {
				inOrder(t, end, 2*all)
			}
		})
	}
}

// inOrder reads n packets and looks whether the numbers of each SSRC follow each other.
func inOrder(t *testing.T, end *net.UDPConn, n int) {
	t.Helper()
	_ = end.SetReadDeadline(time.Now().Add(5 * time.Second))
	newest := map[uint32]uint16{}
	for buf := make([]byte, 1500); n > 0; n-- {
		if _, err := end.Read(buf); err != nil {
			t.Fatalf("%d packets missing: %v", n, err)
		}
		seq, ssrc := binary.BigEndian.Uint16(buf[2:]), binary.BigEndian.Uint32(buf[8:])
		if last, seen := newest[ssrc]; seen && seq != last+1 {
			t.Errorf("%d follows %d", seq, last)
		}
		newest[ssrc] = seq
	}
}
