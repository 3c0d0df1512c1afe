package path

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/udp"
)

// ignored sends a datagram from conn and fails unless it is dropped for a reason
// and nothing comes back.
func (r *rig) ignored(t *testing.T, conn *net.UDPConn, pkt []byte, why Drop) {
	t.Helper()
	before := r.w.drops[why].Load()
	if _, err := conn.Write(pkt); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	if n := r.w.drops[why].Load(); n != before+1 {
		t.Errorf("not dropped as %v", why)
	}
	wantSilence(t, conn)
}

// TestReplayedRequest: a captured request moves nothing, wherever it is sent
// from. Its sender may repeat it, and is answered.
func TestReplayedRequest(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.bind(t, ice.current, nominate)
	before := ice.selected.Load()
	captured := request(t, ice.current, nominate)
	e := r.ask(t, r.client, ice.current, captured)
	again := r.ask(t, r.client, ice.current, captured)
	if e.check == nil || again.check == nil || e.check.TransactionID != again.check.TransactionID {
		t.Error("a check that was not answered is not repeated as it was")
	}
	r.answer(t, r.client, ice.current, again.check)
	if e := r.ask(t, r.client, ice.current, captured); e.check != nil {
		t.Error("a repeated request brings about another check")
	}
	r.ignored(t, stranger(t, r.w.sock.LocalAddr()), captured, DropReplayedCheck)
	if ice.selected.Load() != before || len(ice.prospects) != 0 {
		t.Errorf("a replayed request changed something: %d prospects", len(ice.prospects))
	}
}

// TestReplaysCostNothing: whoever sends a captured request again, however fast,
// takes nothing from what its maker may send.
func TestReplaysCostNothing(t *testing.T) {
	r := newRig(t, 0)
	captured := request(t, r.from.ice.current)
	r.ask(t, r.client, r.from.ice.current, captured)
	before := r.from.ice.answered.Tokens
	other := stranger(t, r.w.sock.LocalAddr())
	for range 500 {
		if _, err := other.Write(captured); err != nil {
			t.Fatal(err)
		}
		r.turn(1)
	}
	if n := r.w.drops[DropReplayedCheck].Load(); n != 500 {
		t.Errorf("%d dropped", n)
	}
	if r.from.ice.answered.Tokens < before {
		t.Error("replays used up the answers to others")
	}
	if e := r.ask(t, r.client, r.from.ice.current, request(t, r.from.ice.current)); e.response.Type != stun.BindingSuccess {
		t.Error("the peer itself is not answered")
	}
}

// TestForgottenRequest: nor does one that is not remembered any more, or never
// arrived here. An address is no more than asked until it answers.
func TestForgottenRequest(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.bind(t, ice.current, nominate)
	before := ice.selected.Load()
	for range maxProspects + 4 { // 20 replays used to take all places
		r.ask(t, stranger(t, r.w.sock.LocalAddr()), ice.current, request(t, ice.current, nominate))
	}
	if ice.selected.Load() != before || len(ice.flows) != 1 || len(ice.prospects) != maxProspects {
		t.Fatalf("%d flows, %d prospects", len(ice.flows), len(ice.prospects))
	}
	if n := len(r.w.loop.checks); n != maxProspects || r.w.loop.prospects.Len() != maxProspects {
		t.Errorf("%d checks under way, %d prospects known", n, r.w.loop.prospects.Len())
	}
	// A real change of address is followed at once all the same.
	ice.selected.Load().Touch(r.host.now().Add(-2 * staleAfter))
	moved := stranger(t, r.w.sock.LocalAddr())
	r.prove(t, moved, ice.current, nominate)
	if got := ice.selected.Load().Addr.AddrPort().Port(); int(got) != moved.LocalAddr().(*net.UDPAddr).Port {
		t.Error("the new address is not followed")
	}
	if n := len(r.w.loop.checks); n != maxProspects-1 {
		t.Errorf("%d checks under way after the proof", n)
	}
}

// TestAnswerOfAnother: only the answer from where the check went, under the
// peer's password and once, proves an address.
func TestAnswerOfAnother(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	conn, other := stranger(t, r.w.sock.LocalAddr()), stranger(t, r.w.sock.LocalAddr())
	e := r.ask(t, conn, ice.current, request(t, ice.current, nominate))
	if !e.check.Contains(stun.AttrICEControlled) || !e.check.Contains(stun.AttrPriority) {
		t.Errorf("check without what RFC 8445 asks for: %v", e.check)
	}
	good := checkAnswer(t, e.check, ice.current.RemotePwd)
	r.ignored(t, other, good, DropAnswer)
	r.ignored(t, conn, checkAnswer(t, e.check, ice.current.Pwd), DropAnswer)
	refusal, err := stun.Build(stun.NewTransactionIDSetter(e.check.TransactionID), stun.BindingError,
		stun.CodeRoleConflict, stun.NewShortTermIntegrity(ice.current.RemotePwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	r.ignored(t, conn, refusal.Raw, DropAnswer)
	if len(ice.flows) != 0 {
		t.Fatal("proven by somebody else")
	}
	r.answer(t, conn, ice.current, e.check)
	if len(ice.flows) != 1 {
		t.Fatal("not proven by the answer")
	}
	r.ignored(t, conn, good, DropAnswer) // a second time
}

// TestAddressOfAnother: whoever is at an address that another session proved
// can not be asked to prove it for a second one, as long as it lives.
func TestAddressOfAnother(t *testing.T) {
	r := newRig(t, 1)
	r.bind(t, r.from.ice.current, nominate)
	f := r.from.ice.selected.Load()
	mallory := r.to[0].ice.current
	r.ignored(t, r.client, request(t, mallory, nominate), DropTaken)
	if got, _ := r.w.loop.flows.Get(&f.Addr); got != f {
		t.Fatal("the address changed hands")
	}
	// Asked before the owner proved it, answered after.
	f.Touch(r.host.now().Add(-consentFor - time.Second))
	e := r.ask(t, r.client, mallory, request(t, mallory, nominate))
	f.Touch(r.host.now())
	r.ignored(t, r.client, checkAnswer(t, e.check, mallory.RemotePwd), DropTaken)
	// Its owner is gone: it may be somebody else's.
	f.Touch(r.host.now().Add(-consentFor - time.Second))
	r.prove(t, r.client, mallory, nominate)
	if got, _ := r.w.loop.flows.Get(&f.Addr); got == f || got.Peer() != r.to[0] {
		t.Error("an address that was given up can not be used again")
	}
}

// TestConsentNeedsAnswers: requests, which may be replayed, keep no session and
// no address alive; answers do.
func TestConsentNeedsAnswers(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.bind(t, ice.current, nominate)
	f := ice.selected.Load()
	long := r.host.now().Add(-time.Hour)
	f.Touch(long)
	owner(r.from).heard.Store(0)
	e := r.ask(t, r.client, ice.current, request(t, ice.current))
	if f.LastSeen() != long || owner(r.from).heard.Load() != 0 {
		t.Error("a request renewed consent")
	}
	r.answer(t, r.client, ice.current, e.check)
	if f.LastSeen() == long || owner(r.from).heard.Load() == 0 {
		t.Error("an answer did not renew consent")
	}
}

// TestLostChecks: a check that was lost is repeated as it was with every request
// until it is answered, and with a ClientHello that comes before.
func TestLostChecks(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	conn := stranger(t, r.w.sock.LocalAddr())
	first := r.ask(t, conn, ice.current, request(t, ice.current)).check
	second := r.ask(t, conn, ice.current, request(t, ice.current, nominate)).check
	if second == nil || second.TransactionID != first.TransactionID {
		t.Fatal("another check, though none was answered")
	}
	hello := message(msgClientHello, 0, hello(nil, 0xc0, 0x2b)...)
	if _, err := conn.Write(hello); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	third := &stun.Message{Raw: readAnswer(t, conn)}
	if third.Decode() != nil || third.TransactionID != first.TransactionID {
		t.Fatalf("a ClientHello is not answered with the check: %v", third)
	}
	before := ice.selected.Load()
	ice.selected.Load().Touch(r.host.now().Add(-time.Hour))
	r.answer(t, conn, ice.current, third)
	if ice.selected.Load() == before {
		t.Error("the nomination that came meanwhile is not followed")
	}
	if fresh := r.ask(t, conn, ice.current, request(t, ice.current)).check; fresh == nil || fresh.TransactionID == first.TransactionID {
		t.Error("an answered check is sent again")
	}
}

// TestNominatedOnce: the check that answers a nomination is lost, and later
// requests do not nominate, for their sender had its response. The address is
// selected all the same when the check is answered.
func TestNominatedOnce(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	ice.selected.Load().Touch(r.host.now().Add(-time.Hour))
	conn := stranger(t, r.w.sock.LocalAddr())
	r.ask(t, conn, ice.current, request(t, ice.current, nominate))
	e := r.ask(t, conn, ice.current, request(t, ice.current))
	r.answer(t, conn, ice.current, e.check)
	if got := ice.selected.Load().Addr.AddrPort().Port(); int(got) != conn.LocalAddr().(*net.UDPAddr).Port {
		t.Error("the nomination is forgotten")
	}
}

// TestSweptProspects: a prospect that was to be forgotten while the queue of
// commands was full is forgotten by the next sweep.
func TestSweptProspects(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.ask(t, stranger(t, r.w.sock.LocalAddr()), ice.current, request(t, ice.current))
	ice.prospects = nil // as if evicted by another worker
	r.w.loop.Sweep()
	if len(r.w.loop.checks) != 0 || r.w.loop.prospects.Len() != 0 {
		t.Errorf("%d checks and %d prospects are left", len(r.w.loop.checks), r.w.loop.prospects.Len())
	}
}

// TestHeldHello: a ClientHello with the cookie that comes before the proof waits
// for it, one without does not.
func TestHeldHello(t *testing.T) {
	for _, known := range []bool{true, false} {
		r := newRigAt(t, "127.0.0.1:0")
		p, conn := r.peer(), r.client
		e := r.ask(t, conn, p.ice.current, request(t, p.ice.current))
		retry := readAnswer(t, conn)
		cookie := retry[len(retry)-dtlsgate.CookieLen:]
		if !known {
			cookie = noise(dtlsgate.CookieLen)
		}
		if _, err := conn.Write(message(msgClientHello, 1, hello(cookie, 0xc0, 0x2b)...)); err != nil {
			t.Fatal(err)
		}
		r.turn(1)
		r.answer(t, conn, p.ice.current, e.check)
		p.handshake.mu.Lock()
		begun := p.handshake.attempt != nil
		p.handshake.mu.Unlock()
		if begun != known {
			t.Errorf("with the cookie %v: begun %v", known, begun)
		}
	}
}

// TestProofOverIPv6 does the exchange once over IPv6.
func TestProofOverIPv6(t *testing.T) {
	r := newRigAt(t, "[::1]:0")
	p, conn := r.peer(), r.client
	r.prove(t, conn, p.ice.current, nominate)
	f := p.ice.selected.Load()
	if f == nil || !f.consents(media.Instant(f.LastSeen())) || !f.Addr.AddrPort().Addr().Is6() {
		t.Fatalf("selected %v", f)
	}
}

func TestRequestLog(t *testing.T) {
	var l requestLog
	a, b := stunAddr("127.0.0.1:1"), stunAddr("[::1]:1")
	id := func(n int) []byte { return []byte{byte(n), byte(n >> 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} }
	for n := range requestMemory {
		if v := l.look(id(n), &a); v != requestFresh {
			t.Fatalf("request %d: %v", n, v)
		}
	}
	for n := range requestMemory {
		if v := l.look(id(n), &a); v != requestRepeated {
			t.Fatalf("request %d again: %v", n, v)
		}
		if v := l.look(id(n), &b); v != requestElsewhere {
			t.Fatalf("request %d from elsewhere: %v", n, v)
		}
	}
	l.look(id(requestMemory), &a)
	if v := l.look(id(1), &a); v != requestRepeated {
		t.Errorf("the second oldest is forgotten too: %v", v)
	}
	if v := l.look(id(0), &b); v != requestFresh {
		t.Errorf("the oldest is still there: %v", v)
	}
	if len(l.seen) != requestMemory {
		t.Errorf("%d requests are remembered", len(l.seen))
	}
}

func stunAddr(text string) udp.Addr { return udp.AddrFrom(netip.MustParseAddrPort(text)) }

// TestTooManyAddresses lets one peer prove more remote addresses than it may
// have. It loses nothing but the excess.
func TestTooManyAddresses(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	for range maxFlows + 10 {
		r.prove(t, stranger(t, r.w.sock.LocalAddr()), ice.current)
	}
	if n := r.w.drops[DropFlows].Load(); n != 10 {
		t.Errorf("%d addresses too many, want 10", n)
	}
	if len(ice.flows) != maxFlows || len(ice.prospects) > maxProspects {
		t.Errorf("%d flows and %d prospects, want %d and at most %d", len(ice.flows), len(ice.prospects), maxFlows, maxProspects)
	}
}
