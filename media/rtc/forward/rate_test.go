package forward

import (
	"testing"
	"time"

	"parley/media"
)

// TestLayerRate: what comes of a layer in a second is its rate, until nothing does.
func TestLayerRate(t *testing.T) {
	const packets, size = 4, 1000
	r := newRig(t, 0, options{})
	l := r.from.track(media.Camera).layers[0]
	for i := range 40 { // 10 frames a second
		r.frame(packets, size, i == 0)
		r.turn(packets)
		r.tick()
		r.pass(100 * time.Millisecond)
	}
	want := float64(10 * packets * size * 8)
	if got := float64(l.rate.Load()); got < want || got > 1.2*want {
		t.Errorf("%.0f bit/s of %.0f", got, want)
	}
	r.pass(idleAfter + time.Second)
	r.tick()
	if got := l.rate.Load(); got != 0 {
		t.Errorf("%d bit/s of a layer that is silent", got)
	}
}
