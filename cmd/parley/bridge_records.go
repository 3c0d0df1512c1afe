package main

import (
	"cmp"
	"context"
	"errors"

	"parley/engine"
	"parley/storage"
	"parley/transport/httpd"
)

// recordsBridge answers the API from the store; the engine says whose token it
// is.
type recordsBridge struct {
	store  *storage.Store
	engine *engine.Engine
}

// Meetings implements httpd.Records.
func (b recordsBridge) Meetings(_ context.Context, q httpd.MeetingsQuery) ([]httpd.Meeting, error) {
	room := cmp.Or(roomKey(q.Room), q.Room) // what is no name any more may have records
	if len(room) > storage.MaxRoom {
		return nil, nil
	}
	found, err := b.store.Meetings(storage.MeetingsQuery{Limit: q.Limit, Before: q.Before, Room: room})
	if err != nil {
		return nil, recordsError(err)
	}
	meetings := make([]httpd.Meeting, len(found))
	for i, m := range found {
		meetings[i] = apiMeeting(m)
	}
	return meetings, nil
}

// Meeting implements httpd.Records.
func (b recordsBridge) Meeting(_ context.Context, id string) (httpd.Meeting, error) {
	r, err := b.store.Meeting(id)
	if err != nil {
		return httpd.Meeting{}, recordsError(err)
	}
	m := apiMeeting(r.Meeting)
	for _, a := range r.Participants {
		out := httpd.Attendance{Participant: a.Participant, User: a.User, Name: a.Name}
		for _, i := range a.Intervals {
			out.Intervals = append(out.Intervals, httpd.Interval(i))
		}
		m.Participants = append(m.Participants, out)
	}
	for _, g := range r.Ratings {
		m.Ratings = append(m.Ratings, httpd.GivenStars(g))
	}
	return m, nil
}

// Record implements httpd.Records.
func (b recordsBridge) Record(_ context.Context, meeting, token string) (httpd.Record, error) {
	holder, err := b.engine.Holder(meeting, token)
	if err != nil {
		return httpd.Record{}, recordsError(err)
	}
	r, err := b.store.Meeting(meeting)
	if err != nil {
		return httpd.Record{}, recordsError(err)
	}
	return httpd.Record{
		ID: r.ID, Room: r.Room, Title: cmp.Or(r.Title, r.Room), Start: r.Start, End: r.End, Peak: r.Peak,
		Participants: presences(r.Participants, holder),
	}, nil
}

// presences is who was there, as those may know it who were there too. Each stay
// has a participant of its own; those of one user are one presence, unless the
// name changed between them: who came back as somebody else is not told on.
func presences(all []storage.Attendance, holder string) []httpd.Presence {
	type same struct{ user, name string }
	out := []httpd.Presence{}
	known := map[same]int{}
	for _, a := range all {
		at, again := known[same{a.User, a.Name}]
		if !again || a.User == "" {
			at = len(out)
			known[same{a.User, a.Name}] = at
			out = append(out, httpd.Presence{Name: a.Name})
		}
		p := &out[at]
		p.You = p.You || a.Participant == holder
		for _, i := range a.Intervals {
			p.Intervals = append(p.Intervals, httpd.Stay{Join: i.Join, Leave: i.Leave})
		}
	}
	return out
}

// Rate implements httpd.Records.
func (b recordsBridge) Rate(ctx context.Context, meeting string, r httpd.Rating) error {
	return recordsError(b.engine.Rate(ctx, meeting, r.Token, r.Stars, r.Comment))
}

func apiMeeting(m storage.Meeting) httpd.Meeting {
	return httpd.Meeting{
		ID: m.ID, Room: m.Room, Title: cmp.Or(m.Title, m.Room), Creator: m.Creator, Start: m.Start, End: m.End,
		Peak: m.Peak, Present: m.Present, Limit: m.Limit,
	}
}

func recordsError(err error) error {
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrInvalid):
		return httpd.ErrNoMeeting
	case errors.Is(err, engine.ErrNotYourself):
		return httpd.ErrBadToken
	}
	return err
}
