package main

import (
	"testing"

	"parley/engine/wire"
	"parley/media/rtc"
)

// TestProblems: likewise why there is no picture.
func TestProblems(t *testing.T) {
	for ours, theirs := range map[wire.Problem]string{wire.ProblemNoMedia: rtc.NoMedia, wire.ProblemNoKeyframe: rtc.NoKeyframe} {
		if string(ours) != theirs {
			t.Errorf("the packet side says %q, the protocol %q", theirs, ours)
		}
	}
}

// TestLayerReasons: engine and media do not know each other, so each has words of
// its own for why a layer changed. They are the same words.
func TestLayerReasons(t *testing.T) {
	for ours, theirs := range map[wire.LayerReason]string{
		wire.LayerStarted: rtc.LayerStarted, wire.LayerSize: rtc.LayerSize, wire.LayerAvailable: rtc.LayerGone,
	} {
		if string(ours) != theirs {
			t.Errorf("the packet side says %q, the protocol %q", theirs, ours)
		}
	}
}
