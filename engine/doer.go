package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// doer is who handles a request: the connection; or the participant, the room, or
// both, the participant first.
type doer struct {
	signal func(s *Signal, req wire.Request, now time.Time)
	// participant reports whether the request is to go on to the room.
	participant func(p *participantState, s *Signal, req wire.Request) bool
	room        func(r *roomState, q asked, req wire.Request)
}

// asked is who asks a room for something, and how it is answered: the connection
// that asked need not speak for the member any more.
type asked struct {
	ctx    *actors.Context[roomMsg]
	m      *member
	signal *Signal
}

func bySignal[R wire.Request](do func(*Signal, R, time.Time)) doer {
	return doer{signal: func(s *Signal, req wire.Request, now time.Time) { do(s, req.(R), now) }}
}

func byParticipant[R wire.Request](do func(*participantState, *Signal, R)) doer {
	return doer{participant: func(p *participantState, s *Signal, req wire.Request) bool {
		do(p, s, req.(R))
		return false
	}}
}

// byRoom is answered with ok when do returns.
func byRoom[R wire.Request](do func(*roomState, asked, R)) doer {
	return doer{room: func(r *roomState, q asked, req wire.Request) {
		do(r, q, req.(R))
		q.signal.ok(req.RequestID())
	}}
}

// byRoomItself is answered by do, maybe later.
func byRoomItself[R wire.Request](do func(*roomState, asked, R)) doer {
	return doer{room: func(r *roomState, q asked, req wire.Request) { do(r, q, req.(R)) }}
}

func byBoth[R wire.Request](first func(*participantState, *Signal, R) bool, then func(*roomState, asked, R)) doer {
	do := byRoom(then)
	do.participant = func(p *participantState, s *Signal, req wire.Request) bool { return first(p, s, req.(R)) }
	return do
}

// onMemberRequest deals with what a member's client asks. A request of a
// connection that no longer speaks for the member is still answered: it was
// taken in good faith.
func (r *roomState) onMemberRequest(ctx *actors.Context[roomMsg], msg memberRequest) {
	id := msg.req.RequestID()
	r.j.doing = doing{msg.signal, id}
	m := r.j.byID[msg.id]
	if m == nil {
		msg.signal.refuse(id, wire.CodeNotJoined, "the session is over")
		return
	}
	actions[msg.req.RequestType()].do.room(r, asked{ctx, m, msg.signal}, msg.req)
}
