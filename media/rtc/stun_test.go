package rtc

import (
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// bind sends a binding request in the name of the rig's publisher and returns
// the answer.
func (r *rig) bind(t *testing.T, c *credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	if _, err := r.client.Write(bindingRequest(t, c.ufrag+":"+c.remoteUfrag, c.pwd, setters...)); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	m := &stun.Message{Raw: readAnswer(t, r.client)}
	if err := m.Decode(); err != nil {
		t.Fatal(err)
	}
	if err := stun.NewShortTermIntegrity(c.pwd).Check(m); err != nil {
		t.Error(err)
	}
	return m
}

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
	nominate := stun.RawAttribute{Type: stun.AttrUseCandidate}
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
