package path

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// bind sends a binding request in the name of the rig's publisher, answers the
// check that comes back and returns the response.
func (r *rig) bind(t *testing.T, c *Credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	return r.prove(t, r.client, c, setters...)
}

// prove does the same from any socket.
func (r *rig) prove(t *testing.T, conn *net.UDPConn, c *Credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	m := r.ask(t, conn, c, request(t, c, setters...))
	if m.check != nil {
		r.answer(t, conn, c, m.check)
	}
	return m.response
}

// request is a binding request with the peer's credentials.
func request(t *testing.T, c *Credentials, setters ...stun.Setter) []byte {
	t.Helper()
	return bindingRequest(t, c.Ufrag+":"+c.RemoteUfrag, c.Pwd, setters...)
}

// exchange is what a binding request brought: a response, and a check before it.
type exchange struct{ check, response *stun.Message }

// ask sends a binding request from conn and reads what comes of it.
func (r *rig) ask(t *testing.T, conn *net.UDPConn, c *Credentials, request []byte) (e exchange) {
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
func (r *rig) answer(t *testing.T, conn *net.UDPConn, c *Credentials, check *stun.Message) {
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

func bindingRequest(t *testing.T, user, pwd string, setters ...stun.Setter) []byte {
	t.Helper()
	all := append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(user)}, setters...)
	all = append(all, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	m, err := stun.Build(all...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// stranger is a plain socket towards a server.
func stranger(t *testing.T, to netip.AddrPort) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// wantSilence fails if anything comes back to c.
func wantSilence(t *testing.T, c *net.UDPConn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	buf := make([]byte, 2048)
	if n, err := c.Read(buf); err == nil {
		t.Errorf("a stranger was sent %x", buf[:n])
	}
}

// TestUnknownAttributes: RFC 8489 §6.3.1. Attributes that one may ignore are
// ignored; no request that is refused nominates anything.
func TestUnknownAttributes(t *testing.T) {
	r := newRig(t, 0)
	before := r.from.ice.selected.Load()
	m := r.bind(t, r.from.ice.current, stun.RawAttribute{Type: 0x7abc, Value: []byte("what?")},
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.RawAttribute{Type: 0x7abd}, stun.RawAttribute{Type: 0xc057})
	var code stun.ErrorCodeAttribute
	var unknown stun.UnknownAttributes
	if err := m.Parse(&code, &unknown); err != nil {
		t.Fatal(err)
	}
	if code.Code != stun.CodeUnknownAttribute || len(unknown) != 2 || unknown[0] != 0x7abc || unknown[1] != 0x7abd {
		t.Errorf("code %v, attributes %v", code, unknown)
	}
	if r.from.ice.selected.Load() != before {
		t.Error("a refused request nominated")
	}
	if m := r.bind(t, r.from.ice.current, stun.RawAttribute{Type: 0xc057}); m.Type != stun.BindingSuccess {
		t.Errorf("answered with %v", m)
	}
}

// BenchmarkBindingRequest is the cost of one consent check, answer included.
func BenchmarkBindingRequest(b *testing.B) {
	r := newRig(b, 0)
	c := r.from.ice.current
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(c.Ufrag+":"+c.RemoteUfrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{1, 2, 3, 4}},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)},
		stun.NewShortTermIntegrity(c.Pwd), stun.Fingerprint)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.client.Write(m.Raw); err != nil {
			b.Fatal(err)
		}
		r.turn(1)
	}
	if r.w.out.Stats().Packets == 0 {
		b.Fatal("nothing was answered")
	}
}
