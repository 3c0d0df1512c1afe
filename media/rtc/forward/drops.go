package forward

import "sync/atomic"

// drop is a reason why a datagram, or a packet to one subscriber, went no
// further. Drops are counted, never logged: whoever can cause a drop could
// otherwise fill a disk.
type drop uint8

// The reasons that are not a path's (path.Drop). Their names are label values of
// the metrics page.
const (
	dropNone drop = iota
	// In, from anybody.
	dropMalformed // first byte of no protocol we speak, or too short
	// In, from a peer that proved its address.
	dropNoKeys      // SRTP before the handshake
	dropFlood       // more packets than a session may send
	dropOtherWorker // session on its way from one worker to another
	dropHeader      // malformed RTP
	dropAuth        // SRTP or SRTCP with a wrong tag
	dropReplay      // SRTP or SRTCP seen before, or too old
	dropStream      // SSRC that belongs to no source
	dropSSRCs       // one more SSRC than a session may use at a time, or than its keys may protect
	dropFormer      // of an SSRC that its layer has left, and late
	dropPayload     // malformed payload, unknown payload type
	dropRTCP        // malformed RTCP
	dropMuted       // of a muted source
	dropDuplicate   // arrived again as a repair
	dropPadding     // nothing in it: a probe for bandwidth
	dropSourceRate  // more bytes than a source may send
	dropFeedFull    // a feed's worker did not take it in time
	// Out.
	dropNotConnected // subscriber has no keys, no address that consents, or an inactive section
	dropTimestamp    // late, with a time that can not have been its own
	dropUndecodable  // subscriber did not offer the codec, or not its profile
	dropSendFull     // kernel's send buffer stayed full
	dropRefused      // kernel refused the destination
	dropThrottled    // repair or key frame request beyond the rate
	dropTapFull      // a tap's reader was slow
	dropLate         // repair asked for a packet that is gone, or a packet of a roll-over before the keys
	dropCommand      // a worker's command queue was full
	dropPanic        // our own bug, and what it took along: the batch, or a job of control
	dropReceive      // the kernel did not hand over what came; one per attempt
	dropCount
)

// dropNames are indexed by drop.
var dropNames = [dropCount]string{
	dropMalformed: "malformed", dropNoKeys: "no_keys", dropFlood: "flood", dropOtherWorker: "other_worker", dropHeader: "rtp_header",
	dropAuth: "srtp_auth", dropReplay: "srtp_replay", dropStream: "unknown_ssrc", dropSSRCs: "too_many_ssrcs", dropFormer: "former_ssrc", dropPayload: "payload",
	dropRTCP: "rtcp", dropMuted: "muted", dropDuplicate: "duplicate", dropPadding: "padding", dropSourceRate: "source_rate", dropFeedFull: "feed_full",
	dropNotConnected: "not_connected", dropUndecodable: "undecodable", dropTimestamp: "timestamp", dropSendFull: "send_full", dropRefused: "send_refused",
	dropThrottled: "throttled", dropTapFull: "tap_full", dropLate: "repair_gone", dropCommand: "command_full",
	dropPanic: "panic", dropReceive: "receive",
}

func (d drop) String() string { return dropNames[d] }

// counters are what one worker did. It adds once per batch or drop; readers
// sum over workers.
type counters struct {
	packetsIn, bytesIn   atomic.Uint64
	packetsOut, bytesOut atomic.Uint64
	forwarded            atomic.Uint64 // media packets, per subscriber
	repaired             atomic.Uint64 // packets sent again
	recovered            atomic.Uint64 // lost packets that came as a repair
	arrived, lost        atomic.Uint64 // packets that receivers reported on
	runs, runPackets     atomic.Uint64
	sendCalls            atomic.Uint64
	batches              atomic.Uint64
	drops                [dropCount]atomic.Uint64
}

func (c *counters) drop(d drop) { c.drops[d].Add(1) }

func (c *counters) dropN(d drop, n int) {
	if n > 0 {
		c.drops[d].Add(uint64(n))
	}
}
