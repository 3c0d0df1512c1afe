package rtc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"

	"parley/media/rtc/rtctest"
)

// pump sends sound and pictures of a peer until the test ends: fps frames a
// second, a key frame whenever one was asked for.
type pump struct {
	p    *peer
	name string
	stop chan struct{}
	done chan struct{}
}

func startPump(t testing.TB, p *peer, name string) *pump {
	u := &pump{p: p, name: name, stop: make(chan struct{}), done: make(chan struct{})}
	go u.run()
	t.Cleanup(u.end)
	return u
}

func (u *pump) end() {
	select {
	case <-u.stop:
	default:
		close(u.stop)
	}
	<-u.done
}

func (u *pump) run() {
	defer close(u.done)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	answered := 0
	for i := uint16(0); ; i++ {
		select {
		case <-u.stop:
			return
		case <-tick.C:
		}
		u.p.mu.Lock()
		asked := u.p.plis()
		u.p.mu.Unlock()
		key := asked > answered
		answered = asked
		u.p.send(rtctest.Opus(i, u.name))
		u.p.send(rtctest.VP8(i, key, u.name))
	}
}

// said returns who a packet is from.
func said(p *rtp.Packet) string {
	for _, name := range []string{"anna", "bert", "carl"} {
		if strings.HasSuffix(string(p.Payload), name) {
			return name
		}
	}
	return fmt.Sprintf("%q", p.Payload)
}

// TestSourcesTakeTurnsInASeat: one continuous stream, each change at a key
// frame of the right person, nothing of the former one after it.
func TestSourcesTakeTurnsInASeat(t *testing.T) {
	for _, workers := range []int{1, 2, 4} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			s := listen(t, Config{Workers: workers})
			anna, bert, viewer := join(t, s, peerOptions{}), join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
			startPump(t, anna, "anna")
			startPump(t, bert, "bert")
			video, audio := viewer.answer.video[0], viewer.answer.audio[0]
			var order []string
			for i := range 8 {
				from, name := anna, "anna"
				if i%2 == 1 {
					from, name = bert, "bert"
				}
				order = append(order, name)
				seen, heard := len(viewer.received(video)), len(viewer.received(audio))
				viewer.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
				viewer.wait(name, func() bool {
					v, a := viewer.rtp[video], viewer.rtp[audio]
					return len(v) > seen+5 && said(v[len(v)-1]) == name && len(a) > heard+5 && said(a[len(a)-1]) == name
				})
			}
			checkTurns(t, viewer.received(video), order, true)
			checkTurns(t, viewer.received(audio), order, false)
			viewer.session.Vacate(0)
			time.Sleep(20 * time.Millisecond)
			n := len(viewer.received(video))
			time.Sleep(50 * time.Millisecond)
			if more := len(viewer.received(video)); more != n {
				t.Errorf("%d packets after the seat was vacated", more-n)
			}
		})
	}
}

// checkTurns checks continuity and who was shown in which order.
func checkTurns(t *testing.T, packets []*rtp.Packet, order []string, video bool) {
	t.Helper()
	var got []string
	for i, p := range packets {
		name := said(p)
		changed := len(got) == 0 || got[len(got)-1] != name
		if changed {
			got = append(got, name)
		}
		if video && changed && !rtctest.IsKeyframe(p) {
			t.Errorf("packet %d: %s starts without a key frame", i, name)
		}
		if i == 0 {
			continue
		}
		last := packets[i-1]
		if p.SequenceNumber != last.SequenceNumber+1 {
			t.Errorf("packet %d: number %d after %d", i, p.SequenceNumber, last.SequenceNumber)
		}
		if d := int32(p.Timestamp - last.Timestamp); d <= 0 || d > 90000 {
			t.Errorf("packet %d: timestamp moved by %d", i, d)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(order) {
		t.Errorf("shown %v, want %v", got, order)
	}
}

func TestMutedSourceIsNotForwarded(t *testing.T) {
	s := listen(t, Config{})
	anna, viewer := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	startPump(t, anna, "anna")
	video := viewer.answer.video[0]
	viewer.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	viewer.wait("pictures", func() bool { return len(viewer.rtp[video]) > 10 })
	anna.session.SetMuted(Camera, true)
	waitDrops(t, s, dropMuted, 10)
	n := len(viewer.received(video))
	time.Sleep(50 * time.Millisecond)
	if more := len(viewer.received(video)); more != n {
		t.Errorf("%d pictures while muted", more-n)
	}
	anna.session.SetMuted(Camera, false)
	viewer.wait("pictures again", func() bool { return len(viewer.rtp[video]) > n+10 })
	after := viewer.received(video)[n]
	if !rtctest.IsKeyframe(after) {
		t.Error("pictures went on without a key frame")
	}
	checkTurns(t, viewer.received(video), []string{"anna"}, true)
}

func TestCloseWhileForwarding(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	anna, bert := join(t, s, peerOptions{seats: 1}), join(t, s, peerOptions{seats: 1})
	startPump(t, anna, "anna")
	startPump(t, bert, "bert")
	for range 20 {
		short := join(t, s, peerOptions{seats: 1})
		short.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
		bert.session.Place(0, Placement{From: short.session, Source: Camera, Video: true})
		time.Sleep(5 * time.Millisecond)
		short.session.Close()
		bert.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	}
	video := bert.answer.video[0]
	n := len(bert.received(video))
	bert.wait("pictures after all", func() bool { return len(bert.rtp[video]) > n+10 })
	anna.session.Close()
	bert.session.Close()
	if f := s.Figures(); f.Sessions != 0 {
		t.Errorf("%d sessions are left", f.Sessions)
	}
	waitForgotten(t, s)
}

// waitForgotten waits until no worker holds a flow and no credentials are
// registered.
func waitForgotten(t *testing.T, s *Server) {
	t.Helper()
	if left := s.group.Paths().Registered(); left != 0 {
		t.Errorf("%d credentials are left", left)
	}
	// The tables belong to the workers: look at them when those have done
	// what they were told and ended.
	eventually(t, "the workers", s.group.Idle)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := s.group.Flows(); n != 0 {
		t.Errorf("the workers hold %d flows", n)
	}
}

func TestICERestart(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	anna, viewer := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	startPump(t, anna, "anna")
	video := viewer.answer.video[0]
	viewer.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	viewer.wait("pictures", func() bool { return len(viewer.rtp[video]) > 10 })
	before := viewer.session.media().Path().Selected()
	old := viewer.answer.ufrag
	viewer.restart()
	if viewer.answer.ufrag == old {
		t.Error("the answer to a restart has the old fragment")
	}
	viewer.events.wait(t, "connected again", func() bool { return viewer.events.connected == 2 })
	if viewer.session.media().Path().Selected() == before {
		t.Error("the old pair is still selected")
	}
	n := len(viewer.received(video))
	viewer.wait("pictures on the new pair", func() bool { return len(viewer.rtp[video]) > n+10 })
	packets := viewer.received(video) // the peer itself drops some meanwhile
	for i := 1; i < len(packets); i++ {
		if d := int16(packets[i].SequenceNumber - packets[i-1].SequenceNumber); d <= 0 {
			t.Errorf("packet %d: number moved by %d", i, d)
		}
	}
	if s.group.Paths().Registered() != 2 {
		t.Error("the old fragment still works")
	}
}

// restart does what a browser does on an ICE restart.
func (p *peer) restart() {
	p.t.Helper()
	p.must(p.agent.Restart("", ""))
	ufrag, pwd, err := p.agent.GetLocalUserCredentials()
	p.must(err)
	p.spec.ufrag, p.spec.pwd = ufrag, pwd
	text, err := p.session.Offer(p.t.Context(), p.spec.offer())
	p.must(err)
	p.answer = parseAnswer(p.t, text.SDP)
	p.must(p.agent.OnCandidate(func(ice.Candidate) {}))
	p.must(p.agent.GatherCandidates())
	p.must(p.agent.SetRemoteCredentials(p.answer.ufrag, p.answer.pwd))
	p.addCandidates()
}

func TestMoreSeatsByASecondOffer(t *testing.T) {
	s := listen(t, Config{})
	anna, viewer := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	startPump(t, anna, "anna")
	first := viewer.answer
	viewer.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	viewer.spec.seats = 3
	text, err := viewer.session.Offer(t.Context(), viewer.spec.offer())
	if err != nil {
		t.Fatal(err)
	}
	viewer.answer = parseAnswer(t, text.SDP)
	if viewer.answer.video[0] != first.video[0] || viewer.answer.ufrag != first.ufrag {
		t.Error("what was negotiated before has changed")
	}
	viewer.session.Place(2, Placement{From: anna.session, Source: Camera, Video: true})
	for _, seat := range []int{0, 2} {
		ssrc := viewer.answer.video[seat]
		viewer.wait("pictures", func() bool { return len(viewer.rtp[ssrc]) > 10 })
	}
	other := viewer.spec
	other.fingerprint = "sha-256 " + fingerprintText
	if _, err := viewer.session.Offer(t.Context(), other.offer()); err == nil {
		t.Error("an offer by another DTLS identity was taken")
	}
}

func TestSilentSessionFails(t *testing.T) {
	s := listen(t, Config{Timeout: 500 * time.Millisecond})
	p := newPeer(t, s, peerOptions{})
	p.events.wait(t, "failure", func() bool { return len(p.events.failed) == 1 })
	if p.events.failed[0] != ErrTimeout {
		t.Errorf("failed with %v", p.events.failed[0])
	}
}

func TestSpeaking(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{})
	say := func(level byte, n int, from uint16) {
		for i := range uint16(n) {
			packet := rtctest.Opus(from+i, "word")
			if err := packet.SetExtension(rtctest.ExtAudioLevel, []byte{0x80 | level}); err != nil {
				t.Fatal(err)
			}
			p.send(packet)
			time.Sleep(10 * time.Millisecond)
		}
	}
	say(20, 30, 0)
	p.events.wait(t, "speaking", func() bool { return len(p.events.speaking) > 0 && p.events.speaking[0] })
	say(127, 150, 30)
	p.events.wait(t, "silence", func() bool { return !p.events.speaking[len(p.events.speaking)-1] })
}
