package engine

import (
	"time"

	"parley/actors"
	"parley/engine/access"
	"parley/engine/wire"
)

// registryMsg is what the registry takes. Everything that reaches a room from
// outside for the first time passes through it, so that a room can not end
// while somebody is on the way in. Senders from outside use Drop: a full
// mailbox refuses a join with server_full.
type registryMsg interface{ toRegistry() }

type (
	// joinRoom: from a pending Signal. Answered by the room, or refused.
	joinRoom struct {
		signal *Signal
		req    *wire.Join
		// room and may are the registry's: where this leads, and with what rights.
		room string
		may  access.Right
	}
	// admitted: from the task that asked the Authority about a join.
	admitted struct {
		join joinRoom
		err  error
	}
	// resumeSession: from a pending Signal. Answered by the room, or refused.
	resumeSession struct {
		signal *Signal
		req    *wire.Resume
		token  resumeToken
	}
	// claimed: from the task that asked whose a room is; entry.claim has the answer.
	claimed struct{ entry *roomEntry }
	// leaseLost: from the task that watches the lease of a room, also when the room
	// has ended by itself.
	leaseLost struct{ entry *roomEntry }
	// roomIdle: from a room that was empty for long enough. handled is how many
	// messages from the registry it has dealt with: one less than sent means
	// that somebody is on the way in.
	roomIdle struct {
		name    string
		handled uint64
	}
	// roomCall and drainAll come from the Bus.
	roomCall struct{ call RoomCall }
	drainAll struct{ in time.Duration }
	// stopRooms: from Engine.Stop, answered when no room is left.
	stopRooms struct{ reply actors.Reply[struct{}] }
	// lastMinute: the registry's timer, a minute before the end.
	lastMinute struct{ at time.Time }
	// findRoom: from Engine.FindRoom, answered with the room that is meant.
	findRoom struct {
		room  string
		reply actors.Reply[string]
	}
	// panicNow: from the fault hooks.
	panicNow struct{ room, participant string }
)

func (joinRoom) toRegistry()      {}
func (admitted) toRegistry()      {}
func (resumeSession) toRegistry() {}
func (claimed) toRegistry()       {}
func (leaseLost) toRegistry()     {}
func (roomIdle) toRegistry()      {}
func (roomCall) toRegistry()      {}
func (drainAll) toRegistry()      {}
func (lastMinute) toRegistry()    {}
func (stopRooms) toRegistry()     {}
func (findRoom) toRegistry()      {}
func (panicNow) toRegistry()      {}

// entrant is somebody on the way into a room: the message that brings him there.
type entrant interface {
	fromRegistry
	// refuse answers it. wait is when trying again makes sense.
	refuse(err error, wait time.Duration)
	// gone reports whether nobody waits for the answer any more.
	gone() bool
}

func (m joinRoom) refuse(err error, wait time.Duration) { m.signal.refuseJoin(m.req.ID, err, wait) }
func (m joinRoom) gone() bool                           { return !m.signal.alive() }

// refuse says that the session is over, unless the room may only be out of reach.
func (m resumeSession) refuse(err error, wait time.Duration) {
	switch code := CodeOf(err); code {
	case wire.CodeMoved, wire.CodeUnavailable, wire.CodeServerBusy:
		m.signal.env.meters.resumes.code(code)
		m.signal.release()
		m.signal.refuseFor(wait, m.req.ID, code, developerText(err))
	default:
		m.signal.refuseResume(m.req.ID)
	}
}

func (m resumeSession) gone() bool { return !m.signal.alive() }
