package path

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/rtc/rtctest"
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
	rtctest.WantSilence(t, conn)
}

// TestReplayedRequest: a captured request moves nothing, wherever it is sent
// from. Its sender may repeat it, and is answered.
func TestReplayedRequest(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.bind(t, ice.current, rtctest.Nominate)
	before := ice.selected.Load()
	captured := r.by(ice.current).Request(t, rtctest.Nominate)
	e := r.by(ice.current).Ask(t, r.client, captured)
	again := r.by(ice.current).Ask(t, r.client, captured)
	if e.Check == nil || again.Check == nil || e.Check.TransactionID != again.Check.TransactionID {
		t.Error("a check that was not answered is not repeated as it was")
	}
	r.by(ice.current).Answer(t, r.client, again.Check)
	if e := r.by(ice.current).Ask(t, r.client, captured); e.Check != nil {
		t.Error("a repeated request brings about another check")
	}
	r.ignored(t, rtctest.Stranger(t, r.w.sock.LocalAddr()), captured, DropReplayedCheck)
	if ice.selected.Load() != before || len(ice.prospects) != 0 {
		t.Errorf("a replayed request changed something: %d prospects", len(ice.prospects))
	}
}

// TestReplaysCostNothing: whoever sends a captured request again, however fast,
// takes nothing from what its maker may send.
func TestReplaysCostNothing(t *testing.T) {
	r := newRig(t, 0)
	captured := r.by(r.from.ice.current).Request(t)
	r.by(r.from.ice.current).Ask(t, r.client, captured)
	before := r.from.ice.answered.Tokens
	other := rtctest.Stranger(t, r.w.sock.LocalAddr())
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
	if e := r.by(r.from.ice.current).Ask(t, r.client, r.by(r.from.ice.current).Request(t)); e.Response.Type != stun.BindingSuccess {
		t.Error("the peer itself is not answered")
	}
}

// TestForgottenRequest: nor does one that is not remembered any more, or never
// arrived here. An address is no more than asked until it answers.
func TestForgottenRequest(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.bind(t, ice.current, rtctest.Nominate)
	before := ice.selected.Load()
	for range maxProspects + 4 { // 20 replays used to take all places
		r.by(ice.current).Ask(t, rtctest.Stranger(t, r.w.sock.LocalAddr()), r.by(ice.current).Request(t, rtctest.Nominate))
	}
	if ice.selected.Load() != before || len(ice.flows) != 1 || len(ice.prospects) != maxProspects {
		t.Fatalf("%d flows, %d prospects", len(ice.flows), len(ice.prospects))
	}
	if n := len(r.w.loop.checks); n != maxProspects || r.w.loop.prospects.Len() != maxProspects {
		t.Errorf("%d checks under way, %d prospects known", n, r.w.loop.prospects.Len())
	}
	// A real change of address is followed at once all the same.
	ice.selected.Load().Touch(r.host.now().Add(-2 * staleAfter))
	moved := rtctest.Stranger(t, r.w.sock.LocalAddr())
	r.by(ice.current).Prove(t, moved, rtctest.Nominate)
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
	conn, other := rtctest.Stranger(t, r.w.sock.LocalAddr()), rtctest.Stranger(t, r.w.sock.LocalAddr())
	e := r.by(ice.current).Ask(t, conn, r.by(ice.current).Request(t, rtctest.Nominate))
	if !e.Check.Contains(stun.AttrICEControlled) || !e.Check.Contains(stun.AttrPriority) {
		t.Errorf("check without what RFC 8445 asks for: %v", e.Check)
	}
	good := rtctest.CheckAnswer(t, e.Check, ice.current.RemotePwd)
	r.ignored(t, other, good, DropAnswer)
	r.ignored(t, conn, rtctest.CheckAnswer(t, e.Check, ice.current.Pwd), DropAnswer)
	refusal, err := stun.Build(stun.NewTransactionIDSetter(e.Check.TransactionID), stun.BindingError,
		stun.CodeRoleConflict, stun.NewShortTermIntegrity(ice.current.RemotePwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	r.ignored(t, conn, refusal.Raw, DropAnswer)
	if len(ice.flows) != 0 {
		t.Fatal("proven by somebody else")
	}
	r.by(ice.current).Answer(t, conn, e.Check)
	if len(ice.flows) != 1 {
		t.Fatal("not proven by the answer")
	}
	r.ignored(t, conn, good, DropAnswer) // a second time
}

// TestAddressOfAnother: whoever is at an address that another session proved
// can not be asked to prove it for a second one, as long as it lives.
func TestAddressOfAnother(t *testing.T) {
	r := newRig(t, 1)
	r.bind(t, r.from.ice.current, rtctest.Nominate)
	f := r.from.ice.selected.Load()
	mallory := r.to[0].ice.current
	r.ignored(t, r.client, r.by(mallory).Request(t, rtctest.Nominate), DropTaken)
	if got, _ := r.w.loop.flows.Get(&f.Addr); got != f {
		t.Fatal("the address changed hands")
	}
	// Asked before the owner proved it, answered after.
	f.Touch(r.host.now().Add(-consentFor - time.Second))
	e := r.by(mallory).Ask(t, r.client, r.by(mallory).Request(t, rtctest.Nominate))
	f.Touch(r.host.now())
	r.ignored(t, r.client, rtctest.CheckAnswer(t, e.Check, mallory.RemotePwd), DropTaken)
	// Its owner is gone: it may be somebody else's.
	f.Touch(r.host.now().Add(-consentFor - time.Second))
	r.by(mallory).Prove(t, r.client, rtctest.Nominate)
	if got, _ := r.w.loop.flows.Get(&f.Addr); got == f || got.Peer() != r.to[0] {
		t.Error("an address that was given up can not be used again")
	}
}

// TestConsentNeedsAnswers: requests, which may be replayed, keep no session and
// no address alive; answers do.
func TestConsentNeedsAnswers(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.bind(t, ice.current, rtctest.Nominate)
	f := ice.selected.Load()
	long := r.host.now().Add(-time.Hour)
	f.Touch(long)
	owner(r.from).heard.Store(0)
	e := r.by(ice.current).Ask(t, r.client, r.by(ice.current).Request(t))
	if f.LastSeen() != long || owner(r.from).heard.Load() != 0 {
		t.Error("a request renewed consent")
	}
	r.by(ice.current).Answer(t, r.client, e.Check)
	if f.LastSeen() == long || owner(r.from).heard.Load() == 0 {
		t.Error("an answer did not renew consent")
	}
}

// TestLostChecks: a check that was lost is repeated as it was with every request
// until it is answered, and with a ClientHello that comes before.
func TestLostChecks(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	conn := rtctest.Stranger(t, r.w.sock.LocalAddr())
	first := r.by(ice.current).Ask(t, conn, r.by(ice.current).Request(t)).Check
	second := r.by(ice.current).Ask(t, conn, r.by(ice.current).Request(t, rtctest.Nominate)).Check
	if second == nil || second.TransactionID != first.TransactionID {
		t.Fatal("another check, though none was answered")
	}
	hello := rtctest.Message(rtctest.ClientHello, 0, rtctest.Hello(nil, 0xc0, 0x2b)...)
	if _, err := conn.Write(hello); err != nil {
		t.Fatal(err)
	}
	r.turn(1)
	third := &stun.Message{Raw: rtctest.ReadAnswer(t, conn)}
	if third.Decode() != nil || third.TransactionID != first.TransactionID {
		t.Fatalf("a ClientHello is not answered with the check: %v", third)
	}
	before := ice.selected.Load()
	ice.selected.Load().Touch(r.host.now().Add(-time.Hour))
	r.by(ice.current).Answer(t, conn, third)
	if ice.selected.Load() == before {
		t.Error("the nomination that came meanwhile is not followed")
	}
	if fresh := r.by(ice.current).Ask(t, conn, r.by(ice.current).Request(t)).Check; fresh == nil || fresh.TransactionID == first.TransactionID {
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
	conn := rtctest.Stranger(t, r.w.sock.LocalAddr())
	r.by(ice.current).Ask(t, conn, r.by(ice.current).Request(t, rtctest.Nominate))
	e := r.by(ice.current).Ask(t, conn, r.by(ice.current).Request(t))
	r.by(ice.current).Answer(t, conn, e.Check)
	if got := ice.selected.Load().Addr.AddrPort().Port(); int(got) != conn.LocalAddr().(*net.UDPAddr).Port {
		t.Error("the nomination is forgotten")
	}
}

// TestSweptProspects: a prospect that was to be forgotten while the queue of
// commands was full is forgotten by the next sweep.
func TestSweptProspects(t *testing.T) {
	r := newRig(t, 0)
	ice := &r.from.ice
	r.by(ice.current).Ask(t, rtctest.Stranger(t, r.w.sock.LocalAddr()), r.by(ice.current).Request(t))
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
		e := r.by(p.ice.current).Ask(t, conn, r.by(p.ice.current).Request(t))
		retry := rtctest.ReadAnswer(t, conn)
		cookie := retry[len(retry)-dtlsgate.CookieLen:]
		if !known {
			cookie = rtctest.Noise(dtlsgate.CookieLen)
		}
		if _, err := conn.Write(rtctest.Message(rtctest.ClientHello, 1, rtctest.Hello(cookie, 0xc0, 0x2b)...)); err != nil {
			t.Fatal(err)
		}
		r.turn(1)
		r.by(p.ice.current).Answer(t, conn, e.Check)
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
	r.by(p.ice.current).Prove(t, conn, rtctest.Nominate)
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
		r.by(ice.current).Prove(t, rtctest.Stranger(t, r.w.sock.LocalAddr()))
	}
	if n := r.w.drops[DropFlows].Load(); n != 10 {
		t.Errorf("%d addresses too many, want 10", n)
	}
	if len(ice.flows) != maxFlows || len(ice.prospects) > maxProspects {
		t.Errorf("%d flows and %d prospects, want %d and at most %d", len(ice.flows), len(ice.prospects), maxFlows, maxProspects)
	}
}
