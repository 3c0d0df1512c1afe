package engine

import "parley/engine/wire"

// participantMsg is what a participant takes.
type participantMsg interface{ toParticipant() }

type (
	// clientRequest: from its Signal, which fills at most half of the mailbox;
	// with Drop: what does not fit is refused with rate_limited.
	clientRequest struct {
		signal *Signal
		req    wire.Request
	}
	// signalLost: from its Signal, once; coalesced.
	signalLost struct{ signal *Signal }
	// signalAttached: from the room, before the new Signal's first request;
	// coalesced.
	signalAttached struct{ signal *Signal }
	// awayCheck: its own timer.
	awayCheck struct{}
	// sessionFailed: from the media side, once, and then its own timer until the
	// room took it; coalesced, into the half of the mailbox that clients can not
	// fill.
	sessionFailed struct{}
	// panicPlease: from the room's fault hook.
	panicPlease struct{}
)

func (clientRequest) toParticipant()  {}
func (signalLost) toParticipant()     {}
func (signalAttached) toParticipant() {}
func (awayCheck) toParticipant()      {}
func (sessionFailed) toParticipant()  {}
func (panicPlease) toParticipant()    {}
