package engine

import (
	"parley/actors"
	"parley/engine/wire"
)

// onMediaOffered takes over what an offer changed: seats and sources, and the
// codecs of both.
func (r *roomState) onMediaOffered(ctx *actors.Context[roomMsg], msg mediaOffered) {
	r.j.doing = doing{msg.signal, msg.reqID}
	m := r.j.byID[msg.id]
	if m == nil {
		msg.signal.refuse(msg.reqID, wire.CodeNotJoined, "the session is over")
		return
	}
	changed := m.takeMedia(msg.result, nil)
	r.j.countWatchers()
	answer := msg.result.answer
	msg.signal.reply(&wire.Answer{Head: wire.Head{ID: msg.reqID}, Answer: answer.SDP, Problems: answer.Problems})
	for _, s := range changed {
		muted := m.sources[s].Muted
		if s == wire.Microphone && muted {
			r.forgetVoice(ctx, m.id)
		}
		r.publish(&wire.Muted{Participant: m.id, Source: s, Muted: muted, Codec: msg.result.codecs[s]}, audience{})
	}
	if len(changed) > 0 {
		r.stage = nil
	}
	r.seatOne(m)
	r.placeAgain(m)
}

// onSourceChanged goes over all seats that carry a source, when who has it in
// one may have to be told something else of it, such as that it is sent in
// another codec.
func (r *roomState) onSourceChanged(msg sourceChanged) {
	if m := r.j.byID[msg.id]; m != nil {
		r.followCodec(m, msg.source)
	}
	for _, m := range r.j.members {
		for i, s := range m.seats {
			if s.participant == msg.id && s.source == msg.source {
				r.place(m, i)
				r.tellSeat(m, i)
			}
		}
	}
}

// followCodec tells everybody if a source is sent in another codec than they
// know of.
func (r *roomState) followCodec(m *member, s wire.Source) {
	state, ok := m.sources[s]
	if !ok || m.session == nil {
		return
	}
	codec := m.session.Codec(s)
	if codec == "" || codec == state.Codec {
		return
	}
	state.Codec = codec
	m.sources[s] = state
	r.publish(&wire.Muted{Participant: m.id, Source: s, Muted: state.Muted, Codec: codec}, audience{})
}
