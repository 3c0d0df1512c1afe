package forward

import (
	"testing"

	"parley/media"
)

// TestIdleWorkerDoesNotTick: without packets a worker sleeps for good.
func TestIdleWorkerDoesNotTick(t *testing.T) {
	r := newRig(t, 1, options{})
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
	if c := &r.from.track(media.Camera).layers[0].cache; c.Size() != 0 {
		t.Errorf("a silent layer holds %d bytes for repairs", c.Size())
	}
}
