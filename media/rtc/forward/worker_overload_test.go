package forward

import (
	"testing"
	"time"

	"parley/media"
)

// TestAnOverloadedWorkerAsksForNothing: what the kernel dropped because the
// worker was too slow is not asked for while that goes on, and is once it is
// over.
func TestAnOverloadedWorkerAsksForNothing(t *testing.T) {
	const packets = 4
	r := newRig(t, 1, options{})
	r.frame(packets, 1100, true)
	r.turn(packets)
	r.seq++ // one is lost
	r.frame(packets, 1100, false)
	r.turn(packets)

	l, camera := &r.w.loop, r.from.track(media.Camera).layers[0]
	if n := camera.nack.Missing(); n != 1 {
		t.Fatalf("%d packets missing, want 1", n)
	}
	asks := func() bool { return len(r.w.appendLosses(r.w.loop.rtcp[:0], &r.from.Remote, camera)) > 0 }
	l.now = l.now.Add(tickEvery)
	l.overload.look(l.now, r.w.sock.Overflows()+1)
	if asks() {
		t.Error("an overloaded worker asks for more")
	}
	l.now = l.now.Add(overloadMemory - time.Millisecond)
	l.overload.look(l.now, r.w.sock.Overflows()+1)
	if asks() {
		t.Error("it asks too soon")
	}
	l.now = l.now.Add(time.Millisecond)
	if !asks() {
		t.Error("it never asks again")
	}
}
