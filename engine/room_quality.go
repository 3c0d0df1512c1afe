package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// qualityEvery is how often connections are judged, all of a room at once and
// only while it has media.
const qualityEvery = 5 * time.Second

func (r *roomState) onMediaUp(ctx *actors.Context[roomMsg]) {
	if r.quality == nil {
		r.quality = ctx.After(qualityEvery, qualityDue{})
	}
}

// onQualityDue judges all connections. Each member gets its own figures, and
// all get those whose score changed.
func (r *roomState) onQualityDue(ctx *actors.Context[roomMsg]) {
	r.quality = nil
	now := ctx.Now()
	var changed []wire.ParticipantQuality
	var own []wire.ParticipantQuality
	var whose []*member
	for _, m := range r.j.members {
		if m.session == nil || m.kind == wire.KindEcho {
			continue
		}
		seen := m.session.LastSeen()
		if seen.IsZero() {
			continue // not connected yet
		}
		q := m.session.Quality()
		s := score(q, now.Sub(seen))
		if s == "" {
			continue
		}
		line := qualityOf(m.id, s, q)
		if s != m.score {
			m.score = s
			changed = append(changed, line)
			continue
		}
		own, whose = append(own, line), append(whose, m)
	}
	if len(changed) > 0 {
		r.show(&wire.Quality{Participants: changed}, audience{})
	}
	for i, m := range whose {
		m.tell(&wire.Quality{Participants: own[i : i+1]})
	}
	r.tellAllSeats()
	for _, m := range r.j.members {
		if m.session != nil {
			r.onMediaUp(ctx)
			return
		}
	}
}

// onSourceLimited tells a member that others get less of it than it sends.
func (r *roomState) onSourceLimited(msg sourceLimited) {
	if m := r.j.byID[msg.id]; m != nil {
		m.tell(&wire.Limited{Source: msg.source, Reason: wire.LimitRate, LimitBPS: msg.limit})
	}
}

// onSourceWasted tells a member that it sends what is muted.
func (r *roomState) onSourceWasted(msg sourceWasted) {
	if m := r.j.byID[msg.id]; m != nil && m.sources[msg.source].Muted {
		m.tell(&wire.Limited{Source: msg.source, Reason: wire.LimitMuted})
	}
}

// tellQualityTo tells a member how well the others do: a score that stays
// what it is would never be told.
func (r *roomState) tellQualityTo(m *member) {
	var others []wire.ParticipantQuality
	for _, o := range r.j.members {
		if o != m && o.session != nil && o.score != "" {
			others = append(others, qualityOf(o.id, o.score, o.session.Quality()))
		}
	}
	if len(others) > 0 {
		m.tell(&wire.Quality{Participants: others})
	}
}
