package main

import (
	"encoding/json"
	"testing"

	"parley/engine"
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

// TestInferenceCrosses: who names nothing is left to the packet side, who names no
// sources but seats is not, and what was taken comes back.
func TestInferenceCrosses(t *testing.T) {
	if o := bridgeOffer(engine.MediaOffer{SDP: "v=0"}); o.Sources != nil || o.Seats != nil {
		t.Errorf("nothing named became %v and %v", o.Sources, o.Seats)
	}
	if o := bridgeOffer(engine.MediaOffer{Sources: map[wire.Source]wire.SourceSection{}}); o.Sources == nil {
		t.Error("no sources became sources that nobody says")
	}
	a := bridgeAnswer(rtc.Answer{Sources: map[string]string{rtc.Camera: "1"}, Seats: []rtc.SeatMIDs{{Audio: "2"}, {Video: "3"}}})
	if a.Sources[wire.Camera].MID != "1" || len(a.Seats) != 2 || a.Seats[0].Audio != "2" || a.Seats[1].Video != "3" {
		t.Errorf("%+v", a)
	}
}
