package floor

import "parley/bench/gcm"

// Plan is the work of one minimal forwarder: who sends and where it goes. It
// travels as JSON to the forwarder's process.
type Plan struct {
	// GSO sends runs to one destination as one message.
	GSO        bool        `json:"gso"`
	Publishers []Publisher `json:"publishers"`
	Dests      []Dest      `json:"dests"`
	Faults     Faults      `json:"faults"`
}

// Publisher is one sender, told by its UDP port on 127.0.0.1.
type Publisher struct {
	Port    uint16   `json:"port"`
	Keys    gcm.Keys `json:"keys"`
	Streams []Stream `json:"streams"`
}

// Stream is one incoming SSRC and where its packets go.
type Stream struct {
	SSRC uint32 `json:"ssrc"`
	To   []Hop  `json:"to"`
}

// Hop is one destination of a stream: an index into Plan.Dests and the SSRC
// it gets there.
type Hop struct {
	Dest int    `json:"dest"`
	SSRC uint32 `json:"ssrc"`
}

// Dest is one receiver on 127.0.0.1.
type Dest struct {
	Port uint16   `json:"port"`
	Keys gcm.Keys `json:"keys"`
}

// Faults are defects on purpose: with them the tool's own tests prove that it
// sees what a broken server does. Zero means none.
type Faults struct {
	// DropEvery leaves out each n-th outgoing packet.
	DropEvery int `json:"drop_every"`
	// RepeatEvery sends each n-th outgoing packet twice.
	RepeatEvery int `json:"repeat_every"`
}
