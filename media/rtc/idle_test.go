package rtc

import (
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
)

// maxIdleBytes is what a connected session that sends nothing may hold of the
// 64 KiB that an idle participant may cost the server all told; the signalling
// connection and the engine need the rest.
const maxIdleBytes = 24 << 10

// TestIdleSessionIsSmall measures sessions with four sources and nine seats,
// keyed, after their handshake.
func TestIdleSessionIsSmall(t *testing.T) {
	s, err := open(Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	const n = 200
	before, routines := heap(), runtime.NumGoroutine()
	var all []*Session
	for range n {
		all = append(all, assume(t, s, offerSpec{ufrag: "abcd", seats: 9}, s.Candidates()[0]))
	}
	each := (heap() - before) / n
	t.Logf("%d bytes per idle session with 9 seats", each)
	if each > maxIdleBytes {
		t.Errorf("%d bytes per idle session, want at most %d", each, maxIdleBytes)
	}
	if more := runtime.NumGoroutine() - routines; more > 0 {
		t.Errorf("%d goroutines for %d idle sessions", more, n)
	}
	runtime.KeepAlive(all)
}

// TestHandshakeIsFreed: once keys are agreed upon nothing of DTLS is left but
// the last flight, and not that either when the peer has shown that it got it.
func TestHandshakeIsFreed(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{})
	eventually(t, "the handshake to be freed", func() bool { return shaken(p.session) })
	if n := p.session.media().Path().State().LastFlight; n == 0 || n > 200 {
		t.Errorf("%d bytes kept of the handshake", n)
	}
	p.send(rtctest.Opus(1, "I have the keys"))
	eventually(t, "the last flight to be freed", func() bool { return p.session.media().Path().State().LastFlight == 0 })
	p.sendRaw([]byte{rtctest.RecordHandshake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0}) // again?
	waitDrops(t, s, path.DropDTLS, 1)
	if len(p.events.failed) != 0 {
		t.Errorf("failed: %v", p.events.failed)
	}
}

// TestLostLastFlight: a peer that did not get our last flight gets it again,
// though the handshake is over for us.
func TestLostLastFlight(t *testing.T) {
	s := listen(t, Config{})
	p := newPeer(t, s, peerOptions{})
	const recordChangeCipherSpec = 20
	lost := 0
	p.pipe.lose = func(pkt []byte) bool {
		if pkt[0] != recordChangeCipherSpec || lost == 3 {
			return false
		}
		lost++
		return true
	}
	if err := p.connect(); err != nil {
		t.Fatalf("connect: %v", err)
	}
	if lost != 3 || !shaken(p.session) {
		t.Errorf("%d flights were lost, path %+v", lost, p.session.media().Path().State())
	}
	p.send(rtctest.Opus(1, "I have the keys"))
	eventually(t, "the last flight to be freed", func() bool { return p.session.media().Path().State().LastFlight == 0 })
}

// TestLastFlightIsBounded: whoever sends from a peer's address can not make us
// send for ever.
func TestLastFlightIsBounded(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{})
	eventually(t, "the handshake to be freed", func() bool { return shaken(p.session) })
	for range lastFlights + 50 {
		p.sendRaw([]byte{rtctest.RecordHandshake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0})
	}
	waitDrops(t, s, path.DropDTLS, 50)
}

// lastFlights is how often a last flight is sent again at most.
const lastFlights = 32

// shaken reports whether the handshake is over and nothing of it left.
func shaken(s *Session) bool {
	st := s.media().Path().State()
	return st.Keyed && !st.Shaking
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(rtctest.Patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// TestClosedSessionsAreCollected: nothing keeps a session that was closed,
// not even the memory that workers reuse.
func TestClosedSessionsAreCollected(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	const n = 6
	var collected atomic.Int32
	meet := func() {
		var all []*peer
		for range n {
			p := join(t, s, peerOptions{seats: 1})
			runtime.AddCleanup(p.session, func(int) { collected.Add(1) }, 0)
			all = append(all, p)
		}
		for i, p := range all {
			p.session.Place(0, Placement{From: all[(i+1)%n].session, Source: Camera, Video: true})
		}
		for i, p := range all {
			wantPicture(t, all[(i+1)%n], p, 0)
		}
		for _, p := range all {
			p.session.Close()
			p.session = nil
		}
	}
	meet()
	for end := time.Now().Add(rtctest.Patience); collected.Load() < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d sessions were collected", collected.Load(), n)
		}
		runtime.GC()
	}
}
