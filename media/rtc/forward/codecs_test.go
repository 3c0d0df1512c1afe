package forward

import (
	"testing"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// TestPayloadTypeGetsAnotherMeaning: what was received under the former one is
// not sent again as if it were of the present one.
func TestPayloadTypeGetsAnotherMeaning(t *testing.T) {
	r := newRig(t, 1, options{})
	peer := newSubscriber(t, r)
	for i := range 10 {
		r.frame(1, 300, i == 0)
		r.turn(1)
	}
	peer.nack()
	before := r.w.count.repaired.Load()
	if before == 0 {
		t.Fatal("nothing was sent again")
	}
	lines := linesOf(0)
	lines.find("cam").codecs = []rtctest.Codec{{PT: rtctest.PTVP8, RTX: rtctest.PTVP8RTX, Name: "H264"}}
	r.must(r.from.agree(lines, 0))
	packet := rtctest.H264(1, true, "picture")
	packet.PayloadType = rtctest.PTVP8
	packet.SSRC = 77
	r.must(packet.SetExtension(rtctest.ExtMID, []byte("cam")))
	r.put(packet)
	sent := r.to[0].seat(0).video.tx.packets
	if sent != 11 {
		t.Fatalf("%d packets were forwarded, want 11: %v", sent, r.figures().Drops)
	}
	peer.nack()
	if n := r.w.count.repaired.Load(); n > before+1 { // the new one itself
		t.Errorf("%d packets were sent again", n-before)
	}
	if n := r.w.count.drops[dropPanic].Load(); n != 0 {
		t.Errorf("%d panics", n)
	}
}

// TestLayersChange: a camera that is offered with other layers than before is
// another track, with the SSRCs that are known.
func TestLayersChange(t *testing.T) {
	r := newRig(t, 1, options{})
	lines := linesOf(0)
	show := func() {
		t.Helper()
		r.must(r.from.agree(lines, 0))
		r.to[0].Place(0, Placement{From: r.from, Source: media.Camera, Video: true, Width: 640, Height: 360})
		r.group.handOver()
	}
	put := func(ssrc uint32, seq uint16, rid string) bool {
		t.Helper()
		var before uint32
		if tx := r.to[0].seat(0).video.tx; tx != nil {
			before = tx.packets
		}
		packet := rtctest.VP8(seq, true, "picture")
		packet.SSRC = ssrc
		if rid != "" {
			r.must(packet.SetExtension(rtctest.ExtMID, []byte("cam")))
			r.must(packet.SetExtension(rtctest.ExtRID, []byte(rid)))
		}
		r.put(packet)
		tx := r.to[0].seat(0).video.tx
		return tx != nil && tx.packets == before+1
	}
	lines.find("cam").rids = []string{"q", "h"}
	show()
	if !put(31, 1, "q") {
		t.Error("no picture of two layers")
	}
	show() // the same again
	if !put(31, 2, "") {
		t.Error("no picture after the same offer")
	}
	lines.find("cam").rids = []string{"q", "h", "f"}
	show()
	if !put(31, 3, "") {
		t.Error("no picture of a layer that says no more what it is")
	}
	lines.find("cam").rids = []string{"h", "f"}
	show()
	if put(31, 4, "") || r.w.count.drops[dropStream].Load() != 1 {
		t.Error("a layer that is gone is forwarded")
	}
	lines.find("cam").rids = nil
	show()
	if !put(35, 1, "h") {
		t.Error("no picture of a single layer")
	}
}

// TestCodecThatComesBack: whoever is told that a source sends another codec looks
// later, and may find one that came in between. It is told again of the first.
func TestCodecThatComesBack(t *testing.T) {
	r := newRig(t, 1, options{})
	seq := uint16(0)
	play := func(codecs ...rtctest.Codec) {
		r.pass(2 * codecEvery)
		r.tick() // none comes between the packets
		for _, c := range codecs {
			seq++
			r.put(c.Picture(seq, true, "picture"))
		}
		r.tick()
	}
	for i, step := range []struct {
		codecs []rtctest.Codec
		told   int // so far
	}{
		{[]rtctest.Codec{rtctest.AsVP8}, 0},
		{[]rtctest.Codec{rtctest.AsVP8}, 0},
		{[]rtctest.Codec{rtctest.AsH264}, 1},
		{[]rtctest.Codec{rtctest.AsH264}, 1},
		{[]rtctest.Codec{rtctest.AsVP8}, 2},
		{[]rtctest.Codec{rtctest.AsH264, rtctest.AsVP8}, 3},
		{[]rtctest.Codec{rtctest.AsVP8}, 3},
	} {
		play(step.codecs...)
		if n := len(r.from.told.problems); n != step.told {
			t.Errorf("step %d: told %d times, want %d", i, n, step.told)
		}
	}
}
