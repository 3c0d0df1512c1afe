package rtc

import (
	"slices"
	"testing"
	"time"
)

// TestNoKeyframeForWantOfSets: a publisher that answers each wish for a key frame
// at once, but never says its parameter sets, has sent none that anybody can
// begin with. Who waits is told, and no more when the sets come.
func TestNoKeyframeForWantOfSets(t *testing.T) {
	r := newRig(t, 1, Config{})
	second := func(payloads ...[]byte) {
		r.server.clock.base = r.server.clock.base.Add(time.Second)
		r.from.touch(r.server.clock.now())
		for _, p := range payloads {
			if _, err := r.client.Write(r.h264Packet(p)); err != nil {
				t.Fatal(err)
			}
			r.turn(1)
		}
		r.tick()
		r.server.expire()
	}
	for range 8 {
		second(h264Slice, h264IDR)
	}
	r.wantProblems("key frames without sets", NoKeyframe)
	second(aggregate(h264SPS, h264PPS), slices.Concat(h264IDR, []byte("seen")))
	r.wantProblems("with sets", "")
}
