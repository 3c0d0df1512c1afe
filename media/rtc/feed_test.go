package rtc

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
)

// cameraFeed is what most feeds here send.
func cameraFeed() FeedOptions {
	return FeedOptions{Sources: []FeedSource{
		{Source: Microphone, Codec: media.CodecParams{Codec: media.CodecOpus, PT: ptOpus}},
		{Source: Camera, Codec: media.CodecParams{Codec: media.CodecVP8, PT: ptVP8}},
	}}
}

func openFeed(t testing.TB, s *Server, o FeedOptions) *Feed {
	t.Helper()
	f, err := s.OpenFeed(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
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

// TestFeedReachesASeat: a peer sees and hears what a goroutine of ours writes,
// as if another peer sent it.
func TestFeedReachesASeat(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	o := cameraFeed()
	told := newRecorder()
	o.Events = told
	f, to := openFeed(t, s, o), join(t, s, peerOptions{seats: 1})
	if !to.session.CanDecode(0, f, Camera) || f.Codec(Camera) != "VP8" || f.Codec(Screen) != "" {
		t.Fatalf("a camera with %q that the seat takes: %v", f.Codec(Camera), to.session.CanDecode(0, f, Camera))
	}
	to.session.Place(0, Placement{From: f, Source: Camera, Video: true})
	const n = 60
	for i := range uint16(n) {
		sound := opus(65500+i, fmt.Sprintf("sound %d", i))
		if err := sound.SetExtension(tapExts.AudioLevel, []byte{10}); err != nil {
			t.Fatal(err)
		}
		f.write(t, sound, vp8(30000+i, i == 3, fmt.Sprintf("picture %d", i)))
		time.Sleep(10 * time.Millisecond)
	}
	audio, video := to.answer.audio[0], to.answer.video[0]
	to.wait("all packets", func() bool { return len(to.rtp[audio]) == n && len(to.rtp[video]) == n-3 })
	for i, p := range to.received(audio) {
		if want := fmt.Sprintf("sound %d", i); string(p.Payload) != want || !bytes.Equal(p.GetExtension(extLevel), []byte{10}) {
			t.Errorf("sound %d: %q, level %x", i, p.Payload, p.GetExtension(extLevel))
		}
	}
	pictures := to.received(video)
	for i, p := range pictures {
		if !bytes.HasSuffix(p.Payload, []byte(fmt.Sprintf("picture %d", i+3))) || i > 0 && p.SequenceNumber != pictures[i-1].SequenceNumber+1 {
			t.Errorf("picture %d: %v %q", i, p.Header, p.Payload)
		}
	}
	select {
	case <-f.Keyframes():
	case <-time.After(patience):
		t.Error("nobody asked for a key frame")
	}
	told.wait(t, "speaking", func() bool { return len(told.speaking) > 0 && told.speaking[0] })
	if n := s.Figures().Tracks; n != 2 {
		t.Errorf("%d tracks are received", n)
	}
	f.SetMuted(Camera, true)
	f.write(t, vp8(31000, true, "muted"))
	waitDrops(t, s, dropMuted, 1)
}

// TestTapIntoFeed: what a link between two nodes will do. A viewer on the other
// side sees the publisher, from a key frame that it asked for itself.
func TestTapIntoFeed(t *testing.T) {
	here, there := listen(t, Config{Workers: 2}), listen(t, Config{Workers: 2})
	from, to := join(t, here, peerOptions{}), join(t, there, peerOptions{seats: 1})
	feed := openFeed(t, there, FeedOptions{Sources: []FeedSource{
		{Source: Microphone, Codec: media.CodecParams{Codec: media.CodecOpus}},
		{Source: Camera, Codec: media.CodecParams{Codec: media.CodecVP8}},
	}})
	tap, err := here.OpenTap(TapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 2)
	go func() { // the way there
		defer func() { done <- struct{}{} }()
		for tap.Read(t.Context(), func(p *TapPacket) {
			if err := feed.Write(p.RTP); err != nil {
				t.Error(err)
			}
		}) == nil {
		}
	}()
	stop := make(chan struct{})
	go func() { // and the way back
		defer func() { done <- struct{}{} }()
		for {
			select {
			case <-feed.Keyframes():
				tap.RequestKeyframe()
			case <-stop:
				return
			}
		}
	}()
	defer func() {
		tap.Close()
		close(stop)
		<-done
		<-done
	}()
	tap.Place(Placement{From: from.session, Source: Camera, Video: true})
	from.send(vp8(1, true, "before anybody looks"))
	eventually(t, "the link", func() bool { return there.Figures().Tracks > 0 })
	to.session.Place(0, Placement{From: feed, Source: Camera, Video: true})
	audio, video := to.answer.audio[0], to.answer.video[0]
	asked, i := 0, uint16(1)
	for began := time.Now(); len(to.received(video)) < 50; i++ {
		if time.Since(began) > patience {
			t.Fatalf("%d pictures came of %d", len(to.received(video)), i)
		}
		from.mu.Lock()
		plis := from.plis()
		from.mu.Unlock()
		from.send(vp8(1+i, plis > asked, fmt.Sprint("picture ", i)))
		from.send(opus(i, fmt.Sprint("sound ", i)))
		asked = plis
		time.Sleep(5 * time.Millisecond)
	}
	to.wait("the last sound", func() bool {
		list := to.rtp[audio]
		return len(list) > 0 && string(list[len(list)-1].Payload) == fmt.Sprint("sound ", i-1)
	})
	list := to.received(video)
	for i, p := range list {
		if i == 0 && !isKeyframe(p) || i > 0 && (p.SequenceNumber != list[i-1].SequenceNumber+1 || int32(p.Timestamp-list[i-1].Timestamp) <= 0) {
			t.Errorf("picture %d: %v", i, p.Header)
		}
	}
}

// TestFeedGoesOnUnderAnotherSSRC, as when a link starts anew.
func TestFeedGoesOnUnderAnotherSSRC(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	f, tap := openFeed(t, s, cameraFeed()), listenTo(t, s, TapOptions{})
	tap.tap.Place(Placement{From: f, Source: Camera, Video: true})
	for i := range 200 {
		p := vp8(uint16(rand.Uint32()), true, fmt.Sprint("start ", i))
		p.SSRC = uint32(1000 + i)
		f.write(t, p)
		tap.wait("picture", func() bool { return len(tap.of(Camera)) == i+1 })
	}
	list := tap.of(Camera)
	for i, p := range list {
		if i > 0 && !p.Time.Newer(list[i-1].Time) || i > 0 && p.Number <= list[i-1].Number {
			t.Errorf("packet %d: %+v", i, p.TapPacket)
		}
	}
}

// TestFeedTakesNoMore than it has room for, and says so at once.
func TestFeedTakesNoMore(t *testing.T) {
	r := newRig(t, 0, Config{})
	o := cameraFeed()
	o.Queue = 8
	f := openFeed(t, r.server, o)
	raw, _ := opus(1, "word").Marshal()
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
	drops := r.server.Figures().Drops
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

// idle has the worker do what waits without a packet.
func (r *rig) idle() {
	r.w.loop.in.Reset()
	r.w.handleLoop()
}

// TestFeedTellsItsClock: sound and picture that are written together though one
// was captured later are told apart.
func TestFeedTellsItsClock(t *testing.T) {
	const later = 150 * time.Millisecond
	r := newRig(t, 0, Config{})
	f := openFeed(t, r.server, cameraFeed())
	tap, got := r.tap(TapOptions{})
	tap.Place(Placement{From: f, Source: Camera, Video: true})
	r.server.handOver()
	if err := f.Clock(Screen, 0, time.Now()); !errors.Is(err, ErrFeed) {
		t.Errorf("the clock of what it does not have: %v", err)
	}
	captured := make(map[string]time.Time)
	for i := range uint16(100) { // by a clock that the test turns
		r.w.loop.now = r.server.clock.base.Add(time.Duration(i) * 20 * time.Millisecond)
		now := r.server.clock.time(r.w.loop.now)
		sound, picture := opus(i, "word"), vp8(i, true, "picture")
		picture.Timestamp = uint32(i) * 1800
		f.write(t, sound, picture)
		r.must(f.Clock(Microphone, media.Ticks(sound.Timestamp), now.Add(-later)))
		r.must(f.Clock(Camera, media.Ticks(picture.Timestamp), now))
		for range len(r.w.commands) {
			r.w.commandLoop(<-r.w.commands)
		}
		r.w.tickLoop()
		for _, p := range got(tap) {
			captured[p.Source] = p.Captured
		}
	}
	if captured[Camera].IsZero() || captured[Microphone].IsZero() {
		t.Fatalf("captured: %v", captured)
	}
	if d := captured[Camera].Sub(captured[Microphone]); (d - later).Abs() > 5*time.Millisecond {
		t.Errorf("the picture was captured %v later, want %v", d, later)
	}
}

// TestFeedFlood: who writes more than any peer may send is cut off there.
func TestFeedFlood(t *testing.T) {
	r := newRig(t, 0, Config{})
	f := openFeed(t, r.server, cameraFeed())
	f.rx.inbound = bucket{media.Bucket{At: r.server.clock.now().Add(time.Hour), Tokens: 3}} // none come back
	for i := range uint16(10) {
		f.write(t, opus(i, "word"))
	}
	r.idle()
	if n := r.server.Figures().Drops[dropFlood.String()]; n != 7 {
		t.Errorf("%d of 10 were dropped, want 7", n)
	}
}

// TestFeedsThatCanNotBe are refused.
func TestFeedsThatCanNotBe(t *testing.T) {
	s := listen(t, Config{})
	opusAt := func(pt uint8) media.CodecParams { return media.CodecParams{Codec: media.CodecOpus, PT: pt} }
	for name, sources := range map[string][]FeedSource{
		"nothing":         nil,
		"unknown":         {{Source: "smell", Codec: opusAt(1)}},
		"wrong kind":      {{Source: Camera, Codec: opusAt(1)}},
		"no codec":        {{Source: Microphone}},
		"twice":           {{Source: Microphone, Codec: opusAt(1)}, {Source: Microphone, Codec: opusAt(2)}},
		"one type":        {{Source: Microphone, Codec: opusAt(1)}, {Source: ScreenAudio, Codec: opusAt(1)}},
		"type out of use": {{Source: Microphone, Codec: opusAt(128)}},
	} {
		if f, err := s.OpenFeed(FeedOptions{Sources: sources}); !errors.Is(err, ErrFeed) || f != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFeedsEnd: before who watches and after, and with the server.
func TestFeedsEnd(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	to, tap := join(t, s, peerOptions{seats: 2}), listenTo(t, s, TapOptions{})
	first, second := openFeed(t, s, cameraFeed()), openFeed(t, s, cameraFeed())
	for i, f := range []*Feed{first, second} {
		to.session.Place(i, Placement{From: f, Source: Camera, Video: true})
	}
	tap.tap.Place(Placement{From: first, Source: Camera, Video: true})
	first.write(t, vp8(1, true, "first"))
	second.write(t, vp8(1, true, "second"))
	to.wait("both", func() bool { return len(to.rtp[to.answer.video[0]]) == 1 && len(to.rtp[to.answer.video[1]]) == 1 })
	first.Close()
	first.Close()
	if err := first.Write([]byte{0x80}); !errors.Is(err, ErrClosed) {
		t.Errorf("written with %v", err)
	}
	tap.tap.Place(Placement{From: second, Source: Camera, Video: true})
	to.session.Place(0, Placement{From: second, Source: Camera, Video: true})
	to.session.Close()
	var seq uint16 = 1
	eventually(t, "the second's picture", func() bool {
		seq++
		second.write(t, vp8(seq, true, "again"))
		list := tap.of(Camera)
		return len(list) > 0 && bytes.HasSuffix(list[len(list)-1].Payload, []byte("again"))
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := second.Write([]byte{0x80}); !errors.Is(err, ErrClosed) {
		t.Errorf("written with %v", err)
	}
	if _, err := s.OpenFeed(cameraFeed()); !errors.Is(err, ErrClosed) {
		t.Errorf("opened with %v", err)
	}
}

// TestPanicOfAFeed ends that feed, and its owner is told.
func TestPanicOfAFeed(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	o := cameraFeed()
	told := newRecorder()
	o.Events = told
	f, tap := openFeed(t, s, o), listenTo(t, s, TapOptions{})
	f.track(Camera).layers = []*layer{nil}
	f.write(t, vp8(1, true, "boom"))
	told.wait(t, "failure", func() bool { return len(told.failed) == 1 && errors.Is(told.failed[0], ErrPanicked) })
	if err := f.Write([]byte{0x80}); !errors.Is(err, ErrPanicked) {
		t.Errorf("written with %v", err)
	}
	other := openFeed(t, s, cameraFeed())
	tap.tap.Place(Placement{From: other, Source: Camera, Video: true})
	other.write(t, vp8(1, true, "still there"))
	tap.wait("a picture", func() bool { return len(tap.of(Camera)) == 1 })
}

// TestFeedsAreSpread over the workers.
func TestFeedsAreSpread(t *testing.T) {
	s := listen(t, Config{Workers: 3})
	owners := map[*worker]int{}
	for range 9 {
		owners[openFeed(t, s, cameraFeed()).owner.Load()]++
	}
	if len(owners) != len(s.workers()) {
		t.Errorf("9 feeds have %d owners", len(owners))
	}
}

// TestFeedsDoNotAllocate: the whole way from Write to a peer's packet.
func TestFeedsDoNotAllocate(t *testing.T) {
	r := newRig(t, 1, Config{})
	f := openFeed(t, r.server, cameraFeed())
	r.to[0].Place(0, Placement{From: f, Source: Camera, Video: true})
	r.server.handOver()
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
	raw, err := vp8(0, true, string(make([]byte, 1000))).Marshal()
	r.must(err)
	seq := uint16(0)
	return func() {
		seq++
		raw[2], raw[3] = byte(seq>>8), byte(seq)
		ts := uint32(time.Since(r.server.clock.start).Microseconds() * 9 / 100)
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
	for _, p := range []*rtp.Packet{opus(1, "word"), vp8(1, true, "picture"), vp8(2, false, "picture"), described(1, true, "x"), h264(1, true, "x"), vp9(1, true, "x")} {
		raw, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, raw[:len(raw)/2])
	}
	f.Add([]byte{0x80, 111, 0, 1}, []byte{0xb0, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0xff, 0xff})
	r := newRig(f, 1, Config{})
	good, err := r.server.OpenFeed(cameraFeed())
	if err != nil {
		f.Fatal(err)
	}
	bad, err := r.server.OpenFeed(FeedOptions{Sources: []FeedSource{
		{Source: Microphone, Codec: media.CodecParams{Codec: media.CodecOpus, PT: ptOpus}},
		{Source: Camera, Codec: media.CodecParams{Codec: media.CodecVP8, PT: ptVP8}},
		{Source: Screen, Codec: media.CodecParams{Codec: media.CodecAV1, PT: ptAV1}},
		{Source: ScreenAudio, Codec: media.CodecParams{Codec: media.CodecOpus, PT: 1}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	tap, err := r.server.OpenTap(TapOptions{})
	if err != nil {
		f.Fatal(err)
	}
	tap.Place(Placement{From: bad, Source: Camera, Video: true})
	r.to[0].Place(0, Placement{From: good, Source: Camera, Video: true})
	r.server.handOver()
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
			t.Fatalf("%d pictures of the other feed came, want 1: %v", n-before, r.server.Figures().Drops)
		}
		if n := r.server.Figures().Drops[dropPanic.String()]; n != 0 {
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
			r := newRig(b, 1, Config{})
			f := openFeed(b, r.server, cameraFeed())
			r.to[0].Place(0, Placement{From: f, Source: Camera, Video: true})
			r.server.handOver()
			packet, n := vp8(0, true, string(make([]byte, 1100))), 4
			if source == "sound" {
				packet, n = opus(0, string(make([]byte, 80))), 1
			}
			raw, err := packet.Marshal()
			r.must(err)
			var seq atomic.Uint32
			b.ReportAllocs()
			for b.Loop() {
				ts := uint32(time.Since(r.server.clock.start).Microseconds() * 9 / 100)
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
