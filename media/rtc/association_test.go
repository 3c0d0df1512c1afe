package rtc

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"

	"parley/media"
	"parley/media/rtc/path"
)

// again makes the peer begin anew, with another socket and another DTLS
// association but the same ICE credentials, as browsers do when the section is
// stopped whose transport the others share.
func (p *peer) again(cert tls.Certificate) error {
	p.t.Helper()
	former, read := p.agent, p.done
	agent, err := ice.NewAgentWithOptions(
		ice.WithLocalCredentials(p.spec.ufrag, p.spec.pwd),
		ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}), ice.WithIncludeLoopback(),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithDisableActiveTCP(),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithInterfaceFilter(func(name string) bool { return name == "lo" }),
		ice.WithIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }),
		ice.WithHostAcceptanceMinWait(0), ice.WithCheckInterval(20*time.Millisecond),
		ice.WithLoggerFactory(silentLogs))
	p.must(err)
	p.must(agent.OnCandidate(func(ice.Candidate) {}))
	p.must(agent.GatherCandidates())
	p.mu.Lock()
	p.in, p.former = nil, true
	p.mu.Unlock()
	p.pipe.mute()
	_ = p.dtls.Close()
	_ = p.pipe.Close()
	p.must(former.Close())
	<-read
	p.agent, p.done, p.pipe = agent, make(chan struct{}), newDTLSPipe(p)
	p.addCandidates()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p.conn, err = agent.Dial(ctx, p.answer.ufrag, p.answer.pwd)
	p.must(err)
	go p.readLoop()
	p.dtls, err = dtls.ClientWithOptions(p.pipe, p.conn.RemoteAddr(),
		dtls.WithCertificates(cert), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(srtpProfiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret), dtls.WithLoggerFactory(silentLogs),
		dtls.WithFlightInterval(100*time.Millisecond))
	p.must(err)
	shake, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := p.dtls.HandshakeContext(shake); err != nil {
		return err
	}
	return p.makeContexts()
}

// TestAssociationBegunAnew: who begins anew by another address is heard and sent
// to again, under the keys of the new association, and nothing else has changed.
func TestAssociationBegunAnew(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	anna, bert := join(t, s, peerOptions{seats: 1}), join(t, s, peerOptions{seats: 1})
	anna.session.Place(0, Placement{From: bert.session, Source: Camera, Video: true})
	bert.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	startPump(t, bert, "bert")
	both := func() {
		t.Helper()
		pump := startPump(t, anna, "anna")
		for _, to := range []*peer{anna, bert} {
			n := len(to.received(to.answer.video[0]))
			to.wait("pictures", func() bool { return len(to.rtp[to.answer.video[0]]) > n+10 })
		}
		pump.end()
	}
	both()
	for range 2 {
		keys := anna.session.keys.Load()
		if err := anna.again(anna.cert); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the new keys", func() bool { return anna.session.keys.Load() != keys && shaken(anna.session) })
		time.Sleep(50 * time.Millisecond) // what was under way has arrived
		anna.mu.Lock()
		anna.former = false
		anna.mu.Unlock()
		both()
	}
	if len(anna.events.failed) != 0 || anna.events.connected != 1 {
		t.Errorf("failed with %v, connected %d times", anna.events.failed, anna.events.connected)
	}
}

// TestAssociationOfAnother: who has not the certificate that was announced gets
// no keys by beginning anew, and ends nothing.
func TestAssociationOfAnother(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	anna := join(t, s, peerOptions{})
	keys := anna.session.keys.Load()
	other, err := selfsign.GenerateSelfSigned()
	anna.must(err)
	if err := anna.again(other); err == nil && anna.session.keys.Load() != keys {
		t.Fatal("it has keys")
	}
	if anna.session.keys.Load() != keys || !anna.session.running() {
		t.Error("the session has lost its keys")
	}
}

// TestRepeatedHelloBeginsNothing: the ClientHello of the handshake that is over,
// sent again by whoever captured it, is dropped.
func TestRepeatedHelloBeginsNothing(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	p := newPeer(t, s, peerOptions{})
	var hello []byte
	p.pipe.sent = func(pkt []byte) {
		if pkt[0] == recordHandshake && pkt[13] == 1 {
			hello = append([]byte(nil), pkt...)
		}
	}
	if err := p.connect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the handshake to be freed", func() bool { return shaken(p.session) })
	drops := s.Figures().Drops[path.DropDTLS.String()]
	for range 10 {
		p.sendRaw(hello)
	}
	waitDrops(t, s, path.DropDTLS, drops+10)
	if !shaken(p.session) {
		t.Error("it began another handshake")
	}
}

// TestRollOverStartsAnewWithKeys: the receiver of new keys counts roll-overs from
// 0, however far the numbers are, and what it asks for again opens, too.
func TestRollOverStartsAnewWithKeys(t *testing.T) {
	r := newRig(t, 1, Config{})
	peer := newSubscriber(t, r)
	const packets = 8
	for r.to[0].seat(0).video.tx == nil || r.to[0].seat(0).video.tx.packets < 100_000 {
		r.frame(packets, 20, r.frames == 0)
		r.turn(packets)
	}
	tx := peer.stream.tx
	if tx.base != 0 {
		t.Fatalf("the numbers are taken for %d more", tx.base)
	}
	r.seen(newOpener(t, masterKey(9))) // empties the sink; some were lost there
	tx.repairs += 1 << 16              // as after so many
	k := &path.Keys{Opener: r.to[0].keys.Load().Opener}
	var err error
	k.Sealer, err = media.NewSealer(masterKey(20))
	r.must(err)
	r.to[0].keys.Store(k)
	opener := newOpener(t, masterKey(20))
	for range 20 {
		r.frame(packets, 20, false)
		r.turn(packets)
		if numbers, _ := r.seen(opener); len(numbers) != packets || numbers[0] > 1<<17 {
			t.Fatalf("%v opened of %d packets", numbers, packets)
		}
	}
	peer.nack()
	if again, _ := r.seen(opener); len(again) != len(peer.seqs) || again[0] > 1<<16 {
		t.Errorf("repairs %v opened", again)
	}
}

func newOpener(t *testing.T, k media.MasterKey) *media.Opener {
	t.Helper()
	o, err := media.NewOpener(k, 4)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
