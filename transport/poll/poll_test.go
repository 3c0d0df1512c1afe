package poll

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// recorder is a handler that copies what it sees into channels.
type recorder struct {
	fd     FD
	data   chan []byte
	ended  chan error
	events chan Events
	once   sync.Once
}

func newRecorder(fd FD) *recorder {
	return &recorder{fd: fd, data: make(chan []byte, 1024), ended: make(chan error, 1), events: make(chan Events, 1024)}
}

func (r *recorder) OnEvent(ev Events, scratch []byte) {
	if ev&Writable != 0 {
		r.fd.WantWrite(false) // level-triggered: once is enough
	}
	if ev&^Readable != 0 {
		r.events <- ev &^ Readable
	}
	n, err := r.fd.Read(scratch)
	if n > 0 {
		r.data <- bytes.Clone(scratch[:n])
	}
	if err != nil && !errors.Is(err, ErrAgain) {
		_ = r.fd.Close()
		r.once.Do(func() { r.ended <- err })
	}
}

// connected returns the two ends of a TCP connection.
func connected(t *testing.T) (own, peer *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialled, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close() })
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn), dialled.(*net.TCPConn)
}

// pair returns a connection of p and its other end.
func pair(t *testing.T, p Poller) (FD, *net.TCPConn) {
	t.Helper()
	conn, peer := connected(t)
	fd, err := p.Add(conn)
	if err != nil {
		t.Fatal(err)
	}
	return fd, peer
}

// onBoth runs test with every kind of poller this system has.
func onBoth(t *testing.T, test func(t *testing.T, p Poller)) {
	for name, portable := range map[string]bool{"native": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			p, err := New(Options{Loops: 2, Portable: portable})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { p.Close() })
			test(t, p)
		})
	}
}

func within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(5 * time.Second):
		t.Fatalf("no %s within 5 s", what)
		panic("unreachable")
	}
}

func TestReadAndEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, peer := pair(t, p)
		r := newRecorder(fd)
		if _, err := peer.Write([]byte("early")); err != nil {
			t.Fatal(err)
		}
		if err := fd.Start(r); err != nil {
			t.Fatal(err)
		}
		if got := within(t, r.data, "data sent before start"); string(got) != "early" {
			t.Fatalf("got %q", got)
		}
		if _, err := peer.Write([]byte("late")); err != nil {
			t.Fatal(err)
		}
		if got := within(t, r.data, "data"); string(got) != "late" {
			t.Fatalf("got %q", got)
		}
		if err := peer.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if err := within(t, r.ended, "end"); !errors.Is(err, io.EOF) {
			t.Fatalf("ended with %v", err)
		}
	})
}

func TestInputLargerThanScratchArrivesWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, peer := pair(t, p)
		r := newRecorder(fd)
		if err := fd.Start(r); err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
		go func() {
			_, _ = peer.Write(want) // a failure shows as missing data
			_ = peer.CloseWrite()
		}()
		var got []byte
		for len(got) < len(want) {
			got = append(got, within(t, r.data, "rest of the data")...)
		}
		if !bytes.Equal(got, want) {
			t.Fatal("data differs")
		}
		within(t, r.ended, "end")
	})
}

func TestTimer(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, _ := pair(t, p)
		r := newRecorder(fd)
		if err := fd.Start(r); err != nil {
			t.Fatal(err)
		}
		start := Now()
		fd.SetTimer(start.After(time.Hour))
		fd.SetTimer(start.After(120 * time.Millisecond)) // replaces
		if ev := within(t, r.events, "timer event"); ev != Expired {
			t.Fatalf("event %b", ev)
		}
		if took := Now().Sub(start); took < 120*time.Millisecond || took > 2*time.Second {
			t.Fatalf("took %v", took)
		}
		fd.SetTimer(Now().After(80 * time.Millisecond))
		fd.SetTimer(0)
		select {
		case ev := <-r.events:
			t.Fatalf("event %b of a disarmed timer", ev)
		case <-time.After(250 * time.Millisecond):
		}
	})
}

func TestWakeFromManyGoroutines(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, _ := pair(t, p)
		r := newRecorder(fd)
		if err := fd.Start(r); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			var all sync.WaitGroup
			for range 4 {
				all.Go(fd.Wake)
			}
			within(t, r.events, "wake event")
			all.Wait()
			for drained := false; !drained; { // 1 … 4 events are right
				select {
				case <-r.events:
				case <-time.After(time.Millisecond):
					drained = true
				}
			}
		}
	})
}

func TestEventsBeforeStartAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, _ := pair(t, p)
		fd.Wake()
		fd.SetTimer(Now())
		time.Sleep(2 * time.Duration(wheelTick)) // the timer's tick passes
		r := newRecorder(fd)
		if err := fd.Start(r); err != nil {
			t.Fatal(err)
		}
		var seen Events
		for seen != Woken|Expired {
			seen |= within(t, r.events, "early event")
		}
	})
}

func TestWriteStopsAndGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, peer := pair(t, p)
		r := newRecorder(fd)
		if err := fd.Start(r); err != nil {
			t.Fatal(err)
		}
		block := bytes.Repeat([]byte{7}, 10_000)
		written, refused := 0, false
		for !refused {
			n, err := fd.Writev([][]byte{block[:1], block[1:]})
			written += n
			refused = errors.Is(err, ErrAgain)
			if err != nil && !refused {
				t.Fatal(err)
			}
		}
		fd.WantWrite(true)
		read := make(chan int)
		go func() {
			n, _ := io.Copy(io.Discard, peer) // a failure shows as a wrong sum
			read <- int(n)
		}()
		if ev := within(t, r.events, "writable event"); ev != Writable {
			t.Fatalf("event %b", ev)
		}
		n, err := fd.Write([]byte("x"))
		if n != 1 || err != nil {
			t.Fatalf("write after writable: %d, %v", n, err)
		}
		if err := fd.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := within(t, read, "end of output"); got != written+1 {
			t.Fatalf("peer read %d bytes, %d were written", got, written+1)
		}
	})
}

func TestCloseFromAnyGoroutine(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		for range 50 {
			fd, peer := pair(t, p)
			r := newRecorder(fd)
			if err := fd.Start(r); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { _ = fd.Close() })
				all.Go(func() { _, _ = fd.Write([]byte("x")) })
				all.Go(fd.Wake)
				all.Go(func() { fd.SetTimer(Now()) })
			}
			all.Wait()
			if _, err := fd.Write([]byte("x")); !errors.Is(err, ErrClosed) {
				t.Fatalf("write after close: %v", err)
			}
			_ = peer.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, err := io.Copy(io.Discard, peer); isTimeout(err) {
				t.Fatal("the peer does not see the end")
			}
		}
	})
}

// fragile is a handler that panics.
type fragile struct{ *recorder }

func (f fragile) OnEvent(ev Events, scratch []byte) {
	f.recorder.OnEvent(ev, scratch)
	panic("fragile")
}

func TestPanicEndsOnlyItsConnection(t *testing.T) {
	for name, portable := range map[string]bool{"native": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			p, err := New(Options{Loops: 1, Portable: portable, Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			good, peer := pair(t, p)
			r := newRecorder(good)
			if err := good.Start(r); err != nil {
				t.Fatal(err)
			}
			const n = 3
			for range n {
				bad, peer := pair(t, p)
				if err := bad.Start(fragile{newRecorder(bad)}); err != nil {
					t.Fatal(err)
				}
				_ = peer.SetReadDeadline(time.Now().Add(5 * time.Second))
				if _, err := peer.Read(make([]byte, 1)); err == nil || isTimeout(err) {
					t.Fatalf("peer read: %v", err)
				}
			}
			if _, err := peer.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			within(t, r.data, "input")
			if err := p.Close(); err != nil { // the log is ours from here on
				t.Fatal(err)
			}
			if got := bytes.Count(log.Bytes(), []byte("connection handler panicked")); got != n {
				t.Errorf("%d panics logged, want %d", got, n)
			}
		})
	}
}

func TestPollerCloseEndsConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		fd, peer := pair(t, p)
		if err := fd.Start(newRecorder(fd)); err != nil {
			t.Fatal(err)
		}
		idle, _ := pair(t, p) // never started
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		_ = peer.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := peer.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Fatalf("peer read: %v", err)
		}
		if _, err := idle.Write([]byte("x")); !errors.Is(err, ErrClosed) {
			t.Fatalf("write after close: %v", err)
		}
		ours, theirs := net.Pipe()
		defer theirs.Close()
		if _, err := p.Add(ours); err == nil {
			t.Fatal("a closed poller takes connections")
		}
	})
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
