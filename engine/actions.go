package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// action is all there is to say of one type of request. It has no optional part:
// the rows of actions name every field, and a row without one does not compile.
type action struct {
	when  order
	needs Right // else not_allowed
	limit limit
	do    doer
}

// actions has a row for every type of request, in the order of PROTOCOL.md, which
// shows it as a matrix. A request without a row is refused.
var actions = map[string]action{
	wire.TypeJoin:    {entering, NoRight, limitJoins | limitOffers, bySignal((*Signal).join)},
	wire.TypeResume:  {entering, NoRight, limitMessages, bySignal((*Signal).resume)},
	wire.TypeOffer:   {inside, NoRight, limitOffers, byParticipant((*participantState).onOffer)},
	wire.TypeView:    {inside, NoRight, limitMessages, byRoom((*roomState).onView)},
	wire.TypeMute:    {inside, NoRight, limitShows, byBoth((*participantState).onMute, (*roomState).onMute)},
	wire.TypeChat:    {inside, MayChat, limitChats, byRoomItself((*roomState).onChat)},
	wire.TypeHand:    {inside, MayRaiseHand, limitShows, byRoom((*roomState).onHand)},
	wire.TypeReact:   {inside, MayReact, limitShows, byRoom((*roomState).onReact)},
	wire.TypeCaption: {inside, MayCaption, limitShows, byRoom((*roomState).onCaption)},
	wire.TypeRename:  {inside, MayRename, limitShows, byRoom((*roomState).onRename)},
	wire.TypePing:    {anyTime, NoRight, limitMessages, bySignal((*Signal).pong)},
	wire.TypeLeave:   {inside, NoRight, limitMessages, byRoomItself((*roomState).onLeave)},
}

// limit says which limits a request takes, as bits. All take the connection's rate
// of messages.
type limit uint8

const (
	// limitMessages: nothing else, for it costs nobody but its sender.
	limitMessages limit = 1 << iota
	limitJoins          // Limits.JoinRate, per address
	limitOffers         // of its SDP, see offerlimit.go
	limitChats          // Limits.ChatRate
	// limitShows is Limits.ShowRate. What goes to everybody takes it: a request of
	// one client is a message to a thousand.
	limitShows
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
