package rtc

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"parley/media/netem"
	"parley/media/rtc/path"
)

// bind sends a binding request in the name of the rig's publisher, answers the
// check that comes back and returns the response.
func (r *rig) bind(t *testing.T, c *path.Credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	return r.prove(t, r.client, c, setters...)
}

// prove does the same from any socket.
func (r *rig) prove(t *testing.T, conn *net.UDPConn, c *path.Credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	m := r.ask(t, conn, c, request(t, c, setters...))
	if m.check != nil {
		r.answer(t, conn, c, m.check)
	}
	return m.response
}

// request is a binding request with the peer's credentials.
func request(t *testing.T, c *path.Credentials, setters ...stun.Setter) []byte {
	t.Helper()
	return bindingRequest(t, c.Ufrag+":"+c.RemoteUfrag, c.Pwd, setters...)
}

// exchange is what a binding request brought: a response, and a check before it.
type exchange struct{ check, response *stun.Message }

// ask sends a binding request from conn and reads what comes of it.
func (r *rig) ask(t *testing.T, conn *net.UDPConn, c *path.Credentials, request []byte) (e exchange) {
	t.Helper()
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	for e.response == nil {
		m := &stun.Message{Raw: readAnswer(t, conn)}
		if err := m.Decode(); err != nil {
			t.Fatal(err)
		}
		pwd := c.Pwd
		if m.Type == stun.BindingRequest {
			e.check, pwd = m, c.RemotePwd
		} else {
			e.response = m
		}
		if err := stun.NewShortTermIntegrity(pwd).Check(m); err != nil {
			t.Error(err)
		}
	}
	return e
}

// answer answers a check of the server's from conn.
func (r *rig) answer(t *testing.T, conn *net.UDPConn, c *path.Credentials, check *stun.Message) {
	t.Helper()
	if _, err := conn.Write(checkAnswer(t, check, c.RemotePwd)); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
}

func checkAnswer(t *testing.T, check *stun.Message, pwd string) []byte {
	t.Helper()
	m, err := stun.Build(stun.NewTransactionIDSetter(check.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: net.IPv4(127, 0, 0, 1), Port: 9}, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// nominate makes a request nominate its address.
var nominate = stun.RawAttribute{Type: stun.AttrUseCandidate}

func readAnswer(t *testing.T, c *net.UDPConn) []byte {
	t.Helper()
	buf := make([]byte, 1500)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// TestRestartOverTheSameAddresses: an ICE restart may end with the pair that
// was selected before. The engine is told all the same, once.
func TestRestartOverTheSameAddresses(t *testing.T) {
	r := newRig(t, 0, Config{})
	r.bind(t, r.from.path.Credentials(), nominate)
	before := r.from.path.Selected()
	r.server.runJob(<-r.server.jobs) // it is another flow than the rig's
	spec := offerSpec{ufrag: "efgh", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 " + fingerprintText}
	if _, err := r.from.Offer(t.Context(), spec.offer()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.bind(t, r.from.path.Credentials(), nominate)
	}
	if r.from.path.Selected() != before {
		t.Error("another flow is selected")
	}
	if n := len(r.server.jobs); n != 1 {
		t.Fatalf("%d jobs for control, want one", n)
	}
	r.server.runJob(<-r.server.jobs)
	if e := <-r.server.events.queue; e.kind != eventConnected {
		t.Errorf("event %+v", e)
	}
}

// TestKeyframesAtAnotherAddress: a viewer whose address changed missed more than
// repairs reach, so key frames are asked for what sits in its seats.
func TestKeyframesAtAnotherAddress(t *testing.T) {
	r := newRig(t, 1, Config{})
	r.frame(1, 100, true)
	r.turn(1)
	gate := &r.from.track(Camera).layers[0].gate
	gate.arrived()
	viewer := r.to[0]
	viewer.path.Selected().Touch(r.server.clock.now().Add(-time.Hour))
	r.prove(t, stranger(t, r.w.sock.LocalAddr()), viewer.path.Credentials(), nominate)
	r.server.runJob(<-r.server.jobs)
	before := gate.newest
	r.w.loop.in.Reset()
	r.w.handleLoop()
	if gate.newest == before && !gate.wanted {
		t.Error("no key frame is asked for")
	}
}

// TestMediaFromAnotherAddress: a peer whose NAT gave it another address does not
// nominate again. It is followed when media comes from where it has proven to be
// and the selected address is silent, not before.
func TestMediaFromAnotherAddress(t *testing.T) {
	r := newRig(t, 1, Config{})
	from, moved := r.from, stranger(t, r.w.sock.LocalAddr())
	r.prove(t, moved, from.path.Credentials())
	send := func() *path.Flow {
		r.client, moved = moved, r.client
		r.frame(1, 100, true)
		r.turn(1)
		r.client, moved = moved, r.client
		return from.path.Selected()
	}
	before := from.path.Selected()
	before.Touch(r.server.clock.now())
	if got := send(); got != before {
		t.Fatal("followed while the selected address is heard")
	}
	before.Touch(r.server.clock.now().Add(-2 * time.Second))
	if got := send(); got == before || int(got.Addr.AddrPort().Port()) != moved.LocalAddr().(*net.UDPAddr).Port {
		t.Error("not followed")
	}
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
