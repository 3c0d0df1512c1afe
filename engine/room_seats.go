package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// seatsEvery is the least time between two passes over all seats of a room: a
// hundred people who join together cause a few passes, not a hundred.
const seatsEvery = 50 * time.Millisecond

// settleSeats runs after every message: if who can be seen or heard changed, it
// goes over all seats, or sees to it that this happens soon.
func (r *roomState) settleSeats(ctx *actors.Context[roomMsg]) {
	if r.stage != nil || len(r.j.members) == 0 || !r.seating.ready(ctx, seatsEvery, seatsDue{}) {
		return
	}
	r.currentStage()
	for _, m := range r.j.members {
		r.seatOne(m)
	}
}

// currentStage returns the stage, worked out anew if something changed.
func (r *roomState) currentStage() *stage {
	if r.stage != nil {
		return r.stage
	}
	performers := make([]performer, 0, len(r.j.members))
	for _, m := range r.j.members {
		if m.session != nil && m.silentAt.IsZero() {
			performers = append(performers, performer{m.id, m.sources, r.speakers.lastSpoke(m.id)})
		}
	}
	r.stage = buildStage(performers, r.speakers.order, time.Now())
	return r.stage
}

// seatOne goes over one member's seats. A stage that is about to change is
// good enough until the pass that follows.
func (r *roomState) seatOne(m *member) {
	if len(m.seats) == 0 || m.kind == wire.KindEcho {
		return
	}
	st := r.stage
	if st == nil {
		return // the pass over all comes
	}
	next := m.pictures.assign(m.seats, m.view, st, m.id)
	for i, want := range next {
		if want == m.seats[i] {
			continue
		}
		m.seats[i] = want
		r.place(m, i)
		r.tellSeat(m, i)
	}
}

// place tells the media side what seat i of m carries.
func (r *roomState) place(m *member, i int) {
	s := m.seats[i]
	from := r.j.byID[s.participant]
	if s.empty() || from == nil || from.session == nil {
		m.session.Vacate(i)
		return
	}
	m.session.Place(i, Placement{
		From: from.session, Source: s.source, Video: s.video && m.session.CanDecode(i, from.session, s.source),
		Width: s.width, Height: s.height, Rank: s.rank,
	})
}

// placeAgain goes over all seats that an offer of from's may have changed: his own,
// which may take other codecs now, and those that he sits in, for his source may
// be in another section, which the media side takes for another track, or in
// another codec.
func (r *roomState) placeAgain(from *member) {
	for _, m := range r.j.members {
		for i, s := range m.seats {
			if m == from || s.participant == from.id {
				r.place(m, i)
				r.tellSeat(m, i)
			}
		}
	}
}

// replaceAll makes the media side agree with the journal after a crash. What it
// carries already goes on without a gap.
func (r *roomState) replaceAll(m *member) {
	for i, s := range m.seats {
		if !s.empty() && r.j.byID[s.participant] == nil {
			m.seats[i] = seat{}
		}
		r.place(m, i)
		r.tellSeat(m, i)
	}
}

// notice is what a member is told of one of its seats; the zero notice is that
// it is empty.
type notice struct {
	sitter
	video   bool
	problem wire.Problem
}

// notice says what there is to tell of seat i of m now. Nothing of it is kept:
// the media side is asked each time.
func (r *roomState) notice(m *member, i int) notice {
	s := m.seats[i]
	return notice{s.sitter, s.video, r.problem(m, i)}
}

// problem says why no picture comes to seat i of m, empty if one does, or is not
// to: a source that was muted a moment ago still has the seat, until the pass
// over all.
func (r *roomState) problem(m *member, i int) wire.Problem {
	s := m.seats[i]
	from := r.j.byID[s.participant]
	switch {
	case !s.video || from == nil || from.session == nil || from.sources[s.source].Muted:
		return ""
	case !m.session.CanDecode(i, from.session, s.source):
		return wire.ProblemCodec
	}
	return m.session.PictureProblem(i, from.session, s.source)
}

// tellSeat tells m of seat i what it was not told yet. A new size is the media
// side's matter only.
func (r *roomState) tellSeat(m *member, i int) {
	if n := r.notice(m, i); n != m.told[i] {
		m.told[i] = n
		m.tell(n.event(i))
	}
}

// tellAllSeats makes up for what was lost on its way from the media side, which
// does not wait for a room that is overloaded.
func (r *roomState) tellAllSeats() {
	for _, m := range r.j.members {
		for i := range m.seats {
			r.tellSeat(m, i)
		}
	}
}

func (n notice) event(seat int) wire.Event {
	if n.participant == "" {
		return &wire.Vacated{Seat: seat}
	}
	return &wire.Seated{Seat: seat, Participant: n.participant, Source: n.source, Video: n.video, Problem: n.problem}
}

// vacateSeatsOf empties all seats that carry somebody who goes, before his
// session ends, and lets go of his own.
func (r *roomState) vacateSeatsOf(gone *member) {
	for _, m := range r.j.members {
		for i, s := range m.seats {
			if s.participant == gone.id {
				m.seats[i] = seat{}
				m.session.Vacate(i)
				r.tellSeat(m, i)
			}
		}
	}
	for i, s := range gone.seats {
		if !s.empty() {
			gone.session.Vacate(i)
		}
	}
	gone.seats, gone.told = nil, nil
}

func (r *roomState) onLayerChanged(msg layerChanged) {
	m := r.j.byID[msg.id]
	if m == nil || msg.seat < 0 || msg.seat >= len(m.seats) || m.seats[msg.seat].empty() {
		return
	}
	m.tell(&wire.LayerChanged{
		Seat: msg.seat, Layer: msg.layer, Width: msg.width, Height: msg.height, Reason: wire.LayerReason(msg.reason),
	})
}
