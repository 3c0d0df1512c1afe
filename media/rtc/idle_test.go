package rtc

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"parley/media"
)

// maxIdleBytes is what a connected session that sends nothing may hold of the
// 64 KiB that an idle participant may cost the server all told; the signalling
// connection and the engine need the rest.
const maxIdleBytes = 24 << 10

// TestIdleSessionIsSmall measures sessions with four sources and nine seats,
// keyed, after their handshake.
func TestIdleSessionIsSmall(t *testing.T) {
	r := newRig(t, 0, Config{})
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
		all = append(all, r.session(offerSpec{seats: 9}, r.w.sock.LocalAddr(), masterKey(1)))
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
	h := &p.session.handshake
	eventually(t, "the handshake to be freed", func() bool { return h.done() })
	if f := h.finale.Load(); f == nil || len(f.datagram) > 200 {
		t.Errorf("kept of the handshake: %v", f)
	}
	p.send(opus(1, "I have the keys"))
	eventually(t, "the last flight to be freed", func() bool { return h.finale.Load() == nil })
	p.sendRaw([]byte{recordHandshake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0}) // again?
	waitDrops(t, s, dropDTLS, 1)
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
	if lost != 3 || !p.session.handshake.done() {
		t.Errorf("%d flights were lost, handshake %v", lost, p.session.handshake.attempt)
	}
	p.send(opus(1, "I have the keys"))
	eventually(t, "the last flight to be freed", func() bool { return p.session.handshake.finale.Load() == nil })
}

// TestLastFlightIsBounded: whoever sends from a peer's address can not make us
// send for ever.
func TestLastFlightIsBounded(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{})
	eventually(t, "the handshake to be freed", func() bool { return p.session.handshake.done() })
	for range finaleRepeats + 50 {
		p.sendRaw([]byte{recordHandshake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0})
	}
	waitDrops(t, s, dropDTLS, 50)
}

// done reports whether the handshake is over and nothing of it left.
func (h *handshake) done() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over && h.attempt == nil
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// TestIdleWorkerDoesNotTick: without packets a worker sleeps for good.
func TestIdleWorkerDoesNotTick(t *testing.T) {
	r := newRig(t, 1, Config{})
	r.frame(1, 100, true)
	r.turn(1)
	l := &r.w.loop
	if l.nextTick == 0 || len(l.active) != 2 {
		t.Fatal("an active session, or its viewer, is not looked after")
	}
	l.in.Reset()
	for range 2 { // at the first tick the viewer was sent something since the last
		r.pass(2 * idleAfter)
		l.nextTick = media.Instant(1)
		r.w.handleLoop()
	}
	if l.nextTick != 0 || len(l.active) != 0 {
		t.Error("the worker still ticks")
	}
	if c := &r.from.track(Camera).layers[0].cache; c.Size() != 0 {
		t.Errorf("a silent layer holds %d bytes for repairs", c.Size())
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
	for end := time.Now().Add(patience); collected.Load() < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d sessions were collected", collected.Load(), n)
		}
		runtime.GC()
	}
}

// BenchmarkBindingRequest is the cost of one consent check, answer included.
func BenchmarkBindingRequest(b *testing.B) {
	r := newRig(b, 0, Config{})
	c := r.from.ice.current
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(c.ufrag+":"+c.remoteUfrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{1, 2, 3, 4}},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)},
		stun.NewShortTermIntegrity(c.pwd), stun.Fingerprint)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.client.Write(m.Raw); err != nil {
			b.Fatal(err)
		}
		r.turn(1)
	}
	if r.w.count.packetsOut.Load() == 0 {
		b.Fatal("nothing was answered")
	}
}
