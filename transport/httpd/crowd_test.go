package httpd

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/transport/limit"
)

// fakeConn is a connection that only has an identity.
type fakeConn struct {
	net.Conn
	number int
}

// rig is a crowd and whom it cut, by number.
type rig struct {
	*crowd
	t     *testing.T
	conns []*fakeConn
	cut   []int
}

func newRig(t *testing.T, each, all int) *rig {
	r := &rig{t: t}
	r.crowd = newCrowd(each, all, func(c net.Conn) { r.cut = append(r.cut, c.(*fakeConn).number) })
	return r
}

// come brings a connection of from, the next in number.
func (r *rig) come(from string, exempt, scarce bool) (in bool) {
	c := &fakeConn{number: len(r.conns)}
	r.conns = append(r.conns, c)
	in, _ = r.enter(c, netip.MustParseAddr(from), exempt, scarce)
	return in
}

func (r *rig) wantCut(numbers ...int) {
	r.t.Helper()
	if !slices.Equal(r.cut, numbers) {
		r.t.Fatalf("cut are %v, want %v", r.cut, numbers)
	}
	r.cut = nil
}

func TestCrowdShare(t *testing.T) {
	r := newRig(t, 2, 100)
	const a = "192.0.2.1"
	r.come(a, false, false)
	r.come(a, false, false)
	r.come(a, false, false) // the oldest goes
	r.wantCut(0)
	r.work(r.conns[1], true)
	r.come(a, false, false) // who waits goes before who is answered
	r.wantCut(2)
	r.work(r.conns[3], true)
	if r.come(a, false, false) {
		t.Fatal("one more than the share, all of it busy")
	}
	r.wantCut()
	r.come("192.0.2.2", false, false)
	r.work(r.conns[1], false)
	r.work(r.conns[3], false)
	r.come(a, false, false) // 1 began to wait before 3
	r.wantCut(1)
	for range 5 {
		if !r.come("127.0.0.1", true, false) {
			t.Fatal("a trusted proxy has a share")
		}
	}
	r.wantCut()
}

func TestCrowdWhenFull(t *testing.T) {
	r := newRig(t, 100, 6)
	for _, from := range []string{"192.0.2.1", "198.51.100.1", "192.0.2.1", "2001:db8::1", "2001:db8::2", "192.0.2.1"} {
		r.come(from, false, false)
	}
	r.come("203.0.113.1", false, false)
	r.wantCut(0)
	r.leave(r.conns[0]) // http.Server notices later
	r.leave(r.conns[2])
	r.come("203.0.113.2", false, false) // there was room
	r.wantCut()
	r.come("203.0.113.3", false, false) // a /64 is one source, and has most
	r.wantCut(3)
	// Busy ones give way too, of who has most.
	r = newRig(t, 100, 2)
	r.come("192.0.2.1", false, false)
	r.come("192.0.2.1", false, false)
	r.work(r.conns[0], true)
	r.work(r.conns[1], true)
	r.come("198.51.100.1", false, false)
	r.wantCut(0)
	// Proxies are the last to give way.
	r = newRig(t, 100, 4)
	for range 3 {
		r.come("127.0.0.1", true, false)
	}
	r.come("192.0.2.1", false, false)
	r.come("198.51.100.1", false, false)
	r.wantCut(3)
	// Without descriptors only who waits does.
	r = newRig(t, 100, 100)
	if !r.come("192.0.2.1", false, true) {
		t.Fatal("nobody to make room, and nobody comes in")
	}
	r.come("192.0.2.1", false, true)
	r.wantCut(0)
	r.work(r.conns[1], true)
	r.come("192.0.2.1", false, true)
	r.wantCut()
	if !r.shed() || r.shed() {
		t.Fatal("shed ends who waits, once")
	}
	r.wantCut(2)
}

// TestCrowdModel compares with a count of everything.
func TestCrowdModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := newRig(t, 5, 30)
	alive := map[int]string{}
	perSource := func(source string) (n int) {
		for _, s := range alive {
			if s == source {
				n++
			}
		}
		return n
	}
	for step := range 20_000 {
		number := 0
		if len(r.conns) > 0 {
			number = max(0, len(r.conns)-1-random.IntN(60))
		}
		switch random.IntN(4) {
		case 0, 1:
			from := netip.AddrFrom4([4]byte{192, 0, 2, byte(random.IntN(12))}).String()
			exempt := from == "192.0.2.0"
			most := 0
			for _, s := range alive {
				if s != "192.0.2.0" {
					most = max(most, perSource(s))
				}
			}
			before, beforeAll := perSource(from), len(alive)
			in := r.come(from, exempt, false)
			for _, n := range r.cut {
				switch {
				case before >= 5 && !exempt:
					if alive[n] != from {
						t.Fatalf("step %d: %s made room for %s, which has its share", step, alive[n], from)
					}
				case beforeAll < 30 || most > 0 && perSource(alive[n]) != most:
					t.Fatalf("step %d: one of %d of %d was cut, the most are %d", step, perSource(alive[n]), beforeAll, most)
				}
				delete(alive, n)
			}
			r.cut = nil
			if in {
				alive[len(r.conns)-1] = from
			}
		case 2:
			if len(r.conns) > 0 {
				r.work(r.conns[number], random.IntN(2) == 0)
			}
		case 3:
			if len(r.conns) > 0 {
				r.leave(r.conns[number])
				delete(alive, number)
			}
		}
		if len(r.guests) != len(alive) || len(r.guests) > 30 || len(r.sources) != len(r.largest) {
			t.Fatalf("step %d: %d guests of %d and %d sources, want %d", step, len(r.guests), len(r.sources), len(r.largest), len(alive))
		}
	}
	for _, c := range r.conns {
		r.leave(c)
	}
	if len(r.guests)+len(r.sources)+len(r.largest) != 0 {
		t.Error("somebody is left")
	}
}

// TestHalfReadRequestsShutNobodyOut: one address holds all that it may and
// begins more, of all that a server takes; another one gets its page.
func TestHalfReadRequestsShutNobodyOut(t *testing.T) {
	onBoth(t, Config{PerAddress: PerAddress{Requests: 20, Loopback: true}}, func(t *testing.T, r *running) {
		begin := func() net.Conn {
			conn := r.rawDial(t)
			if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n"); err != nil {
				t.Fatal(err)
			}
			return conn
		}
		held := make([]net.Conn, 0, 50)
		for range 50 {
			held = append(held, begin())
		}
		resp, _ := r.do(t, "GET", "/healthz", "")
		if resp.StatusCode != 200 {
			t.Fatal(resp.Status)
		}
		if _, err := held[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("the oldest: %v", err)
		}
		last := held[len(held)-1]
		if _, err := io.WriteString(last, "\r\n"); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(last, answer); err != nil || string(answer) != "HTTP/1.1 200" {
			t.Errorf("the latest: %q, %v", answer, err)
		}
		_, body := r.do(t, "GET", "/metrics", "")
		if !strings.Contains(body, `parley_http_cut_total{reason="oldest"}`) {
			t.Errorf("not counted:\n%s", grep(body, "parley_http"))
		}
	})
}

// TestFullOfHalfReadRequests fills a server to its bound from one address: a
// newcomer is answered, and who has most pays.
func TestFullOfHalfReadRequests(t *testing.T) {
	r := start(t, Config{PerAddress: PerAddress{Requests: -1}}, func(s *Server) { s.crowd.all = 40 })
	for range 100 {
		conn := r.rawDial(t)
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		r.http.CloseIdleConnections()
		if resp, _ := r.do(t, "GET", "/healthz", ""); resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
	}
	r.crowd.mu.Lock()
	defer r.crowd.mu.Unlock()
	if n := len(r.crowd.guests); n > 40 {
		t.Errorf("%d connections are held", n)
	}
}

// TestKeptConnectionsGiveWay: what browsers keep for later does not use up the
// share of their address.
func TestKeptConnectionsGiveWay(t *testing.T) {
	r := start(t, Config{PerAddress: PerAddress{Requests: 3, Loopback: true}})
	request := []byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for i := range 20 {
		conn := r.rawDial(t)
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || !bytes.HasSuffix(answer, []byte("200")) {
			t.Fatalf("connection %d: %q, %v", i, answer, err)
		}
		// It is kept once http.Server says so, a moment after the answer.
		source := limit.Source(netip.MustParseAddr("127.0.0.1"))
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			r.crowd.mu.Lock()
			busy := r.crowd.sources[source].busy.Len()
			r.crowd.mu.Unlock()
			if busy == 0 {
				break
			}
		}
	}
}
