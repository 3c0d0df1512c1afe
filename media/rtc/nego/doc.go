// Package nego reads offers: what a client's sections are for, what of them is
// accepted, and what has to stay as it was. It is pure: no clock, no goroutine, no
// packet, and it knows neither tracks nor addresses.
//
//	Offer ──State.Read──▶ View ──(who sends fills in SSRCs)──▶ View.Answer ──▶ Answer
//	          ▲                                                    │
//	          └──────────────── State.Keep, for the next ◀─────────┘
//
// A [View] is plain values: each section with its use and what was accepted, who the
// peer is and whether ICE begins anew. Package rtc plans tracks and streams by it. A
// [State] is what is remembered from one offer to the next, a few hundred bytes; the
// caller sees to it that one offer is read at a time.
//
// # Later offers
//
// A section has its mid and its use until it is rejected: by the client, or by
// us. From then on it is free, to come back, for another use, or to be gone because
// a section with another mid took its place (RFC 8829 §5.2.2). A seat keeps its
// number for good. Whatever else is wrong with an offer, all is as before it; what
// was first in an offer whose answer may have got lost need not be in the next.
//
// # Invariants
//
//   - Reading changes nothing (TestReadChangesNothing; rtc.TestRefusedOffersChangeNothing).
//   - What is remembered is no more than one offer may have, media.MaxSDPSections,
//     and keeps no text of an offer alive (rtc.TestOffersDoNotAddUp).
//   - A later offer is by the same certificate and in the same DTLS role.
//   - Who names what its sections are for is taken at its word; who names nothing is
//     understood by kind, direction and order, the same way each time, and nothing
//     that is in use becomes something else by that (TestInferred).
//   - No SSRC is given out twice (TestOutgoingSSRCsNeverRepeat).
package nego
