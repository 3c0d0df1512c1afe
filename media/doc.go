// Package media holds what happens to media packets, as pure logic: no
// goroutine, no lock, no socket, no clock. Time comes in as an Instant,
// memory and keys belong to the caller. media/udp moves bytes and media/rtc
// puts both together; neither is known here.
//
// # A packet's way through this package
//
//	receive                                     send, per subscriber
//	ParseHeader → Opener.OpenRTP                Rewriter.Rewrite
//	NackTracker.Push, ReceiveStats.Update       Counters.Patch (shared payload)
//	ParseFacts, ParamSets, Cache.Put ───────►   HeaderTemplate.Write
//	TWCCRecorder.Record                         Sealer.SealRTP
//	ClockWatch.Arrived                          Rewriter.SenderReport, now and then
//
// The payload is written once, by the cipher, from the receive buffer into
// each send slot.
//
// # Who owns what
//
// HeaderTemplate is immutable and shared by all workers, and so is a Sealer as far as
// RTP under AES-GCM goes. Opener, NackTracker, Cache, ReceiveStats, ClockWatch and
// TWCCRecorder belong to the worker that receives the track; Rewriter belongs to the
// worker that forwards into its seat. Any goroutine may note in a SendLog, one reads
// it. Nothing here may be used by two goroutines at once unless its comment
// says so.
//
// # Three kinds of sequence numbers
//
// Incoming ExtSeq are counted per track layer by Unwrapper or by the Opener
// (its packet index). Outgoing ExtSeq are counted per seat by Rewriter and are
// at the same time the SRTP index, which is why a number is never given out
// twice: with GCM two packets under one index give the key away. Repairs go
// out on the RTX SSRC, whose numbers the caller counts.
//
// What goes out is bounded by what receivers stand, not by what a publisher
// sends: numbers run ahead of packets by at most 1,000 in a second, and a
// timestamp by 5 s of the clock, or 10 behind (FuzzHostilePublisher). A viewer
// that hears nothing for 3 s finds its way back into the SRTP of whoever sits
// in the seat then (TestViewerOpensAfterAGap).
//
// # Lips
//
// What a viewer is told of a seat's clocks puts sound and picture together
// within 20 ms whatever the publisher's clocks and reports do, and within half
// a second after they did it (TestLipSync, which lists what they do).
//
// # Limits
//
// Opus, VP8, H264, VP9 and AV1 are understood; other codecs are not negotiated.
// What is layered within one stream is forwarded as a whole. Header extensions
// are sent in one-byte form, but for dependency descriptors that do not fit it; a
// packet that brings more than 512 bytes of them is dropped.
// SRTP is AES-GCM by preference, AES-CM with HMAC-SHA1 for peers that know
// nothing else; MKI and unencrypted SRTCP are refused. As many SSRCs may send at
// a time as an Opener is told; one that falls silent gives its place to another
// and leaves what it takes to refuse replays of it, 4,096 of them under one key.
// Offers are bounded in size, lines and sections.
//
// # Offers
//
// ParseOffer refuses what is no SDP at all, and what no section of can be used. All
// else costs its section only (Section.Fault), for most offers come from programs
// that we can not change, and a person is better seen without a voice than not at
// all. So a text is read for what an answer needs and for nothing else, by a reader
// of our own: pion/sdp, which is what tests compare answers with, refuses a text
// over a section of a kind it does not know, and over lines in another order.
// TestOffers has the offers that matter, and what becomes of each.
//
// # What is pion's and what is ours
//
// pion/rtp reads headers: 19 ns a packet, where a reader of our own took 5. pion/srtp
// does RTCP and AES-CM, both ways. RTCP takes 132 ns to seal, as by our own code before.
// AES-CM takes half the time at 100 bytes and a fifth more at 1,200, and allocates
// nothing in place of nine times (go test -bench 'RTP|ParseHeader|Context' ./media,
// least of 60 short runs). A session holds 2 KiB for its keys until its first
// packet, and some 6 then.
//
// Opening RTP under AES-GCM is ours. pion's Context takes 170 ns in place of 127 at 100
// bytes and 425 in place of 360 at 1,200, its reading the header again included, and a
// forged packet 0.5 µs and 218 bytes of garbage in place of 0.1 and none. Where
// the caches are cold that was a twentieth of all that the server does in rooms of
// voices (samples of parley bench voice, five runs of each).
//
// Sealing RTP under AES-GCM is ours. One plaintext goes to many viewers, by whichever
// workers own what they watch, straight from the shared payload into the slots of the
// send arenas. A srtp.Context belongs to one goroutine and wants header and payload in
// one piece: that would be a Context of 2.4 KiB for each stream, or a lock for each
// packet, and a copy of each.
//
// A Context guesses indexes and forgets no SSRC; here it does neither, see
// srtpContext. srtp.Session and the interceptors lock, allocate and copy per packet.
package media
