package client

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"

	"parley/bench/gcm"
	"parley/engine/wire"
)

// peer is a small meeting server made of pion parts, so that the clients meet
// somebody who was not written along with them. Every participant sees the
// one who joined before in seat 0.
type peer struct {
	t    *testing.T
	http *httptest.Server
	cert *Identity
	fail func(join *wire.Join) wire.Message // instead of joining

	mu       sync.Mutex // guards sessions and what they have received
	sessions []*peerSession
	left     chan string
	wg       sync.WaitGroup
}

type peerSession struct {
	peer     *peer
	id       string
	room     string
	ws       net.Conn
	udp      *net.UDPConn
	client   net.Addr
	dtls     chan []byte
	pwd      string
	in, out  *srtp.Context
	ready    chan struct{}
	seq      map[uint32]uint16 // next outgoing number by SSRC
	received map[uint8][]*rtp.Packet
	reports  []rtcp.Packet
}

// SSRCs of seat 0 as the peer answers them.
const (
	seatAudio = 5001
	seatVideo = 5002
	seatRTX   = 5003
	peerUfrag = "peerufrag"
	peerPwd   = "peerpasswordpeerpassword"
)

func newPeer(t *testing.T) *peer {
	cert, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, cert: cert, left: make(chan string, 16)}
	p.http = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() {
		p.http.CloseClientConnections()
		p.mu.Lock()
		for _, s := range p.sessions {
			s.ws.Close()
			if s.udp != nil {
				s.udp.Close()
			}
		}
		p.mu.Unlock()
		p.wg.Wait()
		p.http.Close()
	})
	return p
}

func (p *peer) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/v1/ws" {
		http.NotFound(w, r)
		return
	}
	up := ws.HTTPUpgrader{Protocol: func(s string) bool { return s == subprotocol }}
	conn, _, _, err := up.Upgrade(r, w)
	if err != nil {
		return
	}
	s := &peerSession{peer: p, ws: conn, dtls: make(chan []byte, 64), ready: make(chan struct{}),
		seq: make(map[uint32]uint16), received: make(map[uint8][]*rtp.Packet)}
	p.wg.Go(s.signal)
}

func (s *peerSession) send(m wire.Message) { s.ws.Write(wire.FrameOf(m).Bytes()) }

// signal serves one WebSocket.
func (s *peerSession) signal() {
	defer s.ws.Close()
	for {
		text, err := wsutil.ReadClientText(s.ws)
		if err != nil {
			return
		}
		req, perr := wire.ParseRequest(text)
		if perr != nil {
			s.peer.t.Errorf("the client sent %s: %v", text, perr)
			return
		}
		switch req := req.(type) {
		case *wire.Join:
			s.join(req)
		case *wire.Leave:
			s.send(wire.OKTo(req.ID))
			s.peer.left <- s.id
			return
		default:
			s.send(wire.OKTo(req.RequestID()))
		}
	}
}

func (s *peerSession) join(req *wire.Join) {
	p := s.peer
	if p.fail != nil {
		s.send(p.fail(req))
		return
	}
	p.mu.Lock()
	s.id, s.room = fmt.Sprintf("p-%d", len(p.sessions)+1), req.Room
	var before *peerSession
	for _, o := range p.sessions {
		if o.room == s.room {
			before = o
		}
	}
	p.sessions = append(p.sessions, s)
	p.mu.Unlock()
	joined := &wire.Joined{Head: wire.Head{ID: req.ID}, Participant: s.id, Room: req.Room}
	if req.Offer != "" {
		joined.Answer = s.answer(req)
	}
	if before != nil {
		s.send(&wire.Seated{Seat: 0, Participant: before.id, Source: wire.Camera, Video: true})
	}
	s.send(joined)
}

// answer opens the session's socket and answers the offer.
func (s *peerSession) answer(req *wire.Join) string {
	var err error
	if s.udp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		s.peer.t.Error(err)
		return ""
	}
	for line := range strings.Lines(req.Offer) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "a=ice-pwd:"); ok {
			s.pwd = v
		}
	}
	s.peer.wg.Go(s.media)
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n")
	section := func(kind, mid, dir string) {
		pts, maps := "111", "a=rtpmap:111 opus/48000/2\r\n"
		if kind == "video" {
			pts, maps = "96 97", "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
		}
		fmt.Fprintf(&b, "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\na=mid:%s\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\na=setup:passive\r\na=%s\r\n%s",
			kind, pts, mid, peerUfrag, peerPwd, s.peer.cert.fingerprint, dir, maps)
		fmt.Fprintf(&b, "a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host\r\n", s.udp.LocalAddr().(*net.UDPAddr).Port)
		fmt.Fprintf(&b, "a=extmap:4 %s\r\n", uriMID)
	}
	for _, source := range wire.Sources {
		kind := "audio"
		if source.Video() {
			kind = "video"
		}
		section(kind, req.Sources[source].MID, "recvonly")
	}
	for i, seat := range req.Seats {
		base := uint32(seatAudio + 10*i)
		section("audio", seat.Audio, "sendonly")
		fmt.Fprintf(&b, "a=ssrc:%d cname:x\r\n", base)
		section("video", seat.Video, "sendonly")
		fmt.Fprintf(&b, "a=ssrc-group:FID %d %d\r\na=ssrc:%d cname:x\r\na=ssrc:%d cname:x\r\n", base+1, base+2, base+1, base+2)
	}
	return b.String()
}

// media serves one UDP socket.
func (s *peerSession) media() {
	started := false
	buf := make([]byte, 2048)
	for {
		n, from, err := s.udp.ReadFrom(buf)
		if err != nil {
			close(s.dtls)
			return
		}
		pkt := append([]byte(nil), buf[:n]...)
		switch {
		case pkt[0] < 4:
			s.check(pkt, from)
		case pkt[0] >= 20 && pkt[0] <= 63:
			if !started {
				started = true
				s.client = from
				s.peer.wg.Go(s.handshake)
			}
			s.dtls <- pkt
		case pkt[1] >= 192 && pkt[1] <= 223:
			s.onRTCP(pkt)
		default:
			s.onRTP(pkt)
		}
	}
}

// check answers an ICE check, strictly.
func (s *peerSession) check(pkt []byte, from net.Addr) {
	m := &stun.Message{Raw: pkt}
	var username stun.Username
	if err := m.Decode(); err != nil || username.GetFrom(m) != nil || !strings.HasPrefix(string(username), peerUfrag+":") {
		s.peer.t.Errorf("check: %v, username %q", err, username)
		return
	}
	key := stun.NewShortTermIntegrity(peerPwd)
	if err := m.Check(stun.Fingerprint, key); err != nil {
		s.peer.t.Errorf("check: %v", err)
		return
	}
	for _, attr := range []stun.AttrType{stun.AttrPriority, stun.AttrUseCandidate, stun.AttrICEControlling} {
		if !m.Contains(attr) {
			s.peer.t.Errorf("check without %v", attr)
		}
	}
	addr := from.(*net.UDPAddr)
	reply := stun.MustBuild(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: addr.IP, Port: addr.Port}, key, stun.Fingerprint)
	s.udp.WriteTo(reply.Raw, from)
}

// handshake runs the DTLS server.
func (s *peerSession) handshake() {
	c, err := dtls.ServerWithOptions(&peerDTLS{PacketConn: s.udp, s: s}, s.client,
		dtls.WithCertificates(s.peer.cert.cert), dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM),
		dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true))
	if err == nil {
		err = c.HandshakeContext(context.Background())
	}
	if err != nil {
		return
	}
	state, _ := c.ConnectionState()
	material, err := state.ExportKeyingMaterial(gcm.Label, nil, gcm.MaterialLen)
	if err != nil {
		s.peer.t.Error(err)
		return
	}
	client, server, _ := gcm.FromDTLS(material)
	s.in, _ = srtp.CreateContext(client.Key[:], client.Salt[:], srtp.ProtectionProfileAeadAes128Gcm)
	s.out, _ = srtp.CreateContext(server.Key[:], server.Salt[:], srtp.ProtectionProfileAeadAes128Gcm)
	close(s.ready)
	go func() { // ends with the socket; pion wants its reads served
		buf := make([]byte, 100)
		for {
			if _, err := c.Read(buf); err != nil {
				c.Close()
				return
			}
		}
	}()
}

// peerDTLS shows a session's DTLS records to pion.
type peerDTLS struct {
	net.PacketConn
	s *peerSession
}

func (c *peerDTLS) ReadFrom(p []byte) (int, net.Addr, error) {
	pkt, ok := <-c.s.dtls
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(p, pkt), c.s.client, nil
}

func (c *peerDTLS) Close() error                       { return nil }
func (c *peerDTLS) SetReadDeadline(t time.Time) error  { return nil }
func (c *peerDTLS) SetDeadline(t time.Time) error      { return nil }
func (c *peerDTLS) SetWriteDeadline(t time.Time) error { return nil }

// onRTP keeps a packet and forwards it to the next participant's seat 0.
func (s *peerSession) onRTP(sealed []byte) {
	select {
	case <-s.ready:
	default:
		return
	}
	plain, err := s.in.DecryptRTP(nil, sealed, nil)
	pkt := new(rtp.Packet)
	if err == nil {
		err = pkt.Unmarshal(plain)
	}
	if err != nil {
		s.peer.t.Errorf("packet of the client: %v", err)
		return
	}
	s.peer.mu.Lock()
	defer s.peer.mu.Unlock()
	s.received[pkt.PayloadType] = append(s.received[pkt.PayloadType], pkt)
	for i, o := range s.peer.sessions {
		if i > 0 && s.peer.sessions[i-1] == s && o.room == s.room {
			o.forward(pkt)
		}
	}
}

func (s *peerSession) forward(in *rtp.Packet) {
	select {
	case <-s.ready:
	default:
		return
	}
	pkt := *in
	pkt.SSRC = seatAudio
	if in.PayloadType == ptVP8 {
		pkt.SSRC = seatVideo
	}
	pkt.SequenceNumber = s.seq[pkt.SSRC]
	s.seq[pkt.SSRC]++
	if pkt.SSRC == seatVideo && pkt.SequenceNumber%50 == 40 {
		return // lost on the way: the client has to ask for it
	}
	s.write(&pkt)
}

func (s *peerSession) write(pkt *rtp.Packet) {
	raw, err := pkt.Marshal()
	if err == nil {
		raw, err = s.out.EncryptRTP(nil, raw, nil)
	}
	if err != nil {
		s.peer.t.Error(err)
		return
	}
	s.udp.WriteTo(raw, s.client)
}

// onRTCP keeps what a client reports and answers NACKs.
func (s *peerSession) onRTCP(sealed []byte) {
	select {
	case <-s.ready:
	default:
		return
	}
	plain, err := s.in.DecryptRTCP(nil, sealed, nil)
	if err != nil {
		s.peer.t.Errorf("rtcp of the client: %v", err)
		return
	}
	pkts, err := rtcp.Unmarshal(plain)
	if err != nil {
		s.peer.t.Errorf("rtcp of the client: %v", err)
		return
	}
	s.peer.mu.Lock()
	defer s.peer.mu.Unlock()
	s.reports = append(s.reports, pkts...)
	for _, pkt := range pkts {
		if nack, ok := pkt.(*rtcp.TransportLayerNack); ok {
			for _, pair := range nack.Nacks {
				s.repair(pair.PacketID)
			}
		}
	}
}

// repair sends something on the RTX stream: what the client checks is the
// number in front.
func (s *peerSession) repair(seq uint16) {
	payload := binary.BigEndian.AppendUint16(nil, seq)
	s.write(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: ptRTX, SSRC: seatRTX, SequenceNumber: s.seq[seatRTX]},
		Payload: append(payload, make([]byte, 40)...)})
	s.seq[seatRTX]++
}

// ask sends the client a PLI and a NACK for its camera.
func (s *peerSession) ask(ssrc uint32, seq uint16) {
	s.peer.mu.Lock()
	defer s.peer.mu.Unlock()
	raw, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.PictureLossIndication{SenderSSRC: 9, MediaSSRC: ssrc},
		&rtcp.TransportLayerNack{SenderSSRC: 9, MediaSSRC: ssrc, Nacks: []rtcp.NackPair{{PacketID: seq}}},
	})
	if err == nil {
		raw, err = s.out.EncryptRTCP(nil, raw, nil)
	}
	if err != nil {
		s.peer.t.Error(err)
		return
	}
	s.udp.WriteTo(raw, s.client)
}
