// Package rtc is the packet side of a meeting: sessions, and the forwarding of
// what participants send into the seats of those who watch. It knows no rooms:
// [Session.Place] and [Session.Vacate] say who sees whom.
//
// The package itself is control: sockets, sessions and their negotiation, and what
// the engine is told. Who owns other state has a package of its own, of which none
// knows this one:
//
//	Server, Session, negotiation, events     control, here
//	  │             │            │
//	nego         forward         │           offers → views; workers, tracks, streams
//	  │             │            │
//	  │           path ──────────┘           addresses, checks, handshakes, keys
//	  │             │
//	media: SDP, codecs, ciphers; udp: sockets
//
// forward stands on path, for it opens and seals under the keys of a path and sends
// where that leads; nego and path know nothing of each other, nor of forward. The
// import rules of cmd/check hold all of it. What control and forward say to each
// other is
//
//	control                                    forward
//	Server      sockets, jobs, the end of  ──▶ Group     workers, clock; feeds, taps, links
//	            sessions, events' queue
//	Session     offers, state, SSRCs       ──▶ Control   a Remote, as its session sees it
//	plan        sections of a view         ──▶ Plan      sources, and halves of seats
//	owner       keys, addresses, failures  ◀── Owner     what a peer's path comes to
//	teller      what the engine hears      ◀── Listener  what is found out of a publisher
//
// and a goroutine for what may wait (Server.control). A newcomer reads forward and
// path by themselves: each has a rig of its own, forward's without any SDP. The tests
// of this package join whole peers, made of pion's ICE agent, DTLS and SRTP.
//
// # Addresses
//
// The list of workers only grows: an address that can not be bound, because the
// system still checks whether another machine has it, or because its interface went
// away, is tried again while the others serve. Where there are many addresses the
// first get a socket for each worker and the others one, as long as 128 sockets go.
// A peer may also come by a connection of somebody else's, see [Server.Attach].
//
// # Later offers
//
// What package nego accepts is planned as sources and halves of seats (forward.Plan),
// and in force at once. A section that another took the place of is forgotten with
// all it had; the SSRCs of a seat's halves stay as long as their sections keep their
// mids, and no SSRC is ever used for another
// stream. Codecs are those of the latest offer, of sources and of seats; a source
// goes over to another at a key frame, and the engine is told when it does so
// without an offer. Simulcast layers are fixed: a section that is offered with
// others is another track. Nothing has changed after an offer that was refused
// (TestRefusedOffersChangeNothing, TestLostAnswer); TestRandomRenegotiations does
// all of this in any order.
//
// # Invariants
//
//   - Where packets go, and under which keys, is for package path to say, with
//     invariants of its own: nobody but the peer decides either.
//   - No SSRC that a session is sent ever comes again (see nego.SSRCs), or an SRTP
//     index would be sealed twice.
//   - All that a peer can make us hold is bounded, see config.go and the packages
//     below. Offers do not add up: each has to repeat what is in use
//     (TestOffersDoNotAddUp, TestThousandRecyclings).
//
// # Limits
//
// DTLS 1.2, as the server if the peer lets us, no data channels, no MKI. One
// BUNDLE group. 16 proven remote addresses, 16 that are still to be proven and 32
// incoming SSRCs at a time per session; a session whose peer has used 4,096 more
// ends, and comes back with other keys.
// Peers that share one address among several sessions are not possible.
// What is forwarded has limits of its own, see package forward.
package rtc
