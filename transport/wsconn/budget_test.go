package wsconn

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/transport/limit"
)

// half is a message that lacks its end, and that end.
func half(size int) (front, end []byte) {
	all := text(strings.Repeat("x", size))
	return all[:len(all)-10], all[len(all)-10:]
}

// wantEcho finishes a message of which front was sent.
func (c *client) wantEcho(end []byte, size int) {
	c.t.Helper()
	c.write(end)
	f, err := c.read()
	if err != nil || f.op != ws.OpText || len(f.data) != size {
		c.t.Fatalf("got frame %x, status %d, %d bytes, %v; want %d back", f.op, closeStatus(f), len(f.data), err, size)
	}
}

// TestHalfSentMessagesShutNobodyOut: those who hold memory and go no further do
// not keep others from saying something, wherever they come from.
func TestHalfSentMessagesShutNobodyOut(t *testing.T) {
	limits := Limits{Input: 2 << 20, InputShare: 1 << 20, CloseTime: 50 * time.Millisecond}
	one := func(int) string { return "192.0.2.1" }
	for _, c := range []struct {
		name   string
		from   func(i int) string // the attacker's
		size   int                // of his messages
		honest string
		says   int
		cause  string
	}{
		{"one address, others", one, 300_000, "192.0.2.2", 100_000, "input_share"},
		{"one address, a neighbour behind it", one, 300_000, "192.0.2.1", 100_000, "input_share"},
		{"one network", func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }, 300_000, "2001:db8:0:1::1", 100_000, "input_share"},
		{"many addresses", func(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }, 300_000, "198.51.100.1", 100_000, "input_budget"},
		{"exempt, as behind a proxy", func(int) string { return "" }, 300_000, "", 100_000, "input_budget"},
		{"many small", func(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }, 60_000, "198.51.100.1", 30_000, "input_budget"},
	} {
		for _, v := range variants[:2] {
			t.Run(v.name+"/"+c.name, func(t *testing.T) {
				h := newHarness(t, v, Config{Limits: limits}, acceptEcho)
				front, _ := half(c.size)
				for i := range 50 * 60_000 / c.size {
					h.dialFrom(t, c.from(i)).write(front)
				}
				eventually(t, "full", func() bool { return h.server.Figures().Ended[c.cause] > 0 || h.server.Figures().Held > 1<<20 })
				front, end := half(c.says)
				for range 3 {
					honest := h.dialFrom(t, c.honest)
					honest.write(front)
					time.Sleep(50 * time.Millisecond) // let it be incomplete
					honest.wantEcho(end, c.says)
				}
				f := h.server.Figures()
				if f.Held > limits.Input {
					t.Errorf("%d bytes are held", f.Held)
				}
				eventually(t, "counted", func() bool { return h.server.Figures().Ended[c.cause] > 0 })
			})
		}
	}
}

// TestLargeMessagesLeaveAReserve: small ones get in though all that large ones
// may have is full, and cost nobody anything.
func TestLargeMessagesLeaveAReserve(t *testing.T) {
	h := newHarness(t, variants[0], Config{Limits: Limits{Input: 2 << 20, InputShare: 2 << 20}}, acceptEcho)
	front, end := half(300_000)
	var large []*client
	for range 4 {
		c := h.dial(t)
		c.write(front)
		large = append(large, c)
	}
	eventually(t, "full", func() bool { return h.server.Figures().Held > 1200_000 })
	smallFront, smallEnd := half(60_000)
	for range 5 {
		c := h.dial(t)
		c.write(smallFront)
		defer c.wantEcho(smallEnd, 60_000)
	}
	eventually(t, "small ones held", func() bool { return h.server.Figures().Held > 1500_000 })
	for _, c := range large {
		c.wantEcho(end, 300_000)
	}
}

// TestEvictedIsTold: who has to go gets 1013, and a message that became whole in
// time is not held against it.
func TestEvictedIsTold(t *testing.T) {
	onAll(t, Config{Limits: Limits{Input: 4 << 20, InputShare: 500_000}}, acceptEcho, func(t *testing.T, h *harness) {
		first := h.dialFrom(t, "192.0.2.1")
		front, end := half(300_000)
		first.write(front)
		eventually(t, "held", func() bool { return h.server.Figures().Held >= 290_000 })
		second := h.dialFrom(t, "192.0.2.1")
		second.write(front)
		first.wantClosed(statusTryLater)
		second.wantEcho(end, 300_000)
		eventually(t, "idle", func() bool { return h.server.Figures().Held == 0 })
		// The end is counted behind the close frame.
		eventually(t, "counted once", func() bool { return h.server.Figures().Ended["input_share"] == 1 })
	})
}

// TestBudget compares the sums with what the connections hold, after random
// changes.
func TestBudget(t *testing.T) {
	limits := Limits{Input: 4 << 20}.withDefaults()
	r := rand.New(rand.NewPCG(1, 2))
	b := newBudget(limits)
	conns := make([]*Conn, 200)
	held := map[*Conn]int64{}
	for i := range conns {
		conns[i] = &Conn{}
		if n := r.IntN(6); n > 0 {
			conns[i].source = netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})
		}
	}
	evicted := 0
	for range 20_000 {
		c := conns[r.IntN(len(conns))]
		n := max(0, int64(r.IntN(400<<10))-100<<10)
		gone, why := b.settle(c, n)
		held[c] = n
		evicted += len(gone)
		for _, g := range gone {
			held[g] = 0
			if (g == c) != (why != noCause) {
				t.Fatal("the newcomer was not told")
			}
			if g != c {
				b.settle(g, 0) // its loop has seen it
			}
		}
		if why != noCause {
			held[c] = 0
			b.settle(c, 0)
		}
		checkSums(t, b, held, limits)
	}
	if evicted < 1000 {
		t.Errorf("only %d evicted", evicted)
	}
	for _, c := range conns {
		b.settle(c, 0)
	}
	if b.total != 0 || b.large != 0 || len(b.sources) != 0 {
		t.Errorf("left: %+v", b)
	}
}

func checkSums(t *testing.T, b *budget, held map[*Conn]int64, l Limits) {
	t.Helper()
	var total, large int64
	each := map[netip.Prefix]int64{}
	for c, n := range held {
		total, large = total+n, large+largePart(n)
		each[limit.Source(c.source)] += n
	}
	if b.total != total || b.large != large {
		t.Fatalf("%d and %d are counted, %d and %d held", b.total, b.large, total, large)
	}
	if total > l.Input || large > l.Input-l.InputReserve {
		t.Fatalf("%d and %d are held", total, large)
	}
	for key, n := range each {
		if key.IsValid() && n > l.InputShare {
			t.Fatalf("%v holds %d", key, n)
		}
	}
}

// TestHeldFollowsWhatArrived: a few bytes do not hold the buffer that a large
// message left behind, for which they would count.
func TestHeldFollowsWhatArrived(t *testing.T) {
	for range 100 {
		var p parser
		large, _ := half(60_000)
		for len(large) > 0 {
			n := min(len(large), 1000)
			if _, _, _, err := p.next(large[:n], bounds{message: 100_000, fragments: 9}); err != nil {
				t.Fatal(err)
			}
			large = large[n:]
		}
		p.reset()
		small, _ := half(100)
		if _, _, _, err := p.next(small, bounds{message: 100_000, fragments: 9}); err != nil || p.held() > bufferSmall {
			t.Fatalf("%d bytes are held, %v", p.held(), err)
		}
		p.reset()
	}
}

// TestWholeMessagesNeverMeetTheBudget: they are answered while somebody has it.
func TestWholeMessagesNeverMeetTheBudget(t *testing.T) {
	h := newHarness(t, variants[0], Config{}, acceptEcho)
	c := h.dial(t)
	h.server.input.mu.Lock()
	defer h.server.input.mu.Unlock()
	for range 10 {
		c.write(text("whole"))
		c.want(ws.OpText, "whole")
	}
}
