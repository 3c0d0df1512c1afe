package forward

import (
	"net/netip"
	"testing"
	"time"

	"parley/media/rtc/path"
	"parley/media/udp"
)

// counting is a udp.PacketOut that counts, up to a limit.
type counting struct{ packets, bytes, limit int }

func (c *counting) SendPackets(packets [][]byte) (sent int) {
	for _, p := range packets {
		if c.packets == c.limit {
			break
		}
		c.packets++
		c.bytes += len(p)
		sent++
	}
	return sent
}

// TestForwardingByLinksDoesNotAllocate: nor does what leaves by connections and
// comes by one.
func TestForwardingByLinksDoesNotAllocate(t *testing.T) {
	const subscribers, packets = 5, 4
	r := newRig(t, subscribers, options{sourceRate: 1e9})
	outs := make([]counting, subscribers)
	for i, s := range r.to {
		outs[i].limit = 1 << 30
		link := r.group.Attach(&outs[i], netip.MustParseAddrPort("192.0.2.1:7"))
		r.w.loop.path.Assume(&s.path, link.via.Addr, &link.via, r.group.clock.now().Add(time.Hour))
	}
	in := r.group.Attach(&counting{}, netip.MustParseAddrPort("192.0.2.2:7"))
	r.w.loop.path.Assume(&r.from.path, in.via.Addr, &in.via, r.group.clock.now().Add(time.Hour))
	send := func() {
		r.frames++
		r.ts = max(r.ts+1, uint32(time.Since(r.group.clock.start).Microseconds()*9/100))
		for i := range packets {
			if !in.Receive(r.packet(1100, r.frames == 1, i == 0, i == packets-1)) {
				t.Fatal("not taken")
			}
		}
		r.w.loop.in.Reset()
		r.w.handleLoop()
	}
	for range 300 {
		send()
	}
	before := outs[0].packets
	n := testing.AllocsPerRun(500, send)
	if got := outs[0].packets - before; got < 500*packets {
		t.Errorf("%d packets left by the first link, want %d", got, 501*packets)
	}
	for i := range outs {
		if outs[i].packets != outs[0].packets || outs[i].bytes != outs[0].bytes {
			t.Errorf("link %d took %+v, the first %+v", i, outs[i], outs[0])
		}
	}
	if n != 0 {
		t.Errorf("%.2f allocations", n)
	}
}

// TestLinkIsBounded: who sends faster than a worker can look loses packets, and
// takes nothing from others.
func TestLinkIsBounded(t *testing.T) {
	r := newRig(t, 0, options{})
	link := r.group.Attach(&counting{}, netip.MustParseAddrPort("192.0.2.2:7"))
	pkt := make([]byte, 100)
	for i := range 3 * maxArrivals {
		if taken := link.Receive(pkt); taken != (i < maxArrivals) {
			t.Fatalf("packet %d taken: %v", i, taken)
		}
	}
	if link.Receive(make([]byte, udp.MaxSend+1)) {
		t.Error("a packet was taken that is too long")
	}
	r.w.loop.in.Reset()
	r.w.handleLoop()
	if !link.Receive(pkt) {
		t.Error("nothing is taken after the worker looked")
	}
	if n := r.figures().Drops[path.DropSTUN.String()]; n != maxArrivals {
		t.Errorf("%d packets were looked at", n)
	}
	if n := link.waiting.Load(); n != 1 {
		t.Errorf("%d wait", n)
	}
}
