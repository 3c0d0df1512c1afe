package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// deaf makes a peer miss what comes until the returned function is called.
func (p *peer) deaf() (hear func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.in
	p.in = nil
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.in = in
	}
}

// TestLeapsOfAPublisher: a publisher whose numbers leap by 1,000 and whose
// clock leaps by 2^31 costs a viewer that misses all of it nothing: it opens
// what comes next, of that publisher and of who sits in the seat later, and the
// time that it sees is that of the clock. peer.receive fails the test if a
// packet does not open.
func TestLeapsOfAPublisher(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	hostile, honest := join(t, s, peerOptions{}), join(t, s, peerOptions{})
	to := join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: hostile.session, Source: Camera, Video: true})
	video := to.answer.video[0]
	seq, ts := uint16(100), uint32(0)
	send := func(p *peer, n int, leap uint16, clock uint32) {
		for i := range n {
			seq, ts = seq+leap, ts+clock
			packet := rtctest.VP8(seq, true, "picture")
			packet.Timestamp = ts
			p.send(packet)
			if i%20 == 19 {
				time.Sleep(time.Millisecond) // what loopback can hold
			}
		}
	}
	// arrived sends until something new came, and returns it.
	arrived := func(p *peer) *rtp.Packet {
		n := len(to.received(video))
		for end := time.Now().Add(rtctest.Patience); len(to.received(video)) == n; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("nothing more came")
			}
			send(p, 1, 1, 900)
		}
		return to.received(video)[n]
	}
	first, start := arrived(hostile), time.Now()
	hear := to.deaf()
	send(hostile, 9000, 1000, 1<<31)
	time.Sleep(50 * time.Millisecond)
	hear()
	check := func(what string, p *rtp.Packet) {
		t.Helper()
		off := time.Duration(int32(p.Timestamp-first.Timestamp))*time.Second/90000 - time.Since(start)
		if off.Abs() > 6*time.Second {
			t.Errorf("%s is %v off the clock", what, off)
		}
	}
	check("the publisher that leapt", arrived(hostile))
	to.session.Place(0, Placement{From: honest.session, Source: Camera, Video: true})
	check("the next one in the seat", arrived(honest))
}
