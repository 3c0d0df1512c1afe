package rtc

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// cameraFeed is what most feeds here send.
func cameraFeed() FeedOptions {
	return FeedOptions{Sources: []FeedSource{
		{Source: Microphone, Codec: media.CodecParams{Codec: media.CodecOpus, PT: rtctest.PTOpus}},
		{Source: Camera, Codec: media.CodecParams{Codec: media.CodecVP8, PT: rtctest.PTVP8}},
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
func write(t testing.TB, f *Feed, packets ...*rtp.Packet) {
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
		sound := rtctest.Opus(65500+i, fmt.Sprintf("sound %d", i))
		if err := sound.SetExtension(1, []byte{10}); err != nil {
			t.Fatal(err)
		}
		write(t, f, sound, rtctest.VP8(30000+i, i == 3, fmt.Sprintf("picture %d", i)))
		time.Sleep(10 * time.Millisecond)
	}
	audio, video := to.answer.audio[0], to.answer.video[0]
	to.wait("all packets", func() bool { return len(to.rtp[audio]) == n && len(to.rtp[video]) == n-3 })
	for i, p := range to.received(audio) {
		if want := fmt.Sprintf("sound %d", i); string(p.Payload) != want || !bytes.Equal(p.GetExtension(rtctest.ExtAudioLevel), []byte{10}) {
			t.Errorf("sound %d: %q, level %x", i, p.Payload, p.GetExtension(rtctest.ExtAudioLevel))
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
	case <-time.After(rtctest.Patience):
		t.Error("nobody asked for a key frame")
	}
	told.wait(t, "speaking", func() bool { return len(told.speaking) > 0 && told.speaking[0] })
	if n := s.Figures().Tracks; n != 2 {
		t.Errorf("%d tracks are received", n)
	}
	f.SetMuted(Camera, true)
	write(t, f, rtctest.VP8(31000, true, "muted"))
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
	from.send(rtctest.VP8(1, true, "before anybody looks"))
	eventually(t, "the link", func() bool { return there.Figures().Tracks > 0 })
	to.session.Place(0, Placement{From: feed, Source: Camera, Video: true})
	audio, video := to.answer.audio[0], to.answer.video[0]
	asked, i := 0, uint16(1)
	for began := time.Now(); len(to.received(video)) < 50; i++ {
		if time.Since(began) > rtctest.Patience {
			t.Fatalf("%d pictures came of %d", len(to.received(video)), i)
		}
		from.mu.Lock()
		plis := from.plis()
		from.mu.Unlock()
		from.send(rtctest.VP8(1+i, plis > asked, fmt.Sprint("picture ", i)))
		from.send(rtctest.Opus(i, fmt.Sprint("sound ", i)))
		asked = plis
		time.Sleep(5 * time.Millisecond)
	}
	to.wait("the last sound", func() bool {
		list := to.rtp[audio]
		return len(list) > 0 && string(list[len(list)-1].Payload) == fmt.Sprint("sound ", i-1)
	})
	list := to.received(video)
	for i, p := range list {
		if i == 0 && !rtctest.IsKeyframe(p) || i > 0 && (p.SequenceNumber != list[i-1].SequenceNumber+1 || int32(p.Timestamp-list[i-1].Timestamp) <= 0) {
			t.Errorf("picture %d: %v", i, p.Header)
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
	write(t, first, rtctest.VP8(1, true, "first"))
	write(t, second, rtctest.VP8(1, true, "second"))
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
		write(t, second, rtctest.VP8(seq, true, "again"))
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
