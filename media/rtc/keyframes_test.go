package rtc

import (
	"testing"
	"time"

	"parley/media"
)

func TestKeyframeGate(t *testing.T) {
	var g keyframeGate
	start := media.Instant(time.Hour)
	if g.due(start) {
		t.Error("a request that nobody wished for")
	}
	var sent []media.Instant
	for at := start; at < start.Add(10*time.Second); at = at.Add(time.Millisecond) {
		g.ask()
		if g.due(at) {
			sent = append(sent, at)
		}
	}
	if len(sent) != 20 {
		t.Errorf("%d requests in ten seconds of asking, want 20", len(sent))
	}
	for i := 2; i < len(sent); i++ {
		if d := sent[i].Sub(sent[i-2]); d < keyframeWindow {
			t.Errorf("three requests within %v", d)
		}
	}
	if first := sent[1].Sub(sent[0]); first != keyframeGap {
		t.Errorf("second request after %v, want %v", first, keyframeGap)
	}
	g.ask()
	g.arrived()
	if g.due(start.Add(time.Hour)) {
		t.Error("a wish outlived the key frame that answered it")
	}
}
