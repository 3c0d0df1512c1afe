package netloop

import (
	"testing"
	"time"
)

// arrivals collects when datagrams came.
type arrivals chan int64

func (a arrivals) OnPacket(_ []byte, at int64) { a <- at }

// A loop that is late does not make its datagrams late.
func TestArrivalIsTheKernels(t *testing.T) {
	far, near := udpPair(t)
	l, got, to := start(t), make(arrivals, 2), near.LocalAddr()
	adopted := make(chan error)
	l.Post(do(func(l *Loop) {
		_, err := l.AdoptUDP(near, true, got)
		adopted <- err
	}))
	if err := <-adopted; err != nil {
		t.Fatal(err)
	}
	// How long after sending a datagram came to a loop that was held for 20 ms.
	lateness := func() time.Duration {
		busy, held := make(chan struct{}), make(chan struct{})
		l.Post(do(func(*Loop) {
			close(busy)
			<-held
		}))
		<-busy
		sent := Now()
		far.WriteTo([]byte("early"), to)
		time.Sleep(20 * time.Millisecond)
		close(held)
		return time.Duration(<-got - sent)
	}
	// The kernel begins to stamp a moment after it was asked to.
	const slack = 5 * time.Millisecond // between the two clocks
	late := lateness()
	for end := time.Now().Add(5 * time.Second); late > slack && time.Now().Before(end); {
		late = lateness()
	}
	if late < -slack || late > slack {
		t.Errorf("a datagram came %v after it was sent to a loop that was held for 20 ms", late)
	}
}
