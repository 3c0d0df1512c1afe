package main

import (
	"encoding/json"
	"testing"

	"parley/engine/wire"
	"parley/media"
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

// TestOfferCodes: what is said of offers, and of their sections, has the same
// codes on both sides.
func TestOfferCodes(t *testing.T) {
	for ours, theirs := range map[wire.Code]string{
		wire.CodeBadSDP: media.SDPBad, wire.CodeSDPProfile: media.SDPProfile, wire.CodeSDPTooLarge: media.SDPTooLarge,
		wire.CodeSDPMismatch: media.SDPMismatch, wire.CodeNoCodec: media.SDPNoCodec,
	} {
		if string(ours) != theirs {
			t.Errorf("the packet side says %q, the protocol %q", theirs, ours)
		}
	}
}

// TestProblemsCross: a source's problem, a seat's, and one of neither, as they
// reach the client.
func TestProblemsCross(t *testing.T) {
	a := bridgeAnswer(rtc.Answer{SDP: "v=0", Problems: []rtc.Problem{
		{MID: "1", Source: rtc.Camera, Seat: -1, Code: media.SDPNoCodec, Detail: "none"},
		{MID: "4", Seat: 0, Code: media.SDPProfile, Detail: "no"},
		{MID: "9", Seat: -1, Code: media.SDPBad, Detail: "bad"},
	}})
	got, _ := json.Marshal(a.Problems)
	want := `[{"mid":"1","source":"camera","code":"no_codec","message":"none"},` +
		`{"mid":"4","seat":0,"code":"sdp_profile","message":"no"},{"mid":"9","code":"bad_sdp","message":"bad"}]`
	if a.SDP != "v=0" || string(got) != want {
		t.Errorf("%s %s", a.SDP, got)
	}
}
