package engine

import (
	"time"

	"parley/engine/wire"
)

// Classes of coalesced messages.
const (
	keySignalLost uint32 = iota + 1
	keySignalAttached
	keyVoice
	keyLayer
	keyLimited
	keyWasted
	keySource
	keyMediaUp
	keyMediaFailed
	keyRecords
)

// roomMsg is what a room takes. Messages of one sender arrive in order.
type roomMsg interface{ toRoom() }

// fromRegistry is what the registry tells a room; with Drop. Both count it: the
// registry what it has sent, the room what it has dealt with, so that a room does
// not end while somebody is on the way in (see roomIdle). registryState.tell takes
// nothing else, and dispatch counts nothing else: a handler may be called from
// anywhere in the room and the books still agree.
type fromRegistry interface {
	roomMsg
	counted()
}

// joinRoom and resumeSession are among them, see registry_msgs.go.
type (
	// removeFromRoom ends one participant, or all.
	removeFromRoom struct{ participant string }
	announceDrain  struct{ in time.Duration }
	panicHere      struct{ participant string }
	// shutRoom ends everybody and the room.
	shutRoom struct{}
	// yieldRoom ends it for the sake of another room, if nobody or one is in it.
	yieldRoom struct{}
	// moveRoom ends everybody and the room, for it is another node's by now.
	moveRoom struct{}
)

// From participants. Control waits for room in the mailbox, client requests
// are refused when it is full.
type (
	// mediaOpened: the first message of a participant: the result of Media.Open.
	mediaOpened struct {
		id     string
		result opened
		err    error
	}
	// mediaOffered: an offer within the session was answered. What the client
	// gets goes through the room, so that it comes before seats that it allows.
	mediaOffered struct {
		id     string
		signal *Signal
		reqID  int64
		result opened
	}
	// memberAway: the socket of a member was lost.
	memberAway struct {
		id     string
		signal *Signal
	}
	// memberSilent: nothing is heard of the media of a member without socket.
	memberSilent struct {
		id     string
		signal *Signal
	}
	// memberLost: a member without socket stayed away too long. signal, here and
	// in memberSilent, is the one that was lost: if another is there by now, the
	// message is void.
	memberLost struct {
		id     string
		signal *Signal
	}
	// mediaFailed: the media session of a member or newcomer is over.
	mediaFailed struct{ id string }
	// memberRequest: a client's request that concerns the room.
	memberRequest struct {
		id     string
		signal *Signal
		req    wire.Request
	}
)

// From the media side, coalesced by participant (and seat or source): the latest counts.
type (
	mediaUp      struct{ id string }
	voiceChanged struct {
		id       string
		speaking bool
		level    int
	}
	layerChanged struct {
		id            string
		seat          int
		layer         string
		width, height int
		reason        string
	}
	sourceLimited struct {
		id     string
		source wire.Source
		limit  uint64 // bits per second
	}
	// sourceWasted: it is sent though it is muted.
	sourceWasted struct {
		id     string
		source wire.Source
	}
	// sourceChanged: there may be something else to tell of it to those who have
	// it in a seat.
	sourceChanged struct {
		id     string
		source wire.Source
	}
)

// recordsWritten: from the storage's writer, coalesced: the journal's inbox
// holds results. A full mailbox loses nothing, for the inbox is looked at after
// every message.
type recordsWritten struct{}

// The room's own timers.
type (
	roomEmpty   struct{}
	echoOver    struct{}
	speakersDue struct{}
	seatsDue    struct{}
	qualityDue  struct{}
	recordsLate struct{}
	textsLate   struct{}
	eventsOld   struct{}
)

func (joinRoom) counted()       {}
func (resumeSession) counted()  {}
func (removeFromRoom) counted() {}
func (announceDrain) counted()  {}
func (panicHere) counted()      {}
func (shutRoom) counted()       {}
func (yieldRoom) counted()      {}
func (moveRoom) counted()       {}

func (joinRoom) toRoom()       {}
func (resumeSession) toRoom()  {}
func (removeFromRoom) toRoom() {}
func (announceDrain) toRoom()  {}
func (panicHere) toRoom()      {}
func (shutRoom) toRoom()       {}
func (yieldRoom) toRoom()      {}
func (moveRoom) toRoom()       {}
func (mediaOpened) toRoom()    {}
func (mediaOffered) toRoom()   {}
func (memberAway) toRoom()     {}
func (memberSilent) toRoom()   {}
func (memberLost) toRoom()     {}
func (memberRequest) toRoom()  {}
func (mediaUp) toRoom()        {}
func (mediaFailed) toRoom()    {}
func (voiceChanged) toRoom()   {}
func (layerChanged) toRoom()   {}
func (sourceLimited) toRoom()  {}
func (sourceWasted) toRoom()   {}
func (sourceChanged) toRoom()  {}
func (recordsWritten) toRoom() {}
func (roomEmpty) toRoom()      {}
func (echoOver) toRoom()       {}
func (speakersDue) toRoom()    {}
func (seatsDue) toRoom()       {}
func (qualityDue) toRoom()     {}
func (recordsLate) toRoom()    {}
func (textsLate) toRoom()      {}
func (eventsOld) toRoom()      {}
