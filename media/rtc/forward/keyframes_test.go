package forward

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

// TestKeyframeUnanswered: the time in which a publisher does not answer begins
// with the first of requests that go on, not with one that was lost long ago.
func TestKeyframeUnanswered(t *testing.T) {
	var g keyframeGate
	start := media.Instant(1e18)
	ask := func(at time.Duration) { g.ask(); g.due(start.Add(at)) }
	want := func(at time.Duration, since media.Instant) {
		t.Helper()
		if got := g.unanswered(start.Add(at)); got != since {
			t.Errorf("after %v: unanswered since %v, want %v", at, got, since)
		}
	}
	want(0, 0)
	ask(0)
	want(time.Second, start)
	want(10*time.Second, 0)
	for at := 20 * time.Second; at < 25*time.Second; at += 500 * time.Millisecond {
		ask(at)
	}
	want(25*time.Second, start.Add(20*time.Second))
	g.arrived()
	want(25*time.Second, 0)
	ask(26 * time.Second)
	want(26*time.Second, start.Add(26*time.Second))
}
