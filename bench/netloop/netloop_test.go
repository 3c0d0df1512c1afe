package netloop

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stamp records the order of alarms.
type stamp struct {
	name string
	log  *[]string
	done chan struct{}
}

func (s *stamp) OnAlarm(int64) {
	*s.log = append(*s.log, s.name)
	if s.done != nil {
		close(s.done)
	}
}

// do is a Command made of a function.
type do func(l *Loop)

func (f do) Do(l *Loop) { f(l) }

func start(t *testing.T) *Loop {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if l.Post(do(func(*Loop) {})) {
			t.Error("a loop that has ended takes commands")
		}
	})
	return l
}

func TestTimersFireInOrder(t *testing.T) {
	l := start(t)
	var log []string
	done := make(chan struct{})
	l.Post(do(func(l *Loop) {
		now := Now()
		late, early, never := NewTimer(&stamp{"late", &log, done}), NewTimer(&stamp{name: "early", log: &log}), NewTimer(&stamp{name: "never", log: &log})
		l.Arm(late, now+3e6)
		l.Arm(never, now+2e6)
		l.Arm(early, now+9e6)
		l.Arm(early, now+1e6)
		l.Disarm(never)
	}))
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("timers did not fire")
	}
	if len(log) != 2 || log[0] != "early" || log[1] != "late" {
		t.Errorf("%v", log)
	}
}

// late is set to a time that has passed whenever it fires.
type late struct {
	l *Loop
	t *Timer
}

func (a *late) OnAlarm(now int64) { a.l.Arm(a.t, now-1e9) }

// TestLateTimerHoldsNobodyUp: commands are done, and the loop ends, although a timer
// is always due.
func TestLateTimerHoldsNobodyUp(t *testing.T) {
	l := start(t)
	l.Post(do(func(l *Loop) {
		a := &late{l: l}
		a.t = NewTimer(a)
		l.Arm(a.t, Now())
	}))
	done := make(chan struct{})
	l.Post(do(func(l *Loop) { l.Post(do(func(*Loop) { close(done) })) }))
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("a command waits for ever")
	}
}

// sink collects what comes.
type sink struct {
	packets chan []byte
	texts   chan string
	closed  chan error
}

func newSink() *sink {
	return &sink{make(chan []byte, 100), make(chan string, 100), make(chan error, 1)}
}

func (s *sink) OnPacket(pkt []byte, now int64) { s.packets <- bytes.Clone(pkt) }
func (s *sink) OnText(msg []byte, now int64)   { s.texts <- string(msg) }
func (s *sink) OnClosed(err error)             { s.closed <- err }

// udpPair returns two sockets of which near sends to far. A loop that adopts
// near closes it; far is closed when the test is over.
func udpPair(t *testing.T) (far, near *net.UDPConn) {
	t.Helper()
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	near, err = net.DialUDP("udp4", nil, far.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	return far, near
}

func TestUDPBothWays(t *testing.T) {
	far, near := udpPair(t)
	l, s := start(t), newSink()
	to := near.LocalAddr()
	ready := make(chan error, 1)
	l.Post(do(func(l *Loop) {
		u, err := l.AdoptUDP(near, true, s)
		if err == nil {
			many := make([][]byte, 100)
			for i := range many {
				many[i] = []byte{byte(i), 1, 2}
			}
			u.Send(many...)
		}
		ready <- err
	}))
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	far.SetDeadline(time.Now().Add(5 * time.Second))
	for i := range 100 {
		n, _, err := far.ReadFrom(buf)
		if err != nil || n != 3 || buf[0] != byte(i) {
			t.Fatalf("datagram %d: % x, %v", i, buf[:n], err)
		}
	}
	for i := range 50 {
		far.WriteTo(bytes.Repeat([]byte{byte(i)}, 10+i), to)
	}
	for i := range 50 {
		select {
		case pkt := <-s.packets:
			if len(pkt) != 10+i || pkt[0] != byte(i) {
				t.Errorf("datagram %d is % x", i, pkt)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("datagram %d did not come", i)
		}
	}
}

func TestTextArrivesByteByByte(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l, s := start(t), newSink()
	ready := make(chan error, 1)
	l.Post(do(func(l *Loop) {
		x, err := l.AdoptText(conn, []byte{0x81, 2, 'h'}, s)
		if err == nil {
			x.Send([]byte("hello"))
		}
		ready <- err
	}))
	if err = <-ready; err != nil {
		t.Fatal(err)
	}
	long := bytes.Repeat([]byte{'y'}, 300)
	wire := append([]byte{'i', 0x01, 1, 'a', 0x89, 1, 'p', 0x80, 1, 'b', 0x81, 126, 1, 44}, long...)
	for _, b := range wire {
		server.Write([]byte{b})
	}
	for _, want := range []string{"hi", "ab", string(long)} {
		select {
		case got := <-s.texts:
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%q did not come", want)
		}
	}
	buf := make([]byte, 100)
	server.SetDeadline(time.Now().Add(5 * time.Second))
	want := append([]byte{0x81, 0x85, 0, 0, 0, 0}, "hello\x8a\x81\x00\x00\x00\x00p"...)
	got := buf[:0]
	for len(got) < len(want) {
		n, err := server.Read(buf[len(got):])
		if err != nil {
			t.Fatal(err)
		}
		got = buf[:len(got)+n]
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the server got % x, want % x", got, want)
	}
	server.Close()
	select {
	case <-s.closed:
	case <-time.After(5 * time.Second):
		t.Fatal("the end was not told")
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte{0x81, 2, 'h', 'i', 0x89, 0, 0x88, 0}, 1)
	f.Add([]byte{0x01, 1, 'a', 0x80, 1, 'b', 0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, 'x'}, 3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole, errWhole := collect([][]byte{data})
		if cut <= 0 || cut > len(data) {
			return
		}
		var pieces [][]byte
		for rest := data; len(rest) > 0; rest = rest[min(cut, len(rest)):] {
			pieces = append(pieces, rest[:min(cut, len(rest))])
		}
		parts, errParts := collect(pieces)
		if whole != parts || (errWhole == nil) != (errParts == nil) {
			t.Errorf("%q %v in one piece, %q %v in pieces of %d", whole, errWhole, parts, errParts, cut)
		}
	})
}

func collect(pieces [][]byte) (string, error) {
	var s stream
	out := ""
	for _, p := range pieces {
		err := s.feed(p, func(msg []byte) { out += "|" + string(msg) }, func(op byte, payload []byte) { out += string(rune(op)) + string(payload) })
		if err != nil {
			return out, err
		}
	}
	return out, nil
}
