// Package path is the way to the other side of a session: which addresses have
// proved to be its peer's, where packets to it go now, and the keys that were agreed
// upon with it. It knows no track and no SDP, and nothing of what is sent.
//
// # Who owns what
//
//	Host   what all share: certificate, credentials by fragment      any goroutine
//	Peer   one session's: generations of credentials, flows,         any goroutine,
//	       the handshake, which flow is selected                     under its mutexes
//	Flow   one remote address of a peer; its check and cookie are
//	       the loop's where it arrives, the rest is the peer's
//	Loop   one worker's: the flows by address, checks by id          that worker only
//
// A worker hands STUN and DTLS to its [Loop], asks [Loop.Find] whose a media packet
// is, and tells [Peer.Authentic] when it opened; [Peer.Route] says where packets go.
// What happens is told to the session by [Owner], and what is to be sent goes by
// [Worker]. Everything a Loop can do is for its worker's goroutine; there is no
// other rule to remember, and no method here waits.
//
//	binding request ─▶ STUN ─▶ credentials ─▶ ice.ask ─▶ check goes back, then the response
//	       answer ─▶ STUN ─▶ check by id ─▶ ice.prove ─▶ Owner.Selected, handshake.proven
//	ClientHello … ─▶ DTLS ─▶ handshake ─▶ dtlsConn ─▶ gate ─▶ pion/dtls ─▶ Owner.Keyed
//
// # Invariants
//
// Tests with an (r) are those of package rtc, which drive the same with whole peers,
// and with an (f) those of package forward.
//
//   - Before an address has answered a binding request of ours, nothing but STUN
//     is looked at from it (TestStrangers, r). We ask when the peer asks, before our
//     response, under an id that nobody else can know. A request, which whoever
//     captured it can send again from anywhere, moves and renews nothing by
//     itself (TestReplayedRequest, TestForgottenRequest, TestConsentNeedsAnswers):
//     where packets go changes by the answer, if the request had USE-CANDIDATE,
//     or with media from a proven address while the selected one is silent, as
//     after a NAT forgot its mapping (TestMediaFromAnotherAddress, f), and only while
//     that very address is heard from (TestConsentIsPerAddress, f).
//   - An address that lives belongs to the session that it proved itself for
//     (TestAddressOfAnother).
//   - A handshake can not be ended by who only knows addresses, or sends from a
//     peer's own (TestForgedHandshake and its brothers; see dtlsgate; r). With a peer
//     that offers setup:passive, so that we have to be the client, two of its
//     messages can be forged in the moment that they are due; that attempt is in
//     vain then (TestForgedHandshakeOfAPassivePeer, r).
//   - When a handshake is over the peer may begin another by another address, and
//     only who has the certificate gets keys by that (TestAssociationBegunAnew,
//     TestAssociationOfAnother, r).
//   - Keys are used only if the peer's certificate matches the fingerprint
//     in its offer (TestWrongFingerprint, r).
//   - All that a peer can make us hold is bounded, see limits.go.
//
// # Why not pion/ice on this side
//
// The server has to be only the lite side of ICE: answer checks, follow
// nominations. A pion/ice v4.4.8 agent in lite mode over a virtual candidate
// costs three goroutines, 18.1 KiB of heap and 15.6 KiB of stack per
// participant (1,000 agents, after a collection), about 52 KiB of resident
// memory with the collector's head-room: most of the 64 KiB that an idle
// participant may cost all told. It also wakes up every two seconds (0.5 % of
// a core per 1,000) and allocates a copy of every check. Answering in the
// worker takes one mutex and no goroutine, and its state is a few hundred
// bytes. pion/stun reads and writes the messages; pion's full agent is the
// peer in the tests.
package path
