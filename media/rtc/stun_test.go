package rtc

import (
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// bind sends a binding request in the name of the rig's publisher, answers the
// check that comes back and returns the response.
func (r *rig) bind(t *testing.T, c *credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	return r.prove(t, r.client, c, setters...)
}

// prove does the same from any socket.
func (r *rig) prove(t *testing.T, conn *net.UDPConn, c *credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	m := r.ask(t, conn, c, request(t, c, setters...))
	if m.check != nil {
		r.answer(t, conn, c, m.check)
	}
	return m.response
}

// request is a binding request with the peer's credentials.
func request(t *testing.T, c *credentials, setters ...stun.Setter) []byte {
	t.Helper()
	return bindingRequest(t, c.ufrag+":"+c.remoteUfrag, c.pwd, setters...)
}

// exchange is what a binding request brought: a response, and a check before it.
type exchange struct{ check, response *stun.Message }

// ask sends a binding request from conn and reads what comes of it.
func (r *rig) ask(t *testing.T, conn *net.UDPConn, c *credentials, request []byte) (e exchange) {
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
		pwd := c.pwd
		if m.Type == stun.BindingRequest {
			e.check, pwd = m, c.remotePwd
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
func (r *rig) answer(t *testing.T, conn *net.UDPConn, c *credentials, check *stun.Message) {
	t.Helper()
	if _, err := conn.Write(checkAnswer(t, check, c.remotePwd)); err != nil {
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
	r.bind(t, r.from.ice.current, nominate)
	before := r.from.ice.selected.Load()
	spec := offerSpec{ufrag: "efgh", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 " + fingerprintText}
	if _, err := r.from.Offer(t.Context(), spec.offer()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.bind(t, r.from.ice.current, nominate)
	}
	if r.from.ice.selected.Load() != before {
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

// TestUnknownAttributes: RFC 8489 §6.3.1. Attributes that one may ignore are
// ignored; no request that is refused nominates anything.
func TestUnknownAttributes(t *testing.T) {
	r := newRig(t, 0, Config{})
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
