package rtc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// negotiator is a client that sends and watches, and changes what it negotiated
// all the time.
type negotiator struct {
	*peer
	name      string
	rng       *rand.Rand
	lines     slots
	seats     int
	got       map[string]answered
	mids      int
	sends     map[string]*sending // by source
	connected int                 // how often it has been
	checked   map[uint32]int      // packets looked at, by SSRC
}

// sending is how a source is sent.
type sending struct {
	ssrc     uint32
	seq      uint16
	as       rtctest.Codec
	answered int // requests for key frames
}

var allSources = []string{Microphone, Camera, Screen, ScreenAudio}

func newNegotiator(t *testing.T, s *Server, name string, rng *rand.Rand) *negotiator {
	n := &negotiator{
		peer: join(t, s, peerOptions{seats: 2}), name: name, rng: rng, seats: 2, connected: 1,
		sends: map[string]*sending{}, checked: map[uint32]int{},
	}
	n.lines = slotsOf(&n.spec)
	n.got = answeredTo(t, n.lines, n.answer.text)
	for i, source := range allSources {
		n.sends[source] = &sending{ssrc: []uint32{rtctest.SSRCMic, rtctest.SSRCCam, 0, 0}[i], as: rtctest.AsVP8}
	}
	return n
}

// offer makes an offer of the m-lines as they are. What was there keeps its
// SSRCs.
func (n *negotiator) offer() {
	n.t.Helper()
	text, err := n.session.Offer(n.t.Context(), n.lines.offer(&n.spec, n.seats))
	n.must(err)
	n.answer = parseAnswer(n.t, text.SDP)
	before := n.got
	n.got = answeredTo(n.t, n.lines, text.SDP)
	for mid, now := range n.got {
		if was := before[mid]; was.ssrc != 0 && now.ssrc != 0 && now.ssrc != was.ssrc {
			n.t.Fatalf("%s: section %q had SSRC %d and has %d", n.name, mid, was.ssrc, now.ssrc)
		}
	}
}

// live returns the m-line of a source, nil if it can not be sent now.
func (n *negotiator) live(source string) *slot {
	for _, l := range n.lines {
		if l.source == source && !l.stopped && !l.inactive {
			return l
		}
	}
	return nil
}

// half returns the m-line of a seat's half, nil if nothing comes there.
func (n *negotiator) half(seat int, video bool) *slot {
	for _, l := range n.lines {
		if l.source == "" && l.seat == seat && l.video == video && !l.stopped && !l.inactive {
			return l
		}
	}
	return nil
}

// round sends a packet of everything it can send.
func (n *negotiator) round() {
	for _, source := range allSources {
		l, s := n.live(source), n.sends[source]
		if l == nil {
			continue
		}
		if s.ssrc == 0 {
			n.change(source)
		}
		s.seq++
		text := fmt.Sprintf("#%d %d %s/%s", s.ssrc, s.seq, n.name, source)
		packet := rtctest.Opus(s.seq, text)
		if l.video {
			asked := n.asked(s.ssrc)
			key := asked > s.answered
			s.answered = asked
			packet = s.as.Picture(s.seq, key, text)
			packet.PayloadType = uint8(s.as.PT)
		}
		packet.SSRC = s.ssrc
		n.must(packet.SetExtension(rtctest.ExtMID, []byte(l.mid)))
		n.send(packet)
	}
}

// change makes a source go on under another SSRC.
func (n *negotiator) change(source string) {
	n.sends[source].ssrc, n.sends[source].seq, n.sends[source].answered = n.rng.Uint32(), uint16(n.rng.IntN(60000)), 0
}

func (n *negotiator) asked(ssrc uint32) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.rtcp {
		if pli, ok := p.(*rtcp.PictureLossIndication); ok && pli.MediaSSRC == ssrc {
			count++
		}
	}
	return count
}

// mid makes up a name that was never used.
func (n *negotiator) mid() string { n.mids++; return fmt.Sprint("m", n.mids) }

// codecs draws what a section of pictures offers.
func (n *negotiator) codecs() []rtctest.Codec {
	lists := [][]rtctest.Codec{{rtctest.AsVP8}, {rtctest.AsH264}, {rtctest.AsVP8, rtctest.AsH264}, {rtctest.AsH264, rtctest.AsVP8}, {rtctest.AsVP8At}, {rtctest.AsH264, rtctest.AsVP8At}}
	return lists[n.rng.IntN(len(lists))]
}

// missing lists what could be added: sources that can not be sent, halves that
// seats lack.
func (n *negotiator) missing() (list []*slot) {
	has := func(want slot) bool {
		return slices.ContainsFunc(n.lines, func(l *slot) bool {
			return !l.stopped && l.source == want.source && l.video == want.video && (l.source != "" || l.seat == want.seat)
		})
	}
	add := func(s slot) {
		if has(s) {
			return
		}
		s.mid = n.mid()
		if s.video {
			s.codecs = n.codecs()
		}
		list = append(list, &s)
	}
	for _, source := range allSources {
		add(slot{source: source, video: source == Camera || source == Screen})
	}
	for seat := range n.seats {
		add(slot{seat: seat})
		add(slot{seat: seat, video: true})
	}
	return list
}

// pick draws an m-line that is not stopped, nil if only one is left.
func (n *negotiator) pick(ok func(*slot) bool) *slot {
	var list []*slot
	live := 0
	for _, l := range n.lines {
		if !l.stopped {
			live++
			if ok(l) {
				list = append(list, l)
			}
		}
	}
	if len(list) == 0 || live < 2 {
		return nil
	}
	return list[n.rng.IntN(len(list))]
}

func anySlot(*slot) bool { return true }

// adopt makes the source of a new section send something that it offers.
func (n *negotiator) adopt(l *slot) {
	if l.source != "" && l.video {
		n.sends[l.source].as = l.codecs[n.rng.IntN(len(l.codecs))]
	}
}

// steps are what a client may do. Each returns whether it applied.
var steps = map[string]func(n *negotiator) bool{
	"stop": func(n *negotiator) bool {
		l := n.pick(anySlot)
		if l == nil {
			return false
		}
		l.stopped = true
		n.offer()
		return true
	},
	"add": func(n *negotiator) bool {
		list := n.missing()
		if len(list) == 0 {
			return false
		}
		l := list[n.rng.IntN(len(list))]
		n.lines = n.lines.put(l)
		n.adopt(l)
		n.offer()
		return true
	},
	"replace": func(n *negotiator) bool {
		l := n.pick(anySlot)
		if l == nil {
			return false
		}
		next := *l
		next.mid, next.inactive, next.ssrc = n.mid(), false, 0
		l.stopped = true
		n.lines = append(n.lines, &next)
		n.offer()
		return true
	},
	"codec preference": func(n *negotiator) bool {
		l := n.pick(func(l *slot) bool { return l.video })
		if l == nil {
			return false
		}
		l.codecs = n.codecs()
		n.adopt(l)
		n.offer()
		return true
	},
	"another codec": func(n *negotiator) bool {
		l := n.pick(func(l *slot) bool { return l.video && l.source != "" && len(l.codecs) > 1 })
		if l == nil {
			return false
		}
		n.adopt(l)
		return true
	},
	"another SSRC": func(n *negotiator) bool {
		n.change(allSources[n.rng.IntN(len(allSources))])
		return true
	},
	"inactive": func(n *negotiator) bool {
		l := n.pick(anySlot)
		if l == nil {
			return false
		}
		l.inactive = !l.inactive
		n.offer()
		return true
	},
	"more seats": func(n *negotiator) bool {
		if n.seats == 5 {
			return false
		}
		n.lines = n.lines.put(&slot{mid: n.mid(), seat: n.seats})
		if n.rng.IntN(2) == 0 {
			n.lines = n.lines.put(&slot{mid: n.mid(), seat: n.seats, video: true, codecs: n.codecs()})
		}
		n.seats++
		n.offer()
		return true
	},
	"restart": func(n *negotiator) bool {
		n.must(n.agent.Restart("", ""))
		ufrag, pwd, err := n.agent.GetLocalUserCredentials()
		n.must(err)
		n.spec.ufrag, n.spec.pwd = ufrag, pwd
		n.offer()
		n.must(n.agent.OnCandidate(func(ice.Candidate) {}))
		n.must(n.agent.GatherCandidates())
		n.must(n.agent.SetRemoteCredentials(n.answer.ufrag, n.answer.pwd))
		n.addCandidates()
		n.connected++
		n.events.wait(n.t, "the restart", func() bool { return n.events.connected == n.connected })
		return true
	},
	"a bad offer": func(n *negotiator) bool {
		n.offer() // so that nothing can have been rolled back
		lines, seats := n.lines.clone(), n.seats
		switch l := n.pick(anySlot); {
		case l == nil:
			return false
		case n.rng.IntN(2) == 0:
			lines.find(l.mid).mid = n.mid() // of what is still in use
		default:
			seats--
			lines = slices.DeleteFunc(lines, func(l *slot) bool { return l.source == "" && l.seat == seats })
		}
		if _, err := n.session.Offer(n.t.Context(), lines.offer(&n.spec, seats)); err == nil {
			n.t.Fatalf("%s: an offer of %v and %d seats was taken", n.name, mids(lines), seats)
		}
		return true
	},
	"a lost answer": func(n *negotiator) bool {
		lines := n.lines.clone()
		l := n.pick(anySlot)
		if list := n.missing(); l == nil || len(list) == 0 {
			return false
		} else {
			lines = lines.put(list[0])
		}
		lines.find(l.mid).stopped = true
		_, err := n.session.Offer(n.t.Context(), lines.offer(&n.spec, n.seats))
		n.must(err)
		n.offer()
		return true
	},
}

// expected is what has to come in a seat's half now.
type expected struct {
	ssrc  uint32
	label string
	pt    int // 0: sound
}

// seatedWith places who as the engine would, and says what has to come of it.
// Even seats show the camera, odd ones the screen.
func (n *negotiator) seatedWith(who *negotiator) (list []expected) {
	n.t.Helper()
	for seat := range n.seats {
		audio, video := Microphone, Camera
		if seat%2 == 1 {
			audio, video = ScreenAudio, Screen
		}
		can := n.session.CanDecode(seat, who.session, video)
		n.session.Place(seat, Placement{From: who.session, Source: video, Video: can})
		if l := n.half(seat, false); l != nil && who.live(audio) != nil {
			list = append(list, expected{n.got[l.mid].ssrc, who.name + "/" + audio, 0})
		}
		l := n.half(seat, true)
		if l == nil || who.live(video) == nil {
			continue
		}
		pt := 0
		for _, c := range l.codecs {
			if c.Name == who.sends[video].as.Name {
				pt = c.PT
			}
		}
		if can != (pt != 0) {
			n.t.Fatalf("%s: seat %d decodes %s's %s: %v, want payload type %d of %v for %v", n.name, seat, who.name, video, can, pt, l.codecs, who.sends[video].as)
		}
		if pt != 0 {
			list = append(list, expected{n.got[l.mid].ssrc, who.name + "/" + video, pt})
		}
	}
	return list
}

// arrived reports whether e has come since the last look, some packets of it.
func (n *negotiator) arrived(e expected) bool {
	list := n.received(e.ssrc)
	if len(list) < n.checked[e.ssrc]+4 {
		return false
	}
	last := list[len(list)-1]
	return strings.HasSuffix(string(last.Payload), e.label) && (e.pt == 0 || int(last.PayloadType) == e.pt)
}

// look checks all that came since the last look.
func (n *negotiator) look(list []expected, gaps bool) {
	n.t.Helper()
	for _, e := range list {
		all := n.received(e.ssrc)
		for i := n.checked[e.ssrc]; i < len(all); i++ {
			if i > 0 {
				n.follows(e, all[i-1], all[i], gaps)
			} else if e.pt != 0 && !startsPicture(all[0]) {
				n.t.Fatalf("%s: %s begins without a key frame", n.name, e.label)
			}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for ssrc, all := range n.rtp {
		n.checked[ssrc] = len(all)
	}
}

// follows checks that a packet can be decoded after the one before: it is a key
// frame, or the other's successor where both were sent. What e is it is at the end;
// on the way to that there may be what was before.
func (n *negotiator) follows(e expected, before, p *rtp.Packet, gaps bool) {
	n.t.Helper()
	if d := p.SequenceNumber - before.SequenceNumber; d != 1 && !(gaps && d < 500) {
		n.t.Fatalf("%s: a number of %s moved by %d", n.name, e.label, d)
	}
	if d := int32(p.Timestamp - before.Timestamp); d <= 0 || d > 20*90000 {
		n.t.Fatalf("%s: the time of %s moved by %d", n.name, e.label, d)
	}
	from, seq := origin(p)
	fromBefore, seqBefore := origin(before)
	if e.pt != 0 && !gaps && !startsPicture(p) && (from != fromBefore || seq != seqBefore+1) {
		n.t.Fatalf("%s: picture %d of %d is no key frame and follows picture %d of %d: %s", n.name, seq, from, seqBefore, fromBefore, e.label)
	}
}

// origin says under which SSRC and number a packet was sent.
func origin(p *rtp.Packet) (ssrc uint32, seq uint16) {
	text := string(p.Payload[strings.LastIndex(string(p.Payload), "#"):])
	_, _ = fmt.Sscanf(text, "#%d %d ", &ssrc, &seq)
	return ssrc, seq
}

// TestRandomRenegotiations: two clients that watch each other change everything
// there is to change, a hundred times in random order. After each change each of
// them gets all that it can decode and the other sends: the right source, in the
// right codec, one stream without a hole.
func TestRandomRenegotiations(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 11))
			s := listen(t, Config{Workers: 2})
			both := []*negotiator{newNegotiator(t, s, "anna", rng), newNegotiator(t, s, "bert", rng)}
			names := make([]string, 0, len(steps))
			for name := range steps {
				names = append(names, name)
			}
			slices.Sort(names)
			settle(t, both, false)
			for i := 0; i < 100; {
				n, name := both[rng.IntN(2)], names[rng.IntN(len(names))]
				if !steps[name](n) {
					continue
				}
				t.Logf("%d: %s: %s: %v", i, n.name, name, mids(n.lines))
				settle(t, both, name == "restart")
				i++
			}
			f := s.Figures()
			if f.Drops[dropPanic.String()] != 0 || f.Sessions != 2 {
				t.Errorf("%d sessions, drops %v", f.Sessions, f.Drops)
			}
		})
	}
}

// settle has both send until each got what it has to. There may be gaps after an
// ICE restart, during which peers lose some.
func settle(t *testing.T, both []*negotiator, gaps bool) {
	t.Helper()
	end := time.Now().Add(rtctest.Patience)
	until := func(what string, ok func() bool) {
		t.Helper()
		for !ok() {
			for _, n := range both {
				n.round()
			}
			time.Sleep(3 * time.Millisecond)
			if time.Now().After(end) {
				t.Fatalf("waited too long for %s; drops %v", what, both[0].session.server.Figures().Drops)
			}
		}
	}
	for _, n := range both {
		for _, source := range []string{Camera, Screen} {
			if n.live(source) != nil {
				until(n.name+" to send its codec", func() bool { return n.session.Codec(source) == n.sends[source].as.Name })
			}
		}
	}
	lists := [][]expected{both[0].seatedWith(both[1]), both[1].seatedWith(both[0])}
	for i, list := range lists {
		for _, e := range list {
			until(fmt.Sprintf("%s to get %v", both[i].name, e), func() bool { return both[i].arrived(e) })
		}
	}
	for i, n := range both {
		n.look(lists[i], gaps)
	}
}
