// Package forward takes the packets that publishers send and has them reach all who
// watch: workers, tracks and streams, repair, key frames. It knows no SDP, no session
// and no server, and is whole without them; a session's peer is a [Remote] here, whose
// path (package path) proves where it is and under which keys.
//
//	            Group ─── workers, one goroutine and one socket each
//	              │
//	what comes    │                              what leaves
//	Remote ─▶ publisher ─▶ tracks ─▶ layers      streams ─▶ Remote, sealed
//	Feed   ─▶    "           │                      ▲    ─▶ Tap, as it is
//	                         └───── tables ─────────┘
//
// What is to be forwarded is said from above:
//
//	Control.Plan, GoBy      what a remote may send, and the seats that it has
//	Remote.Place, Vacate    what a seat carries; Tap.Place likewise
//	Listener, Owner         what comes of it, told to who is to know
//
// The files, by what they are about:
//
//	group, worker*                             goroutines, their commands and ticks
//	publisher, track, layer, receiver,         what comes: SSRCs, loss, caches, facts
//	codecs, ingest, sourcerate, bucket
//	plan, seat, place, table, handover         who gets it, and how that changes
//	stream, sender, layers, keyframes          what a stream is sent, of which layer
//	forward, abreast, runs, exit, repair,      how packets leave
//	viewer
//	remote*, control, move                     a session's peer
//	feed, tap, link                            ways for goroutines of ours
//	trouble, quality, drops, worker_figures    what is found out of all that
//
// # A packet's way
//
//	socket ──▶ worker ──▶ first byte (RFC 7983)
//	             │           0 … 3    STUN: to the worker's path.Loop
//	             │          20 … 63   DTLS: likewise, to a handshake
//	             │         128 … 191  SRTP, SRTCP: opened in place
//	             ▼
//	      per layer: loss, statistics, one copy into the repair cache,
//	      codec facts, a place in the list of this batch's packets
//	             ▼
//	      per subscriber, of all layers: rewrite numbers, header from a
//	      template, seal from the shared plaintext into the send arena
//	             ▼
//	      one sendmmsg per batch; equal sizes to one peer leave as a run
//
// Between recvmmsg and sendmmsg there is no hand-off, allocation, lock or
// clock read per packet.
//
// A run costs the kernel about 3.2 µs and each packet in it 0.5 (parley bench floor),
// so runs should be long. That is why subscribers come first and layers second
// (forwardAbreast): what several publishers have in one batch for a subscriber
// leaves as one run where its packets are of one size. Full batches of ten
// publishers take 1.0 µs a packet so, and 1.6 layer by layer (BenchmarkMeeting);
// bench/README.md has the parts.
//
// That way has an entrance and an exit for goroutines of ours, and no other:
//
//	SRTP of a remote ─▶ opened ─┐                        ┌─▶ sealed ─▶ a remote's peer
//	                            ├─▶ ingestLoop ▶ streams ┤
//	Feed.Write ─▶ queue ────────┘                        └─▶ queue ─▶ Tap.Read
//
// Behind ingestLoop packets know a publisher and no more: a [Feed] is muted,
// limited, judged and placed like a remote. In front of an exit streams are alike
// too: a [Tap] gets the numbers, times and layers that a seat would get. An exit is
// asked once per run of packets how they leave. Neither a slow reader nor a
// quick writer makes a worker wait: their queues are bounded, and what finds no
// room is counted (tap_full, feed_full).
//
// A batch is what the kernel had ready; nothing waits for it to fill. Only
// where sound comes often and little else, as in many rooms of voices, the
// worker sleeps 0.3 ms between batches, so that they share its waking up, which
// costs more than they do (see pace): 400 speakers in 100 rooms took 8.9 to
// 10.2 µs of CPU per forwarded packet in place of 10.9 to 11.1 (parley bench
// voice --rooms 100, alternating), and 0.5 ms in place of 0.1 on the way
// (median).
//
// # Who owns what
//
// A worker is one goroutine with one socket of one local address. A remote is
// owned by the worker that its media arrives at, a feed by the one that it got
// when it was opened: the owner alone touches what is received (receiver, layers,
// caches) and, through the tracks' forwarding tables, the sending state of all
// streams that carry the publisher's tracks. So what a
// publisher sends is read, sealed and sent by one goroutine, and several
// workers may send to one subscriber at a time: its keys are immutable, but for a
// lock around the sealing of RTCP, and its transport-wide numbers atomic.
//
// Who plans and places (Control.GoBy, Place, Vacate, Release: any goroutine, under
// the remote's mutex) never touches owned state. It publishes immutable values:
// a track's table, a remote's selected flow, keys, what was agreed upon and the
// codecs of tracks and streams. When
// owned state changes hands (a seat gets another source, a remote's 4-tuple
// moves to another worker), it is unlinked, a goroutine of the group waits
// until every worker has ended the batch it was in (an epoch counter per worker,
// odd while busy; see quiesce) and links it again. Nothing is freed by hand:
// what a worker still holds at the end of its batch is garbage then.
//
// A peer may also come by a connection of somebody else's (see [Group.Attach]): its
// packets reach a worker as bounded commands and are handled as if they had come to
// the socket; what is sent to it leaves by a [udp.PacketOut]. Which of the two it is a
// run of packets asks once (worker.batch); the packets themselves are written to an
// arena either way.
//
// The list of workers only grows, by a new one in its place (see network). Workers
// that come late are published before they run, so quiesce misses none that holds a
// table. A worker without a socket of its own at an address sends from one that it
// shares with others. A receive arena is allocated with the first datagram, a send
// arena with the first packet that leaves by an address.
//
// Once a second control judges the pictures that are on (trouble): whether
// anything of them arrives, and whether a key frame comes that somebody waits
// for. The owners' ticks leave it what they see in a few atomics of the track;
// packets know nothing of it.
//
// What one worker wants from another (a repair, a key frame) goes through a
// bounded queue of small commands.
//
// A remote that sends nothing is owned by the worker of its selected flow, which
// looks after it while anything is sent to it. What was sent under its newest
// transport-wide numbers is in a log (media.SendLog, 16 KiB) from its first report on
// them: whoever drew a number writes, one atomic word, and the owner joins
// the reports with it.
//
// # Invariants
//
//   - No SRTP packet is accepted twice, not even when its SSRC has given way to
//     others (media.TestForgottenSSRCIsNotReplayed), and failures to authenticate
//     end nothing: they are counted (TestReplayAndForgery of package rtc).
//   - Nothing of a packet outlives it: the memory that packets share is written
//     as a whole for each, or one person's level, say, would go out with
//     another's sound (TestNothingOfAPacketSurvives).
//   - No SRTP index is sealed twice: the first sending of a packet has the
//     rewriter's number, a repair that of the repair SSRC, and a plan draws SSRCs
//     that never come again.
//   - All that a peer can make us hold is bounded. Plans do not add up
//     (TestThousandRecyclings), and what an SSRC had goes when its layer has left it
//     and another needs its place (TestTwoHundredUnmutes, TestHundredShares).
//
// # Limits
//
// Simulcast of up to three layers; a feed has one. Nobody is asked to repeat what is
// missing of a feed.
// Key frames are asked of a publisher at most twice in any second per
// layer; repairs are at most what was sent in the first place, and a worker
// that gets more than it can forward asks for none. A remote may send 20,000
// packets a second, 10,000 at once. One source may send Config.SourceRate, and
// a second's worth at once: what is beyond reaches nobody and is missed by
// nobody (see sourceRate). Layers are chosen by size only: reports on
// transport-wide numbers are counted and not yet used to estimate bandwidth, nor
// ranks and the rates of layers to share it.
package forward
