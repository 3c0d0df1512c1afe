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
	next := assignSeats(m.seats, m.view, st, m.id)
	for i, want := range next {
		was := m.seats[i]
		if want == was {
			continue
		}
		m.seats[i] = want
		r.place(m, i)
		if was.sitter == want.sitter && was.video == want.video {
			continue // only the size, which is the media side's matter
		}
		if want.empty() {
			m.tell(&wire.Vacated{Seat: i})
		} else {
			m.tell(r.seated(m, i, want))
		}
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
		Width: s.width, Height: s.height,
	})
}

// placeAgain goes over all seats that an offer of from's may have changed: his
// own, which may take other codecs now, and those that he sits in, for his source
// may be in another section, which the media side takes for another track.
func (r *roomState) placeAgain(from *member) {
	for _, m := range r.j.members {
		for i, s := range m.seats {
			if m == from || s.participant == from.id {
				r.place(m, i)
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
			m.tell(&wire.Vacated{Seat: i})
		}
		r.place(m, i)
	}
}

func (r *roomState) seated(m *member, i int, s seat) *wire.Seated {
	ev := &wire.Seated{Seat: i, Participant: s.participant, Source: s.source, Video: s.video}
	from := r.j.byID[s.participant]
	if s.video && from != nil && from.session != nil && !m.session.CanDecode(i, from.session, s.source) {
		ev.Problem = wire.ProblemCodec
	}
	return ev
}

// vacateSeatsOf empties all seats that carry somebody who goes, before his
// session ends, and lets go of his own.
func (r *roomState) vacateSeatsOf(gone *member) {
	for _, m := range r.j.members {
		for i, s := range m.seats {
			if s.participant == gone.id {
				m.seats[i] = seat{}
				m.session.Vacate(i)
				m.tell(&wire.Vacated{Seat: i})
			}
		}
	}
	for i, s := range gone.seats {
		if !s.empty() {
			gone.session.Vacate(i)
		}
	}
	gone.seats = nil
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
