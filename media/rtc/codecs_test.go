package rtc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// The codecs of pictures as clients offer them, and VP8 under other numbers.
var (
	asVP8   = videoCodec{ptVP8, ptVP8RTX, "VP8"}
	asH264  = videoCodec{ptH264, ptH264RTX, "H264"}
	asVP8At = videoCodec{120, 121, "VP8"}
)

// picture returns one in the codec, complete if it is a key frame.
func (c videoCodec) picture(seq uint16, key bool, text string) *rtp.Packet {
	make := map[string]func(uint16, bool, string) *rtp.Packet{"VP8": vp8, "H264": h264, "VP9": vp9, "AV1": av1}[c.name]
	return make(seq, key, text)
}

// startsPicture reports whether a packet made by picture is a key frame.
func startsPicture(p *rtp.Packet) bool {
	switch p.PayloadType {
	case ptH264:
		return p.Payload[0] == 0x78
	case ptVP9:
		return p.Payload[0] == 0x8e
	case ptAV1:
		return p.Payload[0]&0x08 != 0 // N
	}
	return isKeyframe(p)
}

// player sends one camera in whatever codec it is told, a key frame whenever it
// was asked for one.
type player struct {
	p        *peer
	as       videoCodec
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
		packet := c.as.picture(c.seq, key, "picture")
		packet.PayloadType = uint8(c.as.pt)
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

func watch(t *testing.T, s *Server, codecs ...videoCodec) *watcher {
	w := &watcher{peer: join(t, s, peerOptions{seats: 1})}
	w.lines = slotsOf(&w.spec)
	w.take(codecs...)
	return w
}

// take makes an offer with other codecs for the seat's picture.
func (w *watcher) take(codecs ...videoCodec) {
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
	for end := time.Now().Add(patience); !came(); from.play(5) {
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

func startsH264(p *rtp.Packet) bool { return p.PayloadType == ptH264 }

// TestSeatTakesOtherCodecs: what a seat takes by the latest offer is what it is
// sent, under the same SSRC and in the same numbers.
func TestSeatTakesOtherCodecs(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := &player{p: join(t, s, peerOptions{}), as: asVP8}
	to := watch(t, s, asH264)
	to.sees(from, 0, false)
	to.take(asH264, asVP8)
	to.sees(from, ptVP8, false)
	to.take(asVP8At, asH264)
	to.sees(from, 120, true)
	to.take(asH264)
	to.sees(from, 0, false)
	to.take(asVP8)
	to.sees(from, ptVP8, false)
}

// TestPublisherTakesAnotherCodec: what a publisher sends by its latest offer
// reaches those who can decode it, from a key frame on.
func TestPublisherTakesAnotherCodec(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := &player{p: join(t, s, peerOptions{}), as: asH264}
	lines := slotsOf(&from.p.spec)
	offers := func(codecs ...videoCodec) {
		t.Helper()
		lines.find("cam").codecs = codecs
		_, err := from.p.session.Offer(t.Context(), lines.offer(&from.p.spec, 0))
		from.p.must(err)
		from.as = codecs[0]
	}
	offers(asH264)
	both, one := watch(t, s, asVP8, asH264), watch(t, s, asH264)
	both.sees(from, ptH264, false)
	one.sees(from, ptH264, false)
	offers(asVP8)
	both.sees(from, ptVP8, true)
	one.sees(from, 0, false)
	offers(asVP8At)
	both.sees(from, ptVP8, true)
	one.sees(from, 0, false)
	offers(asH264)
	both.sees(from, ptH264, true)
	one.sees(from, ptH264, false)
	if n := s.Figures().Drops[dropPayload.String()]; n != 0 {
		t.Errorf("%d packets had a payload type that means nothing", n)
	}
}

// TestCodecChangesWithoutAnOffer: the engine is told, once and not for every
// packet, and from then on the answer to who can decode it is another.
func TestCodecChangesWithoutAnOffer(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := &player{p: join(t, s, peerOptions{}), as: asVP8}
	both, one := watch(t, s, asVP8, asH264), watch(t, s, asVP8)
	both.sees(from, ptVP8, false)
	one.sees(from, ptVP8, false)
	var told []string // what the engine found when it was told
	from.p.events.note(func() {
		from.p.events.onProblem = func(source string) { told = append(told, from.p.session.Codec(source)) }
	})
	finds := func(codec string) {
		t.Helper()
		for end := time.Now().Add(patience); ; from.play(5) {
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
	from.as = asH264
	finds("H264")
	one.sees(from, 0, false)
	both.sees(from, ptH264, true)
	for range 20 {
		from.as = asVP8
		from.play(1)
		from.as = asH264
		from.play(1)
	}
	from.as = asVP8
	finds("VP8")
	one.sees(from, ptVP8, false)
	both.sees(from, ptVP8, true)
	from.p.events.mu.Lock()
	defer from.p.events.mu.Unlock()
	if len(told) > 4 {
		t.Errorf("told %d times", len(told))
	}
}

// TestPayloadTypeGetsAnotherMeaning: what was received under the former one is
// not sent again as if it were of the present one.
func TestPayloadTypeGetsAnotherMeaning(t *testing.T) {
	r := newRig(t, 1, Config{})
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
	spec, lines := rigSpec(0), slotsOf(&offerSpec{})
	lines.find("cam").codecs = []videoCodec{{ptVP8, ptVP8RTX, "H264"}}
	_, err := r.from.Offer(t.Context(), lines.offer(&spec, 0))
	r.must(err)
	packet := h264(1, true, "picture")
	packet.PayloadType = ptVP8
	packet.SSRC = 77
	r.must(packet.SetExtension(extMID, []byte("cam")))
	r.put(packet)
	sent := r.to[0].seat(0).video.tx.packets
	if sent != 11 {
		t.Fatalf("%d packets were forwarded, want 11: %v", sent, r.server.Figures().Drops)
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
	r := newRig(t, 1, Config{})
	spec, lines := rigSpec(0), slotsOf(&offerSpec{})
	show := func() {
		t.Helper()
		text, err := r.from.Offer(t.Context(), lines.offer(&spec, 0))
		r.must(err)
		want := strings.Join(lines.find("cam").rids, ";")
		if _, got, _ := strings.Cut(text.SDP, "a=simulcast:recv "); !strings.HasPrefix(got, want) {
			t.Errorf("the answer takes the layers %.20q, want %q", got, want)
		}
		r.to[0].Place(0, Placement{From: r.from, Source: Camera, Video: true, Width: 640, Height: 360})
		r.server.handOver()
	}
	put := func(ssrc uint32, seq uint16, rid string) bool {
		t.Helper()
		var before uint32
		if tx := r.to[0].seat(0).video.tx; tx != nil {
			before = tx.packets
		}
		packet := vp8(seq, true, "picture")
		packet.SSRC = ssrc
		if rid != "" {
			r.must(packet.SetExtension(extMID, []byte("cam")))
			r.must(packet.SetExtension(extRID, []byte(rid)))
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

// TestCodecsChangeWhileForwarding changes everything that may change, on both
// sides, while packets are on their way.
func TestCodecsChangeWhileForwarding(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	anna := join(t, s, peerOptions{})
	viewers := []*watcher{watch(t, s, asVP8, asH264), watch(t, s, asVP8)}
	startPump(t, anna, "anna")
	from := slotsOf(&anna.spec)
	for i := range 60 {
		from.find("cam").codecs = [][]videoCodec{{asVP8, asH264}, {asH264, asVP8}, {asVP8}}[i%3]
		_, err := anna.session.Offer(t.Context(), from.offer(&anna.spec, 0))
		anna.must(err)
		for n, v := range viewers {
			v.take([][]videoCodec{{asVP8}, {asVP8At, asH264}, {asH264, asVP8}}[(i+n)%3]...)
			v.session.Place(0, Placement{From: anna.session, Source: Camera, Video: v.session.CanDecode(0, anna.session, Camera)})
		}
		time.Sleep(3 * time.Millisecond)
	}
	for n, v := range viewers {
		v.take(asVP8)
		v.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
		seen := len(v.received(v.ssrc))
		v.wait(fmt.Sprint("viewer ", n), func() bool {
			l := v.rtp[v.ssrc]
			return len(l) > seen+20 && l[len(l)-1].PayloadType == ptVP8
		})
	}
	if n := s.Figures().Drops[dropPanic.String()]; n != 0 {
		t.Errorf("%d panics", n)
	}
}
