package engine

import (
	"parley/actors"
	"parley/engine/wire"
)

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
	switch req := msg.req.(type) {
	case *wire.View:
		m.view = uniqueItems(req.Items)
		r.seatOne(m)
	case *wire.Mute:
		r.onMute(ctx, m, req)
	case *wire.Chat:
		r.onChat(m, msg.signal, req, ctx.Now())
		return // answers itself
	case *wire.Hand:
		if r.j.hands.set(m.id, req.Raised) {
			r.publish(&wire.HandChanged{Participant: m.id, Raised: req.Raised, At: ctx.Now().UnixMilli()}, audience{})
		}
	case *wire.React:
		r.publish(&wire.Reacted{Participant: m.id, Emoji: req.Emoji}, audience{})
	case *wire.Caption:
		r.show(&wire.Captioned{Participant: m.id, Text: req.Text, Final: req.Final}, except(m.id))
	case *wire.Rename:
		if m.name != req.Name {
			m.name = req.Name
			r.recordName(m)
			r.publish(&wire.ParticipantRenamed{Participant: m.id, Name: req.Name}, audience{})
		}
	case *wire.Leave:
		r.onLeave(ctx, m, msg.signal, req)
		return // answers itself
	default:
		msg.signal.refuse(id, wire.CodeUnknownType, "not for a room")
		return
	}
	msg.signal.ok(id)
}

func (r *roomState) onMute(ctx *actors.Context[roomMsg], m *member, req *wire.Mute) {
	state, ok := m.sources[req.Source]
	if !ok || state.Muted == req.Muted {
		return
	}
	state.Muted = req.Muted
	m.sources[req.Source] = state
	if req.Source == wire.Microphone && req.Muted {
		r.forgetVoice(ctx, m.id)
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
