package forward

import (
	"testing"
	"time"
)

// TestAGapBringsTheTickNear: what is lost is asked for soon, while a worker that
// misses nothing is left to sleep.
func TestAGapBringsTheTickNear(t *testing.T) {
	const packets = 4
	r := newRig(t, 1, options{})
	r.frame(packets, 1100, true)
	r.turn(packets)

	l := &r.w.loop
	far := l.now.Add(time.Hour)
	l.nextTick = far
	r.frame(packets, 1100, false)
	r.turn(packets)
	if l.nextTick != far {
		t.Error("the tick moved though nothing is missing")
	}
	r.seq++ // one is lost
	r.frame(packets, 1100, false)
	r.turn(packets)
	if wait := l.nextTick.Sub(l.now); wait > tickMissing {
		t.Errorf("a gap waits %s for a tick, want at most %s", wait, tickMissing)
	}

	l.nextTick = far
	r.w.tickLoop()
	if wait := l.nextTick.Sub(l.now); wait > tickMissing {
		t.Errorf("the tick after that comes after %s while the gap is open, want %s", wait, tickMissing)
	}
}
