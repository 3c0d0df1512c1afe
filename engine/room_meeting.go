package engine

import (
	"time"

	"github.com/google/uuid"

	"parley/actors"
	"parley/engine/wire"
)

// The record of a meeting: it begins with its first participant and ends with
// its last. Echo rooms leave none. When the storage fails, meetings go on
// without.

// beginMeeting makes sure that a meeting runs.
func (j *roomJournal) beginMeeting(e *env, creator string, now time.Time) {
	if j.meeting != nil {
		return
	}
	if j.echo {
		j.meeting = &meeting{start: now}
		return
	}
	id := uuid.Must(uuid.NewV7()).String()
	j.meeting = &meeting{id: id, start: now}
	e.log.Info("meeting began", "room", roomLabel(j.name), "meeting", id)
	e.log.Debug("room of the meeting", "room", roomLabel(j.name), "name", j.name, "meeting", id)
	m := Meeting{ID: id, Room: j.name, Title: j.title, Creator: creator, Start: now, Limit: e.limits.RoomParticipants}
	e.record(func(done func(error)) error { return e.records.BeginMeeting(m, done) }, nil)
}

// endIfEmpty ends the meeting when nobody is in it or on the way in.
func (j *roomJournal) endIfEmpty(e *env, now time.Time) {
	if len(j.members) > 0 {
		return
	}
	for _, n := range j.joining {
		if n.m.recorded {
			return
		}
	}
	j.endMeeting(e, now)
}

// endMeeting ends the meeting if one runs.
func (j *roomJournal) endMeeting(e *env, now time.Time) {
	if j.meeting == nil {
		return
	}
	id, peak := j.meeting.id, j.meeting.peak
	j.meeting = nil
	if !j.echo {
		e.log.Info("meeting ended", "room", roomLabel(j.name), "meeting", id, "peak", peak)
		e.record(func(done func(error)) error { return e.records.EndMeeting(id, now, "", done) }, nil)
	}
}

// recordLeave closes a member's interval, for one who was silent at the time when
// it went out of sight. It reports whether there was one.
func (j *roomJournal) recordLeave(e *env, m *member, at time.Time, reason wire.Reason, then func(error)) bool {
	if !m.recorded || j.meeting == nil {
		return false
	}
	m.recorded = false
	if !m.silentAt.IsZero() {
		at = m.silentAt
	}
	id := j.meeting.id
	e.record(func(done func(error)) error { return e.records.Leave(id, m.id, at, string(reason), done) }, then)
	return true
}

// recordJoin opens a newcomer's interval; the result comes to the inbox.
func (r *roomState) recordJoin(m *member, now time.Time) {
	meeting, id := r.j.meeting.id, m.id
	j := Joining{Participant: id, User: m.user, Name: m.name, Ticket: ticketOf(m.secret), At: now}
	m.recorded, m.undecided = true, true
	r.env.record(
		func(done func(error)) error { return r.env.records.Join(meeting, j, done) },
		r.toInbox(func(err error) recordResult { return recordResult{join: id, err: err} }))
}

// recordName keeps a new name.
func (r *roomState) recordName(m *member) {
	if !m.recorded || r.j.meeting == nil {
		return
	}
	meeting, id, name := r.j.meeting.id, m.id, m.name
	r.env.record(func(done func(error)) error { return r.env.records.Rename(meeting, id, name, done) }, nil)
}

// onJoinRecorded lets a newcomer in, whether its interval is on disk or not:
// meetings go on when the storage fails, and joined says so.
func (r *roomState) onJoinRecorded(ctx *actors.Context[roomMsg], id string, err error) {
	n := r.j.joining[id]
	if n != nil {
		n.onDisk, n.m.recorded, n.m.undecided = err == nil, err == nil, false
		r.welcome(ctx, n)
	} else if m := r.j.byID[id]; m != nil { // it was let in before
		m.recorded, m.undecided = err == nil, false
		m.tell(&wire.Recorded{Recorded: m.recorded})
	}
}

// watchRecords makes sure that joins and leaves do not wait for a stuck disk.
func (r *roomState) watchRecords(ctx *actors.Context[roomMsg]) {
	var first time.Time
	earlier := func(due time.Time) {
		if !due.IsZero() && (first.IsZero() || due.Before(first)) {
			first = due
		}
	}
	for _, n := range r.j.joining {
		earlier(n.dueBy)
	}
	for _, w := range r.j.leaving {
		earlier(w.dueBy)
	}
	if r.late == nil && !first.IsZero() {
		r.late = ctx.After(first.Sub(ctx.Now()), recordsLate{})
	}
}

// onRecordsLate lets those go on whose record took too long.
func (r *roomState) onRecordsLate(ctx *actors.Context[roomMsg]) {
	r.late = nil
	now := ctx.Now()
	for _, n := range r.j.joining {
		if !n.dueBy.IsZero() && !now.Before(n.dueBy) {
			r.env.meters.unrecorded.Add(1)
			r.welcome(ctx, n)
		}
	}
	waiting := r.j.leaving[:0]
	for _, w := range r.j.leaving {
		if !now.Before(w.dueBy) {
			r.j.finish(w)
		}
		if !w.done {
			waiting = append(waiting, w)
		}
	}
	clear(r.j.leaving[len(waiting):])
	r.j.leaving = waiting
	r.watchRecords(ctx)
}
