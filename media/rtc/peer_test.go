package rtc

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"parley/media/rtc/rtctest"
)

// peer is a test client made of pion's full ICE agent, DTLS client and SRTP
// contexts: nothing of it is our code.
type peer struct {
	t       testing.TB
	session *Session
	agent   *ice.Agent
	conn    *ice.Conn
	pipe    *dtlsPipe
	dtls    *dtls.Conn
	spec    offerSpec
	cert    tls.Certificate
	answer  answer
	tcp     netip.AddrPort
	events  *recorder

	// mu guards the contexts and what was received.
	mu      sync.Mutex
	in, out *srtp.Context
	former  bool                     // packets under former keys may come still
	rtp     map[uint32][]*rtp.Packet // by SSRC, in order of arrival
	rtcp    []rtcp.Packet
	changed *sync.Cond
	done    chan struct{}
	extra   dtls.ClientOption // of the handshake, last
	between func()            // called between ICE and DTLS, if set
	// pictures is how many wantPicture sent.
	pictures uint16
}

// peerOptions are how a peer differs from the usual one.
type peerOptions struct {
	seats    int
	rids     []string
	profiles []dtls.SRTPProtectionProfile
	noRTX    bool
	noLevel  bool              // no audio levels of the microphone
	only     map[string]string // see offerSpec
	h264     string
	passive  bool // it wants us to be the DTLS client
	// descriptors: see offerSpec.
	descriptors bool
	rsa         bool // its certificate has an RSA key
	// change makes its offer another one.
	change func(*Offer)
	// badFingerprint offers the fingerprint of another certificate.
	badFingerprint bool
	// via maps the server's candidate to the address to use instead.
	via func(netip.AddrPort) netip.AddrPort
	// tcp is where it can only go by TCP, if valid.
	tcp netip.AddrPort
}

// fingerprintText is a fingerprint that no certificate has.
var fingerprintText = strings.Repeat("AA:", 31) + "AA"

// srtpProfiles are all that the server takes, in its order.
var srtpProfiles = []dtls.SRTPProtectionProfile{
	dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

// silentLogs keep pion quiet.
var silentLogs = &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}

// join makes a peer, opens its session and connects.
func join(t testing.TB, s *Server, o peerOptions) *peer {
	t.Helper()
	p := newPeer(t, s, o)
	if err := p.connect(); err != nil {
		t.Fatalf("connect: %v", err)
	}
	p.events.wait(t, "the engine to be told", func() bool { return p.events.connected == 1 })
	return p
}

// newPeer makes a peer and opens its session; it sends nothing yet.
func newPeer(t testing.TB, s *Server, o peerOptions) *peer {
	t.Helper()
	if o.profiles == nil {
		o.profiles = srtpProfiles
	}
	p := &peer{t: t, rtp: make(map[uint32][]*rtp.Packet), done: make(chan struct{}), events: newRecorder()}
	p.changed = sync.NewCond(&p.mu)
	p.pipe = newDTLSPipe(p)
	cert, err := selfsign.GenerateSelfSigned()
	if o.rsa {
		var key *rsa.PrivateKey
		key, err = rsa.GenerateKey(rand.Reader, 2048)
		p.must(err)
		cert, err = selfsign.SelfSign(key)
	}
	p.must(err)
	p.cert = cert
	transport := []ice.AgentOption{ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}), ice.WithDisableActiveTCP()}
	if p.tcp = o.tcp; p.tcp.IsValid() {
		transport = []ice.AgentOption{ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeTCP4})}
	}
	p.agent, err = ice.NewAgentWithOptions(append(transport,
		ice.WithIncludeLoopback(), ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithInterfaceFilter(func(name string) bool { return name == "lo" }),
		ice.WithIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }),
		ice.WithHostAcceptanceMinWait(0), ice.WithCheckInterval(20*time.Millisecond),
		ice.WithKeepaliveInterval(100*time.Millisecond),
		ice.WithLoggerFactory(silentLogs))...)
	p.must(err)
	t.Cleanup(p.close)
	p.must(p.agent.OnCandidate(func(ice.Candidate) {}))
	ufrag, pwd, err := p.agent.GetLocalUserCredentials()
	p.must(err)
	p.spec = offerSpec{ufrag: ufrag, pwd: pwd, seats: o.seats, rids: o.rids, noRTX: o.noRTX, noLevel: o.noLevel, only: o.only, h264: o.h264, descriptors: o.descriptors, fingerprint: fingerprintOf(p.cert)}
	if o.passive {
		p.spec.setup = "passive"
	}
	if o.badFingerprint {
		other, err := selfsign.GenerateSelfSigned()
		p.must(err)
		p.spec.fingerprint = fingerprintOf(other)
	}
	offer := p.spec.offer()
	if o.change != nil {
		o.change(&offer)
	}
	session, text, err := s.Open(context.Background(), "peer", offer, p.events)
	p.must(err)
	p.session = session
	p.answer = parseAnswer(t, text.SDP)
	if o.via != nil {
		for i := range p.answer.candidates {
			p.answer.candidates[i] = o.via(p.answer.candidates[i])
		}
	}
	p.profiles(o.profiles)
	return p
}

func (p *peer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func fingerprintOf(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	var pairs []string
	for _, b := range sum {
		pairs = append(pairs, strings.ToUpper(hex.EncodeToString([]byte{b})))
	}
	return "sha-256 " + strings.Join(pairs, ":")
}

var peerProfiles sync.Map // *peer → []dtls.SRTPProtectionProfile

func (p *peer) profiles(list []dtls.SRTPProtectionProfile) { peerProfiles.Store(p, list) }

// connect runs ICE and DTLS.
func (p *peer) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), rtctest.Patience)
	defer cancel()
	if err := p.agent.GatherCandidates(); err != nil {
		return err
	}
	p.addCandidates()
	conn, err := p.agent.Dial(ctx, p.answer.ufrag, p.answer.pwd)
	if err != nil {
		return fmt.Errorf("ice: %w", err)
	}
	p.conn = conn
	go p.readLoop()
	if p.between != nil {
		p.between()
	}
	d, err := p.openDTLS(conn.RemoteAddr())
	if err != nil {
		return err
	}
	p.dtls = d
	if err := d.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("dtls: %w", err)
	}
	return p.makeContexts()
}

// openDTLS makes pion's end of the handshake.
func (p *peer) openDTLS(to net.Addr) (*dtls.Conn, error) {
	list, _ := peerProfiles.LoadAndDelete(p)
	profiles := dtls.WithSRTPProtectionProfiles(list.([]dtls.SRTPProtectionProfile)...)
	ems := dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret)
	if p.spec.setup == "passive" {
		return dtls.ServerWithOptions(p.pipe, to, dtls.WithCertificates(p.cert), profiles, ems,
			dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithLoggerFactory(silentLogs), dtls.WithFlightInterval(100*time.Millisecond))
	}
	options := []dtls.ClientOption{
		dtls.WithCertificates(p.cert), dtls.WithInsecureSkipVerify(true), profiles, ems,
		dtls.WithLoggerFactory(silentLogs), dtls.WithFlightInterval(100 * time.Millisecond),
	}
	if p.extra != nil {
		options = append(options, p.extra)
	}
	return dtls.ClientWithOptions(p.pipe, to, options...)
}

func (p *peer) addCandidates() {
	if p.tcp.IsValid() {
		remote, err := ice.NewCandidateHost(&ice.CandidateHostConfig{
			Network: "tcp4", TCPType: ice.TCPTypePassive, Address: p.tcp.Addr().String(), Port: int(p.tcp.Port()), Component: 1,
		})
		p.must(err)
		p.must(p.agent.AddRemoteCandidate(remote))
		return
	}
	for _, c := range p.answer.candidates {
		remote, err := ice.NewCandidateHost(&ice.CandidateHostConfig{
			Network: "udp4", Address: c.Addr().String(), Port: int(c.Port()), Component: 1,
		})
		p.must(err)
		p.must(p.agent.AddRemoteCandidate(remote))
	}
}

func (p *peer) makeContexts() error {
	state, ok := p.dtls.ConnectionState()
	if !ok {
		return fmt.Errorf("no dtls state")
	}
	profile, _ := p.dtls.SelectedSRTPProtectionProfile()
	c := srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err := c.ExtractSessionKeysFromDTLS(&state, p.spec.setup != "passive"); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.out, err = srtp.CreateContext(c.Keys.LocalMasterKey, c.Keys.LocalMasterSalt, c.Profile); err != nil {
		return err
	}
	p.in, err = srtp.CreateContext(c.Keys.RemoteMasterKey, c.Keys.RemoteMasterSalt, c.Profile,
		srtp.SRTPReplayProtection(256), srtp.SRTCPReplayProtection(256))
	return err
}

// readLoop sorts what comes from the server.
func (p *peer) readLoop() {
	defer close(p.done)
	buf := make([]byte, 2048)
	for {
		n, err := p.conn.Read(buf)
		if err != nil {
			return
		}
		pkt := append([]byte(nil), buf[:n]...)
		switch {
		case pkt[0] >= 20 && pkt[0] <= 63:
			p.pipe.push(pkt)
		case pkt[0] >= 128 && pkt[0] <= 191:
			p.receive(pkt)
		}
	}
}

// receive opens a media packet. A packet that does not open, or that repeats
// an index, fails the test: the server must never send one.
func (p *peer) receive(pkt []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in == nil {
		return
	}
	defer p.changed.Broadcast()
	if pkt[1] >= 192 && pkt[1] <= 223 {
		plain, err := p.in.DecryptRTCP(nil, pkt, nil)
		if err != nil && p.former {
			return
		}
		if err != nil {
			p.t.Errorf("received srtcp: %v", err)
			return
		}
		list, err := rtcp.Unmarshal(plain)
		if err != nil {
			p.t.Errorf("received rtcp: %v: %x", err, plain)
		}
		p.rtcp = append(p.rtcp, list...)
		return
	}
	plain, err := p.in.DecryptRTP(nil, pkt, nil)
	if err != nil && p.former {
		return
	}
	if err != nil {
		p.t.Errorf("received srtp: %v", err)
		return
	}
	packet := &rtp.Packet{}
	if err := packet.Unmarshal(plain); err != nil {
		p.t.Errorf("received rtp: %v", err)
		return
	}
	p.rtp[packet.SSRC] = append(p.rtp[packet.SSRC], packet)
}

// send seals and sends a media packet.
func (p *peer) send(packet *rtp.Packet) {
	p.t.Helper()
	raw, err := packet.Marshal()
	p.must(err)
	p.sendRaw(p.sealRTP(raw))
}

func (p *peer) sealRTP(raw []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	sealed, err := p.out.EncryptRTP(nil, raw, nil)
	p.must(err)
	return sealed
}

func (p *peer) sendRTCP(packets ...rtcp.Packet) {
	p.t.Helper()
	raw, err := rtcp.Marshal(packets)
	p.must(err)
	p.mu.Lock()
	sealed, err := p.out.EncryptRTCP(nil, raw, nil)
	p.mu.Unlock()
	p.must(err)
	p.sendRaw(sealed)
}

func (p *peer) sendRaw(b []byte) {
	_, _ = p.conn.Write(b)
}

// wait blocks until ok, called with the lock held, is true.
func (p *peer) wait(what string, ok func() bool) {
	p.t.Helper()
	if !p.waitFor(rtctest.Patience, ok) {
		p.t.Fatalf("waited too long for %s", what)
	}
}

func (p *peer) waitFor(d time.Duration, ok func() bool) bool {
	expired := time.Now().Add(d)
	timer := time.AfterFunc(d, p.changed.Broadcast)
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !ok() {
		if time.Now().After(expired) {
			return false
		}
		p.changed.Wait()
	}
	return true
}

// received returns a copy of what came on an SSRC so far.
func (p *peer) received(ssrc uint32) []*rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*rtp.Packet(nil), p.rtp[ssrc]...)
}

func (p *peer) close() {
	peerProfiles.Delete(p)
	if p.session != nil {
		p.session.Close()
	}
	if p.dtls != nil {
		p.pipe.mute()
		_ = p.dtls.Close()
	}
	_ = p.agent.Close()
	p.pipe.Close()
	if p.conn != nil {
		<-p.done
	}
}

// answer is what a peer needs from the server's answer.
type answer struct {
	text       string
	ufrag, pwd string
	candidates []netip.AddrPort
	// audio, video and repair are the SSRCs of the seats.
	audio, video, repair []uint32
}

func parseAnswer(t testing.TB, text string) answer {
	t.Helper()
	a := answer{text: text}
	for _, section := range strings.Split(text, "\r\nm=")[1:] {
		var fid []string
		var ssrcs []uint32
		for _, line := range strings.Split(section, "\r\n") {
			key, value, _ := strings.Cut(line, ":")
			f := strings.Fields(value)
			switch key {
			case "a=ice-ufrag":
				a.ufrag = value
			case "a=ice-pwd":
				a.pwd = value
			case "a=candidate":
				port, _ := strconv.Atoi(f[5])
				a.candidates = append(a.candidates, netip.AddrPortFrom(netip.MustParseAddr(f[4]), uint16(port)))
			case "a=ssrc-group":
				fid = f
			case "a=ssrc":
				n, _ := strconv.ParseUint(f[0], 10, 32)
				ssrcs = append(ssrcs, uint32(n))
			}
		}
		switch {
		case len(ssrcs) == 0:
		case strings.HasPrefix(section, "audio"):
			a.audio = append(a.audio, ssrcs[0])
		default:
			a.video = append(a.video, ssrcs[0])
			if fid != nil {
				a.repair = append(a.repair, ssrcs[1])
			}
		}
	}
	if a.ufrag == "" || len(a.candidates) == 0 {
		t.Fatalf("answer without credentials or candidates:\n%s", text)
	}
	return a
}
