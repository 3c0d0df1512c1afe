package rtc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
)

// waitDrops blocks until a server has counted n drops for a reason.
func waitDrops(t *testing.T, s *Server, d fmt.Stringer, n uint64) {
	t.Helper()
	var got uint64
	for end := time.Now().Add(rtctest.Patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if got = s.Figures().Drops[d.String()]; got >= n {
			return
		}
	}
	t.Fatalf("%d drops for %s, want %d: %v", got, d, n, s.Figures().Drops)
}

// sendAllDropped sends n datagrams and waits until each was dropped for d. The
// kernel may lose some of them while other tests flood its loopback device; those
// are sent again.
func sendAllDropped(t *testing.T, s *Server, c *net.UDPConn, d fmt.Stringer, n uint64, datagram func() []byte) {
	t.Helper()
	before, sent, got := s.Figures().Drops[d.String()], uint64(0), uint64(0)
	for got < n {
		for range n - got {
			if _, err := c.Write(datagram()); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		for end := time.Now().Add(rtctest.Patience / 4); got < n && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			got = s.Figures().Drops[d.String()] - before
		}
		if got > sent || sent > 2*n {
			t.Fatalf("%d drops for %s of %d sent: %v", got, d, sent, s.Figures().Drops)
		}
	}
}

// TestStrangers sends what an off-path attacker could, knowing everything but
// the password. Every datagram is counted once and none is answered.
func TestStrangers(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	selected := from.session.media().Path().Selected()
	c := rtctest.Stranger(t, s.Candidates()[0])
	user := from.answer.ufrag + ":" + from.spec.ufrag
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(first byte, n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		b[0] = first
		return b
	}
	cases := []struct {
		name string
		drop fmt.Stringer
		make func() []byte
	}{
		{"too short", dropMalformed, func() []byte { return []byte{128, 2, 3} }},
		{"no protocol of ours", dropMalformed, func() []byte { return random(200, 100) }},
		{"empty", dropMalformed, func() []byte { return []byte{} }},
		{"SRTP", path.DropUnknownFlow, func() []byte { return random(0x80, 200) }},
		{"ClientHello", path.DropUnknownFlow, func() []byte { return random(22, 200) }},
		{"STUN that is none", path.DropSTUN, func() []byte { return random(0, 100) }},
		{"STUN of another kind", path.DropSTUN, func() []byte {
			m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest))
			return m.Raw
		}},
		{"unknown user", path.DropUnknownUfrag, func() []byte { return rtctest.BindingRequest(t, "nobody:abcd", from.answer.pwd) }},
		{"no user", path.DropUnknownUfrag, func() []byte { return stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw }},
		{"wrong peer", path.DropUnknownUfrag, func() []byte { return rtctest.BindingRequest(t, from.answer.ufrag+":other", from.answer.pwd) }},
		{"wrong password", path.DropIntegrity, func() []byte {
			return rtctest.BindingRequest(t, user, "guessguessguessguess", stun.RawAttribute{Type: stun.AttrUseCandidate})
		}},
		{"no integrity", path.DropIntegrity, func() []byte {
			m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername(user), stun.RawAttribute{Type: stun.AttrUseCandidate})
			return m.Raw
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			sendAllDropped(t, s, c, tc.drop, 100, tc.make)
			rtctest.WantSilence(t, c)
		})
	}
	if from.session.media().Path().Selected() != selected {
		t.Error("a stranger moved the session's address")
	}
	wantPicture(t, from, to, 0)
}

// wantPicture sends a key frame and fails if it does not arrive.
func wantPicture(t *testing.T, from, to *peer, seat int) {
	t.Helper()
	ssrc := to.answer.video[seat]
	before := len(to.received(ssrc))
	from.pictures++
	from.send(rtctest.VP8(20000+from.pictures, true, "still there"))
	to.wait("a picture", func() bool { return len(to.rtp[ssrc]) > before })
}

func TestWrongFingerprint(t *testing.T) {
	s := listen(t, Config{handshakeTime: time.Second})
	p := newPeer(t, s, peerOptions{badFingerprint: true})
	err := p.connect()
	p.events.wait(t, "failure", func() bool { return len(p.events.failed) == 1 })
	if got := p.events.failed[0]; !errors.Is(got, ErrHandshake) || !errors.Is(got, ErrFingerprint) {
		t.Errorf("session failed with %v", got)
	}
	if err == nil && p.session.media().State().Keys != nil {
		t.Error("the session has keys")
	}
	if p.events.connected != 0 {
		t.Error("the engine was told that it is connected")
	}
}

func TestReplayAndForgery(t *testing.T) {
	s := listen(t, Config{})
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	raw, err := rtctest.VP8(1, true, "once").Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed := from.sealRTP(raw)
	for range 101 {
		from.sendRaw(sealed)
	}
	waitDrops(t, s, dropReplay, 100)
	forged := append([]byte(nil), sealed...)
	for i := range 200 {
		forged[3] = byte(10 + i) // another sequence number, the old tag
		from.sendRaw(forged)
	}
	waitDrops(t, s, dropAuth, 200)
	if got := len(to.received(to.answer.video[0])); got != 1 {
		t.Errorf("%d packets arrived, want 1", got)
	}
	if len(from.events.failed) != 0 {
		t.Errorf("session failed: %v", from.events.failed)
	}
	wantPicture(t, from, to, 0)
}

func TestUnknownSSRCFlood(t *testing.T) {
	s := listen(t, Config{})
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, to, 0)
	const n = 500
	for i := range uint32(n) {
		p := rtctest.VP8(uint16(i), true, "whose?")
		p.SSRC = 70000 + i
		from.send(p)
	}
	for end := time.Now().Add(rtctest.Patience); ; time.Sleep(2 * time.Millisecond) {
		drops := s.Figures().Drops
		if drops[dropStream.String()]+drops[dropSSRCs.String()] == n {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("drops %v, want %d", drops, n)
		}
	}
	wantPicture(t, from, to, 0)
}

func TestMalformedPayloadsFromAPeer(t *testing.T) {
	s := listen(t, Config{})
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range uint16(600) {
		body := make([]byte, rng.IntN(40))
		for j := range body {
			body[j] = byte(rng.Uint32())
		}
		pt := []uint8{rtctest.PTVP8, rtctest.PTH264, rtctest.PTVP9, rtctest.PTAV1, rtctest.PTVP8RTX, 127}[i%6]
		from.send(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SequenceNumber: i, SSRC: rtctest.SSRCCam}, Payload: body})
	}
	wantPicture(t, from, to, 0)
	if n := s.Figures().Drops[dropPanic.String()]; n != 0 {
		t.Errorf("%d panics", n)
	}
}

// plis counts the key frame requests that a peer got.
func (p *peer) plis() (n int) {
	for _, packet := range p.rtcp {
		if _, ok := packet.(*rtcp.PictureLossIndication); ok {
			n++
		}
	}
	return n
}

func TestKeyframeRequestFlood(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	from := join(t, s, peerOptions{})
	var viewers []*peer
	for range 3 {
		v := join(t, s, peerOptions{seats: 1})
		v.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
		viewers = append(viewers, v)
	}
	wantPicture(t, from, viewers[0], 0)
	start := time.Now()
	for time.Since(start) < time.Second {
		for _, v := range viewers {
			ssrc := v.answer.video[0]
			v.sendRTCP(&rtcp.PictureLossIndication{MediaSSRC: ssrc}, &rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: ssrc}}})
		}
		time.Sleep(time.Millisecond)
	}
	from.mu.Lock()
	n := from.plis()
	from.mu.Unlock()
	if n < 1 || n > 4 { // two a second, the first at once, and that of the start
		t.Errorf("%d key frame requests reached the publisher in a second", n)
	}
}

func TestRepairFlood(t *testing.T) {
	s := listen(t, Config{})
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	media, bytes := to.answer.video[0], 0
	for i := range uint16(100) {
		p := rtctest.VP8(i, i == 0, string(make([]byte, 1000)))
		bytes += len(p.Payload)
		from.send(p)
	}
	to.wait("pictures", func() bool { return len(to.rtp[media]) == 100 })
	first := to.received(media)[0].SequenceNumber
	var pairs []rtcp.NackPair
	for i := range uint16(6) {
		pairs = append(pairs, rtcp.NackPair{PacketID: first + 17*i, LostPackets: 0xffff})
	}
	for range 200 {
		to.sendRTCP(&rtcp.TransportLayerNack{MediaSSRC: media, Nacks: pairs})
		time.Sleep(time.Millisecond)
	}
	waitDrops(t, s, dropThrottled, 1)
	repairs := 0
	for _, p := range to.received(to.answer.repair[0]) {
		repairs += len(p.Payload)
	}
	if repairs == 0 || repairs > bytes+bytes/10 {
		t.Errorf("%d bytes of repairs for %d bytes of media", repairs, bytes)
	}
}

// TestAnswerToARoleConflict: we are always the controlled side.
func TestAnswerToARoleConflict(t *testing.T) {
	s := listen(t, Config{})
	p := join(t, s, peerOptions{})
	c := rtctest.Stranger(t, s.Candidates()[0])
	_, _ = c.Write(rtctest.BindingRequest(t, p.answer.ufrag+":"+p.spec.ufrag, p.answer.pwd,
		stun.RawAttribute{Type: stun.AttrICEControlled, Value: make([]byte, 8)}))
	buf := make([]byte, 500)
	_ = c.SetReadDeadline(time.Now().Add(rtctest.Patience))
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	m := &stun.Message{Raw: buf[:n]}
	var code stun.ErrorCodeAttribute
	if err := m.Decode(); err != nil || code.GetFrom(m) != nil || code.Code != stun.CodeRoleConflict {
		t.Errorf("answer %v, code %v", m, code.Code)
	}
	if err := stun.NewShortTermIntegrity(p.answer.pwd).Check(m); err != nil {
		t.Errorf("answer: %v", err)
	}
}

func TestBadOffers(t *testing.T) {
	s := listen(t, Config{})
	good := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", seats: 1, fingerprint: "sha-256 " + fingerprintText}
	for name, tc := range map[string]struct {
		change func(*Offer)
		code   string
	}{
		"not SDP":                             {func(o *Offer) { o.SDP = "hello" }, media.SDPBad},
		"no such section":                     {func(o *Offer) { o.Sources[Screen] = "nowhere" }, media.SDPMismatch},
		"wrong kind":                          {func(o *Offer) { o.Sources[Microphone], o.Sources[Camera] = "cam", "mic" }, media.SDPMismatch},
		"used twice":                          {func(o *Offer) { o.Seats = append(o.Seats, o.Seats[0]) }, media.SDPMismatch},
		"unknown source":                      {func(o *Offer) { o.Sources["telepathy"] = "mic" }, media.SDPMismatch},
		"a seat that sends, and nothing else": {func(o *Offer) { o.Seats, o.Sources = []SeatMIDs{{Audio: "mic"}}, nil }, media.SDPMismatch},
		"nothing has a use":                   {func(o *Offer) { o.Seats, o.Sources = nil, map[string]string{} }, media.SDPMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			o := good.offer()
			tc.change(&o)
			_, _, err := s.Open(t.Context(), "p", o, newRecorder())
			var sdp *media.SDPError
			if !errors.As(err, &sdp) || sdp.Code != tc.code {
				t.Errorf("got %v, want code %s", err, tc.code)
			}
		})
	}
	if f := s.Figures(); f.Sessions != 0 {
		t.Errorf("%d sessions left behind", f.Sessions)
	}
	if n := s.group.Paths().Registered(); n != 0 {
		t.Errorf("%d credentials left behind", n)
	}
}
