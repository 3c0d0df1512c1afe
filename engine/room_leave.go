package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// departure says how a member goes.
type departure struct {
	reason wire.Reason
	// code and message are of the bye; without a code there is none.
	code    wire.Code
	message string
	// recorded is told when the end of the interval is on disk; may be nil.
	recorded func(error)
}

// remove takes a member out of the room. It reports whether d.recorded will be
// called.
func (r *roomState) remove(ctx *actors.Context[roomMsg], m *member, d departure) bool {
	now := ctx.Now()
	r.j.drop(m)
	r.stage = nil
	r.vacateSeatsOf(m)
	r.forgetVoice(ctx, m.id)
	waits := r.j.recordLeave(r.env, m, now, d.reason, d.recorded)
	r.env.meters.leaves.add(string(d.reason))
	r.log.Info("participant left", "participant", m.id, "reason", d.reason, "members", len(r.j.members))
	r.env.meters.participants.Add(-1)
	if m.signal != nil && d.code != "" {
		bye := wire.NewBye(d.code, d.message)
		bye.Summary = r.j.summary(m, now)
		r.j.sayings.abandon(m.signal)
		m.signal.bye(bye)
	}
	m.ref.Stop()
	r.publish(&wire.ParticipantLeft{Participant: m.id, Reason: d.reason}, audience{})
	if r.j.echo {
		r.dropEcho()
	}
	r.j.endIfEmpty(r.env, now)
	r.watchEmpty(ctx)
	return waits
}

// dropEcho takes the echo out behind its only caller.
func (r *roomState) dropEcho() {
	for _, m := range r.j.members {
		if m.kind == wire.KindEcho {
			r.j.drop(m)
			return
		}
	}
}

// leaveWait is a leave whose record is on its way to disk; the client is told
// when it is there.
type leaveWait struct {
	signal *Signal
	reply  *wire.OK
	dueBy  time.Time
	done   bool
}

func (w *leaveWait) finish() {
	if !w.done {
		w.done = true
		w.signal.leave(w.reply)
	}
}

func (r *roomState) onLeave(q asked, req *wire.Leave) {
	m, now := q.m, q.ctx.Now()
	w := &leaveWait{
		signal: q.signal, reply: wire.OKTo(req.ID), dueBy: now.Add(r.env.times.Record),
	}
	w.reply.Summary = r.j.summary(m, now)
	r.j.connect(m, nil) // no event after the leave
	box := r.toInbox(func(err error) recordResult { return recordResult{leave: w, err: err} })
	if !r.remove(q.ctx, m, departure{reason: wire.ReasonLeft, recorded: box}) {
		r.j.finish(w)
		return
	}
	r.j.leaving = append(r.j.leaving, w)
	r.watchRecords(q.ctx)
}

// onRemoveFromRoom ends one participant or, without a name, all.
func (r *roomState) onRemoveFromRoom(ctx *actors.Context[roomMsg], participant string) {
	if participant == "" {
		r.endAll(ctx, wire.CodeEnded, wire.ReasonRemoved, "the meeting was ended")
		return
	}
	if m := r.j.byID[participant]; m != nil && m.kind == wire.KindPerson {
		r.remove(ctx, m, departure{reason: wire.ReasonRemoved, code: wire.CodeRemoved, message: "removed from the room"})
	}
}

func (r *roomState) endAll(ctx *actors.Context[roomMsg], code wire.Code, reason wire.Reason, message string) {
	for len(r.j.members) > 0 {
		r.remove(ctx, r.j.members[0], departure{reason: reason, code: code, message: message})
	}
}

// onMemberAway marks a member whose socket was lost.
func (r *roomState) onMemberAway(msg memberAway) {
	m := r.j.byID[msg.id]
	if m == nil || m.signal != msg.signal {
		return
	}
	r.j.connect(m, nil)
	r.j.sayings.forget(msg.signal)
	r.publish(&wire.ParticipantAway{Participant: m.id, Away: true}, audience{})
}

// onMemberSilent takes a member out of sight: off all seats, hand down. It keeps
// its place, its media session and its record until it is resumed or lost.
func (r *roomState) onMemberSilent(ctx *actors.Context[roomMsg], msg memberSilent) {
	m := r.j.byID[msg.id]
	if m == nil || m.signal != nil {
		return
	}
	m.silentAt = ctx.Now()
	r.stage = nil
	r.forgetVoice(ctx, m.id)
	if r.j.hands.set(m.id, false) {
		r.publish(&wire.HandChanged{Participant: m.id, At: m.silentAt.UnixMilli()}, audience{})
	}
	r.publish(&wire.ParticipantAway{Participant: m.id, Away: true, Silent: true}, audience{})
}

// onMemberLost gives a member up. If it was resumed meanwhile the message is
// void.
func (r *roomState) onMemberLost(ctx *actors.Context[roomMsg], msg memberLost) {
	m := r.j.byID[msg.id]
	if m == nil || m.signal != nil && m.signal != msg.signal {
		return
	}
	r.j.sayings.forget(msg.signal)
	r.remove(ctx, m, departure{reason: wire.ReasonLost})
}

// onMediaFailed ends a member whose media can not be mended.
func (r *roomState) onMediaFailed(ctx *actors.Context[roomMsg], id string) {
	if m := r.j.byID[id]; m != nil {
		r.remove(ctx, m, departure{reason: wire.ReasonLost, code: wire.CodeMediaFailed, message: "the media connection failed"})
		return
	}
	if n := r.j.joining[id]; n != nil {
		r.giveUp(ctx, n, refuse(wire.CodeMediaFailed, "the media connection failed"))
	}
}

// onParticipantExited cleans up behind an actor that ended by itself: it
// panicked. Those the room stops end without an error.
func (r *roomState) onParticipantExited(ctx *actors.Context[roomMsg], exit actors.Exit) {
	if exit.Err == nil {
		return
	}
	if n := r.j.joining[exit.Name]; n != nil {
		r.giveUp(ctx, n, refuse(wire.CodeInternal, "a fault of the server"))
		return
	}
	m := r.j.byID[exit.Name]
	if m == nil {
		return
	}
	r.remove(ctx, m, departure{reason: wire.ReasonFailed, code: wire.CodeInternal, message: "a fault of the server"})
	if m.session != nil {
		m.session.Close() // its owner could not
	}
}

func (r *roomState) onAnnounceDrain(in time.Duration) {
	r.show(&wire.Draining{InMS: max(0, in.Milliseconds())}, audience{})
}
