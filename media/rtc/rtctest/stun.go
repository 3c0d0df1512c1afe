package rtctest

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Patience is how long tests wait for what should come at once.
const Patience = 10 * time.Second

// Stranger is a plain socket towards a server.
func Stranger(t testing.TB, to netip.AddrPort) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// WantSilence fails if anything comes back to c.
func WantSilence(t testing.TB, c *net.UDPConn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	buf := make([]byte, 2048)
	if n, err := c.Read(buf); err == nil {
		t.Errorf("a stranger was sent %x", buf[:n])
	}
}

// ReadAnswer waits for a datagram.
func ReadAnswer(t testing.TB, c *net.UDPConn) []byte {
	t.Helper()
	buf := make([]byte, 1500)
	_ = c.SetReadDeadline(time.Now().Add(Patience))
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// Nominate makes a request nominate its address.
var Nominate = stun.RawAttribute{Type: stun.AttrUseCandidate}

// BindingRequest is one of a user, under a password.
func BindingRequest(t testing.TB, user, pwd string, setters ...stun.Setter) []byte {
	t.Helper()
	all := append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(user)}, setters...)
	all = append(all, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	m, err := stun.Build(all...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// CheckAnswer answers a check of the server's, under the peer's password.
func CheckAnswer(t testing.TB, check *stun.Message, pwd string) []byte {
	t.Helper()
	m, err := stun.Build(stun.NewTransactionIDSetter(check.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: net.IPv4(127, 0, 0, 1), Port: 9}, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// ICE is a peer that does ICE by hand, from any socket.
type ICE struct {
	// Ufrag and Pwd are the server's, RemoteUfrag and RemotePwd the peer's own.
	Ufrag, Pwd, RemoteUfrag, RemotePwd string
	// Turn has the server handle one datagram; nil if it does so by itself.
	Turn func()
}

// Exchange is what a binding request brought: a response, and a check before it.
type Exchange struct{ Check, Response *stun.Message }

// Request is a binding request of the peer's.
func (p *ICE) Request(t testing.TB, setters ...stun.Setter) []byte {
	t.Helper()
	return BindingRequest(t, p.Ufrag+":"+p.RemoteUfrag, p.Pwd, setters...)
}

// Prove sends a binding request from conn, answers the check that comes back and
// returns the response.
func (p *ICE) Prove(t testing.TB, conn *net.UDPConn, setters ...stun.Setter) *stun.Message {
	t.Helper()
	e := p.Ask(t, conn, p.Request(t, setters...))
	if e.Check != nil {
		p.Answer(t, conn, e.Check)
	}
	return e.Response
}

// Ask sends a binding request from conn and reads what comes of it.
func (p *ICE) Ask(t testing.TB, conn *net.UDPConn, request []byte) (e Exchange) {
	t.Helper()
	p.send(t, conn, request)
	for e.Response == nil {
		m := &stun.Message{Raw: ReadAnswer(t, conn)}
		if err := m.Decode(); err != nil {
			t.Fatal(err)
		}
		pwd := p.Pwd
		if m.Type == stun.BindingRequest {
			e.Check, pwd = m, p.RemotePwd
		} else {
			e.Response = m
		}
		if err := stun.NewShortTermIntegrity(pwd).Check(m); err != nil {
			t.Error(err)
		}
	}
	return e
}

// Answer answers a check of the server's from conn.
func (p *ICE) Answer(t testing.TB, conn *net.UDPConn, check *stun.Message) {
	t.Helper()
	p.send(t, conn, CheckAnswer(t, check, p.RemotePwd))
}

func (p *ICE) send(t testing.TB, conn *net.UDPConn, datagram []byte) {
	t.Helper()
	if _, err := conn.Write(datagram); err != nil {
		t.Fatal(err)
	}
	if p.Turn != nil {
		p.Turn()
	}
}
