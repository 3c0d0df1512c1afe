package main

import (
	"context"
	"errors"

	"parley/engine"
	"parley/storage"
	"parley/transport/httpd"
)

// recordsBridge answers the API from the store; ratings go through the engine,
// which knows whose token it is.
type recordsBridge struct {
	store  *storage.Store
	engine *engine.Engine
}

// Meetings implements httpd.Records.
func (b recordsBridge) Meetings(_ context.Context, q httpd.MeetingsQuery) ([]httpd.Meeting, error) {
	found, err := b.store.Meetings(storage.MeetingsQuery{Limit: q.Limit, Before: q.Before, Room: q.Room})
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

// Rate implements httpd.Records.
func (b recordsBridge) Rate(ctx context.Context, meeting string, r httpd.Rating) error {
	return recordsError(b.engine.Rate(ctx, meeting, r.Token, r.Stars, r.Comment))
}

func apiMeeting(m storage.Meeting) httpd.Meeting {
	return httpd.Meeting{
		ID: m.ID, Room: m.Room, Creator: m.Creator, Start: m.Start, End: m.End,
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
