package engine

import (
	"parley/engine/access"
	"parley/engine/wire"
)

// action is all there is to say of one type of request. It has no optional part:
// the rows of actions name every field, and a row without one does not compile.
type action struct {
	when  order
	needs access.Right // else not_allowed
	limit limit
	do    doer
}

// actions has a row for every type of request, in the order of PROTOCOL.md, which
// shows it as a matrix. A request without a row is refused.
var actions = map[string]action{
	wire.TypeJoin:    {entering, access.NoRight, limitJoins | limitOffers, bySignal((*Signal).join)},
	wire.TypeResume:  {entering, access.NoRight, limitMessages, bySignal((*Signal).resume)},
	wire.TypeOffer:   {inside, access.NoRight, limitOffers, byParticipant((*participantState).onOffer)},
	wire.TypeView:    {inside, access.NoRight, limitMessages, byRoom((*roomState).onView)},
	wire.TypeMute:    {inside, access.NoRight, limitShows, byBoth((*participantState).onMute, (*roomState).onMute)},
	wire.TypeChat:    {inside, access.MayChat, limitChats, byRoomItself((*roomState).onChat)},
	wire.TypeHand:    {inside, access.MayRaiseHand, limitShows, byRoom((*roomState).onHand)},
	wire.TypeReact:   {inside, access.MayReact, limitShows, byRoom((*roomState).onReact)},
	wire.TypeCaption: {inside, access.MayCaption, limitShows, byRoom((*roomState).onCaption)},
	wire.TypeRename:  {inside, access.MayRename, limitShows, byRoom((*roomState).onRename)},
	wire.TypePing:    {anyTime, access.NoRight, limitMessages, bySignal((*Signal).pong)},
	wire.TypeLeave:   {inside, access.NoRight, limitMessages, byRoomItself((*roomState).onLeave)},
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

// What the room does in a few lines stands here. The rest has files of its own:
// room_chat.go, room_leave.go, participant_media.go, signal.go.

func (r *roomState) onView(q asked, req *wire.View) {
	q.m.view = uniqueItems(req.Items)
	r.seatOne(q.m)
}

func (r *roomState) onHand(q asked, req *wire.Hand) {
	if r.j.hands.set(q.m.id, req.Raised) {
		r.publish(&wire.HandChanged{Participant: q.m.id, Raised: req.Raised, At: q.ctx.Now().UnixMilli()}, audience{})
	}
}

func (r *roomState) onReact(q asked, req *wire.React) {
	r.publish(&wire.Reacted{Participant: q.m.id, Emoji: req.Emoji}, audience{})
}

func (r *roomState) onCaption(q asked, req *wire.Caption) {
	r.show(&wire.Captioned{Participant: q.m.id, Text: req.Text, Final: req.Final}, except(q.m.id))
}

func (r *roomState) onRename(q asked, req *wire.Rename) {
	m := q.m
	if m.name == req.Name {
		return
	}
	m.name = req.Name
	r.recordName(m)
	r.publish(&wire.ParticipantRenamed{Participant: m.id, Name: req.Name}, audience{})
}

func (r *roomState) onMute(q asked, req *wire.Mute) {
	m := q.m
	state, ok := m.sources[req.Source]
	if !ok || state.Muted == req.Muted {
		return
	}
	state.Muted = req.Muted
	m.sources[req.Source] = state
	if req.Source == wire.Microphone && req.Muted {
		r.forgetVoice(q.ctx, m.id)
	}
	r.stage = nil
	r.publish(&wire.Muted{Participant: m.id, Source: req.Source, Muted: req.Muted}, audience{})
}

// uniqueItems drops later items of the same participant and source.
func uniqueItems(items []wire.ViewItem) []wire.ViewItem {
	seen := make(map[sitter]bool, len(items))
	out := make([]wire.ViewItem, 0, len(items))
	for _, it := range items {
		id := sitter{it.Participant, it.Source}
		if !seen[id] {
			seen[id] = true
			out = append(out, it)
		}
	}
	return out
}
