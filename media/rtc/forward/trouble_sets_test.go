package forward

import (
	"slices"
	"testing"
	"time"

	"parley/media/rtc/rtctest"
)

// TestNoKeyframeForWantOfSets: a publisher that answers each wish for a key frame
// at once, but never says its parameter sets, has sent none that anybody can
// begin with. Who waits is told, and no more when the sets come.
func TestNoKeyframeForWantOfSets(t *testing.T) {
	r := newRig(t, 1, options{})
	second := func(payloads ...[]byte) {
		r.group.clock.base = r.group.clock.base.Add(time.Second)
		r.from.touch(r.group.clock.now())
		for _, p := range payloads {
			if _, err := r.client.Write(r.h264Packet(p)); err != nil {
				t.Fatal(err)
			}
			r.turn(1)
		}
		r.tick()
		r.look()
	}
	for range 8 {
		second(rtctest.H264Slice, rtctest.H264IDR)
	}
	r.wantProblems("key frames without sets", NoKeyframe)
	second(rtctest.Aggregate(rtctest.H264SPS, rtctest.H264PPS), slices.Concat(rtctest.H264IDR, []byte("seen")))
	r.wantProblems("with sets", "")
}
