package udp

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTheDoorbellRingsOnlyForAReaderThatWaits: a datagram that comes while the
// reader is at work wakes nobody, and is there when it looks again.
func TestTheDoorbellRingsOnlyForAReaderThatWaits(t *testing.T) {
	s := open(t, loopback, Config{})
	c := dial(t, s)
	send := func(what string) {
		t.Helper()
		if _, err := c.Write([]byte(what)); err != nil {
			t.Fatal(err)
		}
	}
	bell := &s.fast.bell
	rings := func(within time.Duration) (yes bool) {
		t.Helper()
		err := bell.raw.Control(func(epoll uintptr) {
			var events [1]unix.EpollEvent
			n, err := unix.EpollWait(int(epoll), events[:], int(within.Milliseconds()))
			yes = n == 1 && err == nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return yes
	}
	b := NewRecvBatch()
	recv := func(deadline time.Duration, want int) {
		t.Helper()
		_ = s.SetDeadline(time.Now().Add(deadline))
		if err := s.Recv(b); err != nil || b.Len() != want {
			t.Fatalf("Recv: %v, %d datagrams, want %d", err, b.Len(), want)
		}
	}

	time.AfterFunc(10*time.Millisecond, s.Wake)
	recv(time.Minute, 0) // waits in vain, which leaves the bell armed
	send("rings")
	if !rings(time.Second) {
		t.Fatal("a datagram for a reader that waits does not ring")
	}
	recv(time.Minute, 1)
	send("for later")
	if rings(20 * time.Millisecond) {
		t.Error("the bell rings for a reader that is at work")
	}
	recv(time.Minute, 1)

	arrived := make(chan struct{})
	go func() {
		defer close(arrived)
		time.Sleep(10 * time.Millisecond)
		_, _ = c.Write([]byte("waited for"))
	}()
	recv(time.Minute, 1)
	<-arrived
}
