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
	actions[msg.req.RequestType()].do.room(r, asked{ctx, m, msg.signal}, msg.req)
}

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
