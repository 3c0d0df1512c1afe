package rtc

import (
	"fmt"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// startsPicture reports whether a packet made by picture is a key frame.
func startsPicture(p *rtp.Packet) bool {
	switch p.PayloadType {
	case rtctest.PTH264:
		return p.Payload[0] == 0x78
	case rtctest.PTVP9:
		return p.Payload[0] == 0x8e
	case rtctest.PTAV1:
		return p.Payload[0]&0x08 != 0 // N
	}
	return rtctest.IsKeyframe(p)
}

// player sends one camera in whatever codec it is told, a key frame whenever it
// was asked for one.
type player struct {
	p        *peer
	as       rtctest.Codec
	seq      uint16
	answered int
}

func (c *player) play(n int) {
	for range n {
		c.p.mu.Lock()
		asked := c.p.plis()
		c.p.mu.Unlock()
		key := asked > c.answered
		c.answered = asked
		c.seq++
		packet := c.as.Picture(c.seq, key, "picture")
		packet.PayloadType = uint8(c.as.PT)
		c.p.send(packet)
		time.Sleep(2 * time.Millisecond)
	}
}

// watcher is a viewer of one seat whose codecs change.
type watcher struct {
	*peer
	lines slots
	ssrc  uint32
}

func watch(t *testing.T, s *Server, codecs ...rtctest.Codec) *watcher {
	w := &watcher{peer: join(t, s, peerOptions{seats: 1})}
	w.lines = slotsOf(&w.spec)
	w.take(codecs...)
	return w
}

// take makes an offer with other codecs for the seat's picture.
func (w *watcher) take(codecs ...rtctest.Codec) {
	w.t.Helper()
	w.lines.find("v0").codecs = codecs
	text, err := w.session.Offer(w.t.Context(), w.lines.offer(&w.spec, 1))
	w.must(err)
	got := answeredTo(w.t, w.lines, text.SDP)["v0"]
	if w.ssrc != 0 && got.ssrc != w.ssrc {
		w.t.Errorf("the seat's SSRC changed from %d to %d", w.ssrc, got.ssrc)
	}
	w.ssrc = got.ssrc
}

// sees does what the engine does when codecs change, and checks what comes then:
// pictures under payload type pt, or none if that is 0. Those of one who could
// not see them before begin with a key frame.
func (w *watcher) sees(from *player, pt int, before bool) {
	w.t.Helper()
	can := w.session.CanDecode(0, from.p.session, Camera)
	if can != (pt != 0) {
		w.t.Fatalf("can decode: %v, want payload type %d", can, pt)
	}
	n := len(w.received(w.ssrc))
	w.session.Place(0, Placement{From: from.p.session, Source: Camera, Video: can})
	if pt == 0 {
		from.play(20)
		if more := len(w.received(w.ssrc)) - n; more > 5 { // what was under way
			w.t.Fatalf("%d pictures came that can not be decoded", more)
		}
		return
	}
	came := func() bool {
		list := w.received(w.ssrc)
		return len(list) > n+5 && int(list[len(list)-1].PayloadType) == pt
	}
	for end := time.Now().Add(rtctest.Patience); !came(); from.play(5) {
		if time.Now().After(end) {
			w.t.Fatal("no pictures came ", w.session.server.Figures().Drops, from.p.plis(), len(w.received(w.ssrc)))
		}
	}
	list := w.received(w.ssrc)
	for i, p := range list[1:] {
		if d := p.SequenceNumber - list[i].SequenceNumber; d != 1 {
			w.t.Fatalf("packet %d: number moved by %d", i+1, d)
		}
		if codec := startsH264(p) != startsH264(list[i]); codec && !startsPicture(p) {
			w.t.Fatalf("packet %d: another codec begins without a key frame", i+1)
		}
	}
	if first := list[n]; !before && !startsPicture(first) {
		w.t.Fatalf("the first picture is no key frame: % x", first.Payload[:4])
	}
}

func startsH264(p *rtp.Packet) bool { return p.PayloadType == rtctest.PTH264 }

// TestSeatTakesOtherCodecs: what a seat takes by the latest offer is what it is
// sent, under the same SSRC and in the same numbers.
func TestSeatTakesOtherCodecs(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := &player{p: join(t, s, peerOptions{}), as: rtctest.AsVP8}
	to := watch(t, s, rtctest.AsH264)
	to.sees(from, 0, false)
	to.take(rtctest.AsH264, rtctest.AsVP8)
	to.sees(from, rtctest.PTVP8, false)
	to.take(rtctest.AsVP8At, rtctest.AsH264)
	to.sees(from, 120, true)
	to.take(rtctest.AsH264)
	to.sees(from, 0, false)
	to.take(rtctest.AsVP8)
	to.sees(from, rtctest.PTVP8, false)
}

// TestPublisherTakesAnotherCodec: what a publisher sends by its latest offer
// reaches those who can decode it, from a key frame on.
func TestPublisherTakesAnotherCodec(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := &player{p: join(t, s, peerOptions{}), as: rtctest.AsH264}
	lines := slotsOf(&from.p.spec)
	offers := func(codecs ...rtctest.Codec) {
		t.Helper()
		lines.find("cam").codecs = codecs
		_, err := from.p.session.Offer(t.Context(), lines.offer(&from.p.spec, 0))
		from.p.must(err)
		from.as = codecs[0]
	}
	offers(rtctest.AsH264)
	both, one := watch(t, s, rtctest.AsVP8, rtctest.AsH264), watch(t, s, rtctest.AsH264)
	both.sees(from, rtctest.PTH264, false)
	one.sees(from, rtctest.PTH264, false)
	offers(rtctest.AsVP8)
	both.sees(from, rtctest.PTVP8, true)
	one.sees(from, 0, false)
	offers(rtctest.AsVP8At)
	both.sees(from, rtctest.PTVP8, true)
	one.sees(from, 0, false)
	offers(rtctest.AsH264)
	both.sees(from, rtctest.PTH264, true)
	one.sees(from, rtctest.PTH264, false)
	if n := s.Figures().Drops[dropPayload.String()]; n != 0 {
		t.Errorf("%d packets had a payload type that means nothing", n)
	}
}

// TestCodecChangesWithoutAnOffer: the engine is told, once and not for every
// packet, and from then on the answer to who can decode it is another.
func TestCodecChangesWithoutAnOffer(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := &player{p: join(t, s, peerOptions{}), as: rtctest.AsVP8}
	both, one := watch(t, s, rtctest.AsVP8, rtctest.AsH264), watch(t, s, rtctest.AsVP8)
	both.sees(from, rtctest.PTVP8, false)
	one.sees(from, rtctest.PTVP8, false)
	var told []string // what the engine found when it was told
	from.p.events.note(func() {
		from.p.events.onProblem = func(source string) { told = append(told, from.p.session.Codec(source)) }
	})
	finds := func(codec string) {
		t.Helper()
		for end := time.Now().Add(rtctest.Patience); ; from.play(5) {
			now := from.p.session.Codec(Camera) // what was told last may be over
			if now == codec && from.p.events.waitFor(0, func() bool { return len(told) > 0 && told[len(told)-1] == codec }) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the engine was told of %v, not %s", told, codec)
			}
		}
	}
	if from.p.events.waitFor(0, func() bool { return len(from.p.events.problems) > 0 }) {
		t.Fatal("told although nothing has changed")
	}
	from.as = rtctest.AsH264
	finds("H264")
	one.sees(from, 0, false)
	both.sees(from, rtctest.PTH264, true)
	for range 20 {
		from.as = rtctest.AsVP8
		from.play(1)
		from.as = rtctest.AsH264
		from.play(1)
	}
	from.as = rtctest.AsVP8
	finds("VP8")
	one.sees(from, rtctest.PTVP8, false)
	both.sees(from, rtctest.PTVP8, true)
	from.p.events.mu.Lock()
	defer from.p.events.mu.Unlock()
	if len(told) > 4 {
		t.Errorf("told %d times", len(told))
	}
}

// TestCodecsChangeWhileForwarding changes everything that may change, on both
// sides, while packets are on their way.
func TestCodecsChangeWhileForwarding(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	anna := join(t, s, peerOptions{})
	viewers := []*watcher{watch(t, s, rtctest.AsVP8, rtctest.AsH264), watch(t, s, rtctest.AsVP8)}
	startPump(t, anna, "anna")
	from := slotsOf(&anna.spec)
	for i := range 60 {
		from.find("cam").codecs = [][]rtctest.Codec{{rtctest.AsVP8, rtctest.AsH264}, {rtctest.AsH264, rtctest.AsVP8}, {rtctest.AsVP8}}[i%3]
		_, err := anna.session.Offer(t.Context(), from.offer(&anna.spec, 0))
		anna.must(err)
		for n, v := range viewers {
			v.take([][]rtctest.Codec{{rtctest.AsVP8}, {rtctest.AsVP8At, rtctest.AsH264}, {rtctest.AsH264, rtctest.AsVP8}}[(i+n)%3]...)
			v.session.Place(0, Placement{From: anna.session, Source: Camera, Video: v.session.CanDecode(0, anna.session, Camera)})
		}
		time.Sleep(3 * time.Millisecond)
	}
	for n, v := range viewers {
		v.take(rtctest.AsVP8)
		v.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
		seen := len(v.received(v.ssrc))
		v.wait(fmt.Sprint("viewer ", n), func() bool {
			l := v.rtp[v.ssrc]
			return len(l) > seen+20 && l[len(l)-1].PayloadType == rtctest.PTVP8
		})
	}
	if n := s.Figures().Drops[dropPanic.String()]; n != 0 {
		t.Errorf("%d panics", n)
	}
}
