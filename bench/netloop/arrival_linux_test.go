package netloop

import (
	"net"
	"testing"
	"time"
)

// arrivals collects when datagrams came.
type arrivals chan int64

func (a arrivals) OnPacket(_ []byte, at int64) { a <- at }

// A loop that is late does not make its datagrams late.
func TestArrivalIsTheKernels(t *testing.T) {
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	near, err := net.DialUDP("udp4", nil, far.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	l, got, to := start(t), make(arrivals, 2), near.LocalAddr()
	ready, held := make(chan error), make(chan struct{})
	l.Post(do(func(l *Loop) {
		_, err := l.AdoptUDP(near, true, got)
		ready <- err
		<-held
	}))
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	before := Now()
	far.WriteTo([]byte("early"), to)
	after := Now()
	time.Sleep(20 * time.Millisecond) // so late is the loop
	close(held)
	const slack = int64(5 * time.Millisecond) // between the two clocks
	if at := <-got; at < before-slack || at > after+slack {
		t.Errorf("came %v after it was sent, the loop was held for 20 ms", time.Duration(at-before))
	}
}
