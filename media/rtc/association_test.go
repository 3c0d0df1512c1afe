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

	"parley/media/rtc/path"
	"parley/media/rtc/rtctest"
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
	ctx, cancel := context.WithTimeout(context.Background(), rtctest.Patience)
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
		keys := anna.session.media().State().Keys
		if err := anna.again(anna.cert); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the new keys", func() bool { return anna.session.media().State().Keys != keys && shaken(anna.session) })
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
	keys := anna.session.media().State().Keys
	other, err := selfsign.GenerateSelfSigned()
	anna.must(err)
	if err := anna.again(other); err == nil && anna.session.media().State().Keys != keys {
		t.Fatal("it has keys")
	}
	if anna.session.media().State().Keys != keys || !anna.session.media().Running() {
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
		if pkt[0] == rtctest.RecordHandshake && pkt[13] == 1 {
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
