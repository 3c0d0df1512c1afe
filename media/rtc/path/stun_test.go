package path

import (
	"testing"

	"github.com/pion/stun/v4"

	"parley/media/rtc/rtctest"
)

// by is the peer of some credentials, at a server that the rig turns.
func (r *rig) by(c *Credentials) *rtctest.ICE {
	return &rtctest.ICE{Ufrag: c.Ufrag, Pwd: c.Pwd, RemoteUfrag: c.RemoteUfrag, RemotePwd: c.RemotePwd, Turn: func() { r.turn(1) }}
}

// bind sends a binding request in the name of the rig's publisher, answers the
// check that comes back and returns the response.
func (r *rig) bind(t *testing.T, c *Credentials, setters ...stun.Setter) *stun.Message {
	t.Helper()
	return r.by(c).Prove(t, r.client, setters...)
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
