package main

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// rehearsal is a watch with one stack, whose address is client.
type rehearsal struct {
	*testing.T
	w      *watch
	client netip.AddrPort
	cred   *credentials
	now    time.Time
}

func rehearse(t *testing.T, policy repeats, dropFirst int) *rehearsal {
	r := &rehearsal{t, newWatch(policy, dropFirst), netip.MustParseAddrPort("192.0.2.9:1000"),
		&credentials{clientUfrag: "them", clientPwd: "their password", serverUfrag: "us"}, time.Unix(1000, 0)}
	r.w.expect(r.cred)
	return r
}

// exchange is a request of the stack and the server's answer: what reaches
// the stack.
func (r *rehearsal) exchange() [][]byte {
	r.Helper()
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("us:them"))
	if got := r.w.fromClient(r.client, m.Raw, r.now); len(got) != 1 {
		r.Fatalf("%d datagrams to the server for a request", len(got))
	}
	answer := stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess)
	got := r.w.fromServer(r.client, answer.Raw, r.now)
	if len(got) == 0 || !bytes.Equal(got[len(got)-1], answer.Raw) {
		r.Fatal("the server's answer does not come last")
	}
	return got[:len(got)-1]
}

// respond answers a check as the stack and returns what reaches the server.
func (r *rehearsal) respond(check []byte, as stun.MessageType, pwd string) [][]byte {
	m := parseSTUN(check)
	mapped := &stun.XORMappedAddress{IP: []byte{192, 0, 2, 9}, Port: 1000}
	answer := stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), as, mapped, stun.NewShortTermIntegrity(pwd))
	return r.w.fromClient(r.client, answer.Raw, r.now.Add(time.Millisecond))
}

func TestCheckBeforeAnswer(t *testing.T) {
	r := rehearse(t, atRequests, 0)
	checks := r.exchange()
	if len(checks) != 1 {
		t.Fatalf("%d checks before the answer", len(checks))
	}
	m := parseSTUN(checks[0])
	name, _ := m.Get(stun.AttrUsername)
	if string(name) != "them:us" || !m.Contains(stun.AttrICEControlled) || m.Contains(stun.AttrUseCandidate) ||
		stun.NewShortTermIntegrity("their password").Check(m) != nil || stun.Fingerprint.Check(m) != nil {
		t.Errorf("the check is %v, %v", m, m.Attributes)
	}
	if again := r.exchange(); len(again) != 1 || !bytes.Equal(again[0], checks[0]) {
		t.Error("an unanswered check is not repeated as it was")
	}
	if out := r.respond(checks[0], stun.BindingSuccess, "their password"); len(out) != 0 {
		t.Error("the server gets the answer to a check that it did not make")
	}
	if a := r.w.facts(0); !a.Answered || a.ByServer || a.Sendings != 2 || a.MS != 1 {
		t.Errorf("facts %+v", a)
	}
	if more := r.exchange(); len(more) != 0 {
		t.Error("a proven address is checked again")
	}
}

func TestServersOwnCheck(t *testing.T) {
	r := rehearse(t, atRequests, 1)
	c, err := newCheck(r.cred)
	if err != nil {
		t.Fatal(err)
	}
	if out := r.w.fromServer(r.client, c.raw, r.now); len(out) != 0 {
		t.Error("the first is not dropped")
	}
	if out := r.w.fromServer(r.client, c.raw, r.now); len(out) != 1 {
		t.Error("the second is dropped, too")
	}
	if made := r.exchange(); len(made) != 0 {
		t.Error("the relay makes a check where the server does")
	}
	if out := r.respond(c.raw, stun.BindingSuccess, "their password"); len(out) != 1 {
		t.Error("the server does not get its answer")
	}
	r.now = r.now.Add(time.Second)
	r.w.fromServer(r.client, c.raw, r.now) // on its way before the answer came
	if a := r.w.facts(0); !a.Answered || !a.ByServer || a.Sendings != 3 || a.MS != 1 {
		t.Errorf("facts %+v", a)
	}
}

// TestNoProof: what is not the success that it should be leaves the address unproven.
func TestNoProof(t *testing.T) {
	for name, answer := range map[string]struct {
		as  stun.MessageType
		pwd string
	}{"an error": {stun.BindingError, "their password"}, "another password": {stun.BindingSuccess, "guessed"}} {
		r := rehearse(t, atRequests, 0)
		r.respond(r.exchange()[0], answer.as, answer.pwd)
		if a := r.w.facts(0); a.Answered || len(a.Codes)+a.Unsound != 1 {
			t.Errorf("%s: facts %+v", name, a)
		}
	}
}

func TestDTLSWaitsForProof(t *testing.T) {
	hello := []byte{22, 254, 253, 0, 0}
	r := rehearse(t, atDTLS, 1)
	var sent [][]byte
	r.w.toClient = func(_ netip.AddrPort, pkt []byte) { sent = append(sent, slices.Clone(pkt)) }
	if checks := r.exchange(); len(checks) != 0 {
		t.Fatal("the first check is not lost")
	}
	if out := r.w.fromClient(r.client, hello, r.now); len(out) != 0 {
		t.Error("DTLS passes before the proof")
	}
	if len(sent) != 1 {
		t.Fatalf("%d checks for DTLS that waits", len(sent))
	}
	if out := r.respond(sent[0], stun.BindingSuccess, "their password"); len(out) != 1 || !bytes.Equal(out[0], hello) {
		t.Errorf("after the proof %v passes", out)
	}
	if out := r.w.fromClient(r.client, hello, r.now); len(out) != 1 {
		t.Error("DTLS does not pass after the proof")
	}
}

func TestRepeatedByTimer(t *testing.T) {
	r := rehearse(t, byTimer, 1)
	sent := make(chan []byte, 1)
	r.w.toClient = func(_ netip.AddrPort, pkt []byte) {
		select {
		case sent <- slices.Clone(pkt):
		default:
		}
	}
	r.exchange()
	select {
	case check := <-sent:
		r.respond(check, stun.BindingSuccess, "their password")
	case <-time.After(10 * time.Second):
		t.Fatal("the lost check is not repeated")
	}
	if a := r.w.facts(0); !a.Answered {
		t.Errorf("facts %+v", a)
	}
}
