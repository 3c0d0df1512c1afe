package path

import "sync/atomic"

// Drop is a reason why a datagram went no further.
type Drop uint8

// The reasons. Their names are label values of the metrics page.
const (
	DropNone          Drop = iota
	DropUnknownFlow        // not STUN, from an address that did not prove itself
	DropSTUN               // not a binding request, or not decodable
	DropUnknownUfrag       // binding request for no session of ours
	DropIntegrity          // binding request with a wrong message integrity
	DropFlows              // one more remote address than a session may have
	DropReplayedCheck      // binding request that was seen before, from elsewhere
	DropTaken              // binding request from an address that belongs to another session
	DropAnswer             // answer to no check of ours, or by somebody else
	DropFlood              // more binding requests than are answered
	DropDTLS               // handshake queue full, or after the handshake
	DropCount
)

// dropNames are indexed by Drop.
var dropNames = [DropCount]string{
	DropUnknownFlow: "unknown_flow", DropSTUN: "stun", DropUnknownUfrag: "unknown_ufrag", DropIntegrity: "bad_integrity",
	DropFlows: "too_many_flows", DropReplayedCheck: "stun_replay", DropTaken: "address_taken", DropAnswer: "stun_answer",
	DropFlood: "flood", DropDTLS: "dtls",
}

func (d Drop) String() string { return dropNames[d] }

// Drops are what a loop dropped, by reason. Anybody may read them.
type Drops [DropCount]atomic.Uint64
