// Package engine decides: rooms, participants, who sees and hears whom. Media and
// signalling bytes it leaves to others, through the interfaces in ports.go; what
// must survive goes to Records.
//
//	e, err := engine.New(engine.Options{Media: m, Records: store})
//	signal := e.Accept(conn, engine.ConnInfo{Addr: addr, Principal: who})
//	signal.OnText(text)   // for each message in JSON
//	signal.OnRequest(req) // or made of something else
//	signal.OnClose()      // at its end
//	err = e.Stop(ctx)
//
// # Who owns what
//
//	Engine ── registry (actor)            rooms by name; every way into a room
//	            └─ room (actor)           members, order of events, chat, hands, seats
//	                 └─ participant       its media session, its away time
//	Signal (no goroutine)                 one connection; speaks for a participant
//
// A Signal checks size, rate and order of what a client sends and hands it to its
// participant, which checks rights, does what takes time (answering SDP) and hands
// the rest to the room. What is legal when, by what right, within which limit, and
// who does it, stands in one table, actions.go. The room changes what all can see,
// puts each event into one frame and hands that to every member's connection:
// connections queue and never block. They take the frame's JSON, which is encoded
// once, or its message. The media side and the storage's writer report to the room
// by coalesced messages; neither ever waits for it.
//
// Who somebody is (Principal) and whether he may enter (Authority) is settled before a
// room hears of it, by a task of the registry's; the room is told what he may do there,
// as bits. Which rights there are, and who has them, package access says.
//
// Packets do not pass through here. The room tells the media side who sits in
// whose seats (MediaSession.Place); that publishes tables for its workers.
//
// # What is promised
//
//   - joined, ok to a chat and ok to a leave are sent when the record is on disk. If
//     the disk is stuck, joins and leaves go on without after Times.Record, and if
//     it fails at once; joined then says so, and recorded how it ended. Texts wait
//     (sayings.go): after Times.Chat, and when a connection ends, it is said that
//     nobody knows, which the same key settles. store_failed is said only of what
//     was surely not said and will not be.
//   - All members see the events of a room in the same order, and those of a resumed
//     session without a gap, but for who was away meanwhile and is not any more.
//   - What a member was told of its seats (member.told) is what the media side says
//     of them: it is told when that changes and never twice, and what was lost on
//     its way from there within five seconds.
//   - A participant that panics ends alone. A room that panics starts again from its
//     journal, members, order and seats included; their media does not notice. More
//     than five times a minute, and it is closed. Other rooms never notice.
//
// # Limits
//
// Every queue, list and table has a bound: see Limits, wire's Max constants, and
// logBytes, maxSaying, maxWaiting, maxAdmissions here. What is kept for those who are
// away goes in time though nothing else happens: a room with no events sleeps. What
// one address could take from all others
// has a limit per address besides: joins, offers, rooms, chat; and rooms give way to
// a newcomer when there are no more (registry_openers.go). One pass over the seats
// of a room costs its members times their seats and runs at most every 50 ms.
//
// # Growing past one process
//
// Directory says which node owns a room, Bus carries calls to the owner and to all.
// A server that is alone has no Directory and owns every room at once. Elsewhere a
// room is claimed by a task before it is opened, while those wait who want to enter,
// and ends in order when its lease is lost: registry_claim.go. A room that runs
// depends on no claim. Nothing but the registry knows that rooms are here.
//
// # Why not otherwise
//
// A participant could own its seats, but then every join would be a message to
// every other participant, each with its own picture of the room. A room that
// routes every client message itself would do without participants' actors, but one
// client's SDP would hold up all the others, and one client's fault would be the
// room's.
package engine
