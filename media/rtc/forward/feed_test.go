package forward

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

// TestFeedGoesOnUnderAnotherSSRC, as when a link starts anew.
func TestFeedGoesOnUnderAnotherSSRC(t *testing.T) {
	r := newRig(t, 0, options{})
	f := r.feed(0)
	tap, got := r.tap(TapOptions{})
	tap.Place(Placement{From: f, Source: media.Camera, Video: true})
	r.group.handOver()
	for i := range 200 {
		p := rtctest.VP8(uint16(rand.Uint32()), true, fmt.Sprint("start ", i))
		p.SSRC = uint32(1000 + i)
		f.write(t, p)
		r.idle()
	}
	list := got(tap)
	if len(list) != 200 {
		t.Fatalf("%d of 200 pictures came", len(list))
	}
	for i, p := range list {
		if i > 0 && !p.Time.Newer(list[i-1].Time) || i > 0 && p.Number <= list[i-1].Number {
			t.Errorf("packet %d: %+v", i, p.TapPacket)
		}
	}
}

// TestFeedTakesNoMore than it has room for, and says so at once.
func TestFeedTakesNoMore(t *testing.T) {
	r := newRig(t, 0, options{})
	f := r.feed(8)
	raw, _ := rtctest.Opus(1, "word").Marshal()
	var full int
	for range 20 {
		if err := f.Write(raw); errors.Is(err, ErrFeedFull) {
			full++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write(make([]byte, maxFeedPacket+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	drops := r.figures().Drops
	if full != 12 || drops[dropFeedFull.String()] != 12 || drops[dropMalformed.String()] != 1 {
		t.Errorf("%d of 20 had no room: %v", full, drops)
	}
	r.idle()
	if err := f.Write(raw); err != nil || len(f.queue) != 1 {
		t.Errorf("after the worker has taken all: %v, %d wait", err, len(f.queue))
	}
	if n := len(r.w.commands); n != 1 {
		t.Errorf("%d commands wait", n)
	}
}

// TestFeedTellsItsClock: sound and picture that are written together though one
// was captured later are told apart.
func TestFeedTellsItsClock(t *testing.T) {
	const later = 150 * time.Millisecond
	r := newRig(t, 0, options{})
	f := r.feed(0)
	tap, got := r.tap(TapOptions{})
	tap.Place(Placement{From: f, Source: media.Camera, Video: true})
	r.group.handOver()
	if err := f.Clock(media.Screen, 0, time.Now()); !errors.Is(err, ErrFeed) {
		t.Errorf("the clock of what it does not have: %v", err)
	}
	captured := make(map[string]time.Time)
	for i := range uint16(100) { // by a clock that the test turns
		r.w.loop.now = r.group.clock.base.Add(time.Duration(i) * 20 * time.Millisecond)
		now := r.group.clock.time(r.w.loop.now)
		sound, picture := rtctest.Opus(i, "word"), rtctest.VP8(i, true, "picture")
		picture.Timestamp = uint32(i) * 1800
		f.write(t, sound, picture)
		r.must(f.Clock(media.Microphone, media.Ticks(sound.Timestamp), now.Add(-later)))
		r.must(f.Clock(media.Camera, media.Ticks(picture.Timestamp), now))
		for range len(r.w.commands) {
			r.w.commandLoop(<-r.w.commands)
		}
		r.w.tickLoop()
		for _, p := range got(tap) {
			captured[p.Source] = p.Captured
		}
	}
	if captured[media.Camera].IsZero() || captured[media.Microphone].IsZero() {
		t.Fatalf("captured: %v", captured)
	}
	if d := captured[media.Camera].Sub(captured[media.Microphone]); (d - later).Abs() > 5*time.Millisecond {
		t.Errorf("the picture was captured %v later, want %v", d, later)
	}
}

// TestFeedFlood: who writes more than any peer may send is cut off there.
func TestFeedFlood(t *testing.T) {
	r := newRig(t, 0, options{})
	f := r.feed(0)
	f.rx.inbound = bucket{media.Bucket{At: r.group.clock.now().Add(time.Hour), Tokens: 3}} // none come back
	for i := range uint16(10) {
		f.write(t, rtctest.Opus(i, "word"))
	}
	r.idle()
	if n := r.figures().Drops[dropFlood.String()]; n != 7 {
		t.Errorf("%d of 10 were dropped, want 7", n)
	}
}

// TestFeedsThatCanNotBe are refused.
func TestFeedsThatCanNotBe(t *testing.T) {
	r := newRig(t, 0, options{})
	opusAt := func(pt uint8) media.CodecParams { return media.CodecParams{Codec: media.CodecOpus, PT: pt} }
	for name, sources := range map[string][]FeedSource{
		"nothing":         nil,
		"unknown":         {{Source: "smell", Codec: opusAt(1)}},
		"wrong kind":      {{Source: media.Camera, Codec: opusAt(1)}},
		"no codec":        {{Source: media.Microphone}},
		"twice":           {{Source: media.Microphone, Codec: opusAt(1)}, {Source: media.Microphone, Codec: opusAt(2)}},
		"one type":        {{Source: media.Microphone, Codec: opusAt(1)}, {Source: media.ScreenAudio, Codec: opusAt(1)}},
		"type out of use": {{Source: media.Microphone, Codec: opusAt(128)}},
	} {
		if f, err := r.group.OpenFeed(sources, 0, newRecorder()); !errors.Is(err, ErrFeed) || f != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPanicOfAFeed ends that feed, and its owner is told.
func TestPanicOfAFeed(t *testing.T) {
	r := newRig(t, 0, options{})
	f := r.feed(0)
	tap, got := r.tap(TapOptions{})
	f.track(media.Camera).layers = []*layer{nil}
	f.write(t, rtctest.VP8(1, true, "boom"))
	r.idle()
	r.control()
	if told := f.to.(*recorder); !told.failedWith(ErrPanicked) {
		t.Errorf("its owner was told %v", told.failures)
	}
	if err := f.Write([]byte{0x80}); !errors.Is(err, ErrPanicked) {
		t.Errorf("written with %v", err)
	}
	other := r.feed(0)
	tap.Place(Placement{From: other, Source: media.Camera, Video: true})
	r.group.handOver()
	other.write(t, rtctest.VP8(1, true, "still there"))
	r.idle()
	if n := len(got(tap)); n != 1 {
		t.Errorf("%d pictures of another feed came, want 1", n)
	}
}

// TestFeedsAreSpread over the workers.
func TestFeedsAreSpread(t *testing.T) {
	r := newRig(t, 0, options{})
	for range 2 {
		sock, err := udp.Listen(loopback, udp.Config{})
		r.must(err)
		r.group.Listen([]*udp.Socket{sock})
	}
	owners := map[*worker]int{}
	for range 9 {
		owners[r.feed(0).owner.Load()]++
	}
	if len(owners) != 3 {
		t.Errorf("9 feeds have %d owners", len(owners))
	}
}

// TestFeedsDoNotAllocate: the whole way from Write to a peer's packet.
func TestFeedsDoNotAllocate(t *testing.T) {
	r := newRig(t, 1, options{})
	f := r.feed(0)
	r.to[0].Place(0, Placement{From: f, Source: media.Camera, Video: true})
	r.group.handOver()
	step := r.feeder(f)
	for range 300 {
		step()
	}
	wantPooled(t, step, 1)
	if n := r.to[0].seat(0).video.tx.packets; n < 600 {
		t.Errorf("%d packets were forwarded", n)
	}
}

// feeder returns what writes a picture of one packet and has it forwarded.
func (r *rig) feeder(f *Feed) func() {
	raw, err := rtctest.VP8(0, true, string(make([]byte, 1000))).Marshal()
	r.must(err)
	seq := uint16(0)
	return func() {
		seq++
		raw[2], raw[3] = byte(seq>>8), byte(seq)
		ts := uint32(time.Since(r.group.clock.start).Microseconds() * 9 / 100)
		raw[4], raw[5], raw[6], raw[7] = byte(ts>>24), byte(ts>>16), byte(ts>>8), byte(ts)
		f.rx.inbound.Tokens = 1 << 30
		if err := f.Write(raw); err != nil {
			panic(err) // a fuzz target may not call its F
		}
		r.idle()
	}
}

// FuzzFeed writes hostile packets, which cost nobody but the feed anything: no
// panic, and another feed's pictures go on.
func FuzzFeed(f *testing.F) {
	for _, p := range []*rtp.Packet{rtctest.Opus(1, "word"), rtctest.VP8(1, true, "picture"), rtctest.VP8(2, false, "picture"), rtctest.Described(1, true, "x"), rtctest.H264(1, true, "x"), rtctest.VP9(1, true, "x")} {
		raw, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, raw[:len(raw)/2])
	}
	f.Add([]byte{0x80, 111, 0, 1}, []byte{0xb0, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0xff, 0xff})
	r := newRig(f, 1, options{})
	good, err := r.group.OpenFeed(cameraFeed(), 0, newRecorder())
	if err != nil {
		f.Fatal(err)
	}
	bad, err := r.group.OpenFeed([]FeedSource{
		{Source: media.Microphone, Codec: media.CodecParams{Codec: media.CodecOpus, PT: rtctest.PTOpus}},
		{Source: media.Camera, Codec: media.CodecParams{Codec: media.CodecVP8, PT: rtctest.PTVP8}},
		{Source: media.Screen, Codec: media.CodecParams{Codec: media.CodecAV1, PT: rtctest.PTAV1}},
		{Source: media.ScreenAudio, Codec: media.CodecParams{Codec: media.CodecOpus, PT: 1}},
	}, 0, newRecorder())
	if err != nil {
		f.Fatal(err)
	}
	tap, err := r.group.OpenTap(TapOptions{})
	if err != nil {
		f.Fatal(err)
	}
	tap.Place(Placement{From: bad, Source: media.Camera, Video: true})
	r.to[0].Place(0, Placement{From: good, Source: media.Camera, Video: true})
	r.group.handOver()
	step := r.feeder(good)
	step()
	f.Fuzz(func(t *testing.T, first, second []byte) {
		video := r.to[0].seat(0).video
		before := video.tx.packets
		for _, raw := range [][]byte{first, second, first} {
			_ = bad.Write(raw)
		}
		step()
		if n := video.tx.packets; n != before+1 {
			t.Fatalf("%d pictures of the other feed came, want 1: %v", n-before, r.figures().Drops)
		}
		if n := r.figures().Drops[dropPanic.String()]; n != 0 {
			t.Fatal("panicked")
		}
		if n := len(bad.rx.streams); n > maxStreams {
			t.Fatalf("%d streams", n)
		}
		for len(tap.queue) > 0 {
			_ = tap.Read(t.Context(), func(*TapPacket) {})
		}
	})
}

// BenchmarkFeed is the cost of one packet from Write to one viewer's socket.
func BenchmarkFeed(b *testing.B) {
	for _, source := range []string{"sound", "picture"} {
		b.Run(source, func(b *testing.B) {
			r := newRig(b, 1, options{})
			f := r.feed(0)
			r.to[0].Place(0, Placement{From: f, Source: media.Camera, Video: true})
			r.group.handOver()
			packet, n := rtctest.VP8(0, true, string(make([]byte, 1100))), 4
			if source == "sound" {
				packet, n = rtctest.Opus(0, string(make([]byte, 80))), 1
			}
			raw, err := packet.Marshal()
			r.must(err)
			var seq atomic.Uint32
			b.ReportAllocs()
			for b.Loop() {
				ts := uint32(time.Since(r.group.clock.start).Microseconds() * 9 / 100)
				raw[4], raw[5], raw[6], raw[7] = byte(ts>>24), byte(ts>>16), byte(ts>>8), byte(ts)
				for range n {
					q := seq.Add(1)
					raw[2], raw[3] = byte(q>>8), byte(q)
					_ = f.Write(raw)
				}
				f.rx.inbound.Tokens = 1 << 30
				r.idle()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/packet")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cameraFeed is what most feeds here send.
func cameraFeed() []FeedSource {
	return []FeedSource{
		{Source: media.Microphone, Codec: media.CodecParams{Codec: media.CodecOpus, PT: rtctest.PTOpus}},
		{Source: media.Camera, Codec: media.CodecParams{Codec: media.CodecVP8, PT: rtctest.PTVP8}},
	}
}

// feed opens one; queue is how many packets may wait, 0 the usual.
func (r *rig) feed(queue int) *Feed {
	r.t.Helper()
	f, err := r.group.OpenFeed(cameraFeed(), queue, newRecorder())
	r.must(err)
	r.t.Cleanup(f.Close)
	return f
}

// write writes packets to a feed, which must take them.
func (f *Feed) write(t testing.TB, packets ...*rtp.Packet) {
	t.Helper()
	for _, p := range packets {
		raw, err := p.Marshal()
		if err == nil {
			err = f.Write(raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
