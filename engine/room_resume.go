package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// onResumeSession gives a member a new connection, or says that it is too late.
func (r *roomState) onResumeSession(msg resumeSession) {
	r.j.doing = doing{msg.signal, msg.req.ID}
	m := r.j.byID[msg.token.participant]
	if m == nil || m.kind != wire.KindPerson || !sameSecret(m.secret, msg.token.secret) ||
		msg.req.Seq > r.j.seq || !r.j.log.reaches(msg.req.Seq) {
		msg.signal.refuseResume(msg.req.ID)
		return
	}
	old := m.signal
	attached := signalAttached{msg.signal}
	if m.ref.Tell(attached, actors.Coalesce(actors.Key{Class: keySignalAttached, ID: msg.signal.number})) != nil {
		msg.signal.refuseResume(msg.req.ID)
		return
	}
	if !msg.signal.bind(m.ref) {
		msg.signal.tellLost(m.ref) // gone again; its end came before it was known
	}
	r.j.connect(m, nil)
	if !m.silentAt.IsZero() {
		m.silentAt, r.stage = time.Time{}, nil
	}
	if old != nil {
		r.j.sayings.abandon(old)
		old.bye(wire.NewBye(wire.CodeReplaced, "resumed on another connection"))
	} else {
		r.publish(&wire.ParticipantAway{Participant: m.id, Away: false}, audience{})
	}
	r.j.connect(m, msg.signal)
	r.env.meters.resumes.add("ok")
	m.signal.reply(&wire.Resumed{
		Head: wire.Head{ID: msg.req.ID}, Seq: r.j.seq, ServerTime: time.Now().UnixMilli(),
	})
	r.j.log.since(msg.req.Seq, m.id, m.signal.send)
	r.retell(m)
}

// retell tells a member its current seats, the speakers and the connections, and
// what else has no place in the order.
func (r *roomState) retell(m *member) {
	for i := range m.seats {
		m.told[i] = r.notice(m, i)
		m.tell(m.told[i].event(i))
	}
	m.tell(&wire.Speakers{Speakers: r.speakers.speakers()})
	r.tellQualityTo(m)
	if m.leftOpen && !m.undecided {
		m.tell(&wire.Recorded{Recorded: m.recorded}) // the first may not have arrived
	}
	r.tellDraining(m, time.Now())
}
