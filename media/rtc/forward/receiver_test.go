package forward

import (
	"slices"
	"testing"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// A packet without a MID is nobody's if two tracks could have sent it, or if its
// track told which SSRCs it has.
func TestPayloadTypeIsNoMID(t *testing.T) {
	from := newRig(t, 0, options{}).from
	in := from.incoming.Load()
	if got := in.byPayloadType(rtctest.PTVP8); got != nil {
		t.Errorf("a camera that told its SSRCs: %v", got.source)
	}
	in.bySSRC = nil
	if got := in.byPayloadType(rtctest.PTVP8); got != in.source(media.Camera) {
		t.Error("the camera is not found")
	}
	if got := in.byPayloadType(rtctest.PTVP8RTX); got != in.source(media.Camera) {
		t.Error("the camera's repairs are not found")
	}
	if got := in.byPayloadType(50); got != nil {
		t.Errorf("an unknown payload type: %v", got.source)
	}
	list := slices.Clone(*in.source(media.Camera).codecs.Load())
	list[0].PT = 50
	in.source(media.Camera).codecs.Store(&list) // by a later offer; no packet came since
	if got := in.byPayloadType(50); got != in.source(media.Camera) {
		t.Error("the camera is not found by its payload type of now")
	}
	if got := in.byPayloadType(rtctest.PTVP8); got != nil {
		t.Errorf("the camera is found by a payload type that it had: %v", got.source)
	}
	list[0].PT = rtctest.PTVP8
	in.tracks = append(in.tracks, newTrack(&from.publisher, &SourceSpec{Source: media.Screen, MID: "screen", Codecs: *in.source(media.Camera).codecs.Load()}))
	if got := in.byPayloadType(rtctest.PTVP8); got != nil {
		t.Errorf("camera or screen: %v", got.source)
	}
}
