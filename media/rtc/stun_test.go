package rtc

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"parley/media"
	"parley/media/netem"
	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
)

// assume opens a session whose peer is taken to be at an address, connected. No
// worker of s may run yet.
func assume(t *testing.T, s *Server, spec offerSpec, at netip.AddrPort) *Session {
	t.Helper()
	spec.pwd, spec.fingerprint = "abcdefghijklmnopqrstuvwx", "sha-256 "+fingerprintText
	sess, _, err := s.Open(t.Context(), "assumed", spec.offer(), newRecorder())
	if err != nil {
		t.Fatal(err)
	}
	k := &path.Keys{}
	if k.Sealer, err = media.NewSealer(rtctest.MasterKey(9)); err != nil {
		t.Fatal(err)
	}
	if k.Opener, err = media.NewOpener(rtctest.MasterKey(1), path.MaxStreams); err != nil {
		t.Fatal(err)
	}
	sess.ready.Store(true)
	sess.media().Assume(at, k, s.group.Now().Add(time.Hour)) // as long as the test may last
	return sess
}

// byHand is the peer of a session that does ICE by hand.
func byHand(s *Session) *rtctest.ICE {
	c := s.media().Path().Credentials()
	return &rtctest.ICE{Ufrag: c.Ufrag, Pwd: c.Pwd, RemoteUfrag: c.RemoteUfrag, RemotePwd: c.RemotePwd}
}

// TestRestartOverTheSameAddresses: an ICE restart may end with the pair that
// was selected before. The engine is told all the same, once.
func TestRestartOverTheSameAddresses(t *testing.T) {
	s, err := open(Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	conn := rtctest.Stranger(t, s.Candidates()[0])
	sess := assume(t, s, offerSpec{ufrag: "abcd"}, conn.LocalAddr().(*net.UDPAddr).AddrPort())
	assumed := sess.media().Path().Selected()
	s.run()
	selected := func() *path.Flow { return sess.media().Path().Selected() }
	byHand(sess).Prove(t, conn, rtctest.Nominate)
	eventually(t, "a flow of its own", func() bool { return selected() != assumed })
	before := selected()
	spec := offerSpec{ufrag: "efgh", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 " + fingerprintText}
	if _, err := sess.Offer(t.Context(), spec.offer()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		byHand(sess).Prove(t, conn, rtctest.Nominate)
	}
	told := sess.events.to.(*recorder)
	told.wait(t, "the restart", func() bool { return told.connected == 1 })
	if selected() != before {
		t.Error("another flow is selected")
	}
	if told.waitFor(50*time.Millisecond, func() bool { return told.connected > 1 }) {
		t.Errorf("told %d times", told.connected)
	}
}

// TestKeyframesAtAnotherAddress: a viewer whose address changed missed more than
// repairs reach, so key frames are asked for what sits in its seats.
func TestKeyframesAtAnotherAddress(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from := join(t, s, peerOptions{})
	viewer, proxy := through(t, s, peerOptions{seats: 1}, netem.Link{}, netem.Link{})
	viewer.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, viewer, 0)
	time.Sleep(50 * time.Millisecond) // what was asked for in the beginning has come
	from.mu.Lock()
	before := from.plis()
	from.mu.Unlock()
	at := viewer.session.media().Path().Selected()
	if err := proxy.Rebind(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other address", func() bool {
		viewer.sendRTCP(&rtcp.ReceiverReport{SSRC: 1})
		time.Sleep(20 * time.Millisecond)
		return viewer.session.media().Path().Selected() != at
	})
	from.wait("a request", func() bool { return from.plis() > before })
}

// TestProofUnderLoss: who loses a third of all that goes either way gets in.
func TestProofUnderLoss(t *testing.T) {
	s := listen(t, Config{})
	link := netem.Link{Loss: 0.3, Delay: 2 * time.Millisecond}
	proxy, err := netem.NewProxy(netem.Config{Server: s.Candidates()[0], Up: link, Down: link, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	p := newPeer(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return proxy.Addr() }})
	if err := p.connect(); err != nil {
		t.Fatal(err)
	}
	proxy.Set(netem.Link{}, netem.Link{})
	from := join(t, s, peerOptions{})
	p.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, p, 0)
}
