package httpd

import (
	"context"
	"errors"
	"time"
)

// Errors of Records.
var (
	// ErrNoMeeting: there is no such meeting.
	ErrNoMeeting = errors.New("no such meeting")
	// ErrBadToken: the token is not that of a participant of the meeting.
	ErrBadToken = errors.New("token does not belong to this meeting")
)

// Records is what the API tells about meetings.
type Records interface {
	// Meetings returns meetings without their participants, latest first.
	Meetings(ctx context.Context, q MeetingsQuery) ([]Meeting, error)
	// Meeting returns one with its participants, or ErrNoMeeting.
	Meeting(ctx context.Context, id string) (Meeting, error)
	// Record returns what the participant with this token may know of a meeting.
	// Errors: ErrBadToken, also when there is no such meeting: only who was in
	// it learns that.
	Record(ctx context.Context, meeting, token string) (Record, error)
	// Rate stores a rating. Errors: ErrNoMeeting, ErrBadToken.
	Rate(ctx context.Context, meeting string, r Rating) error
}

// MeetingsQuery says which meetings are wanted.
type MeetingsQuery struct {
	Limit  int    // 1 … 200
	Before string // only meetings that began before this one; empty: all
	Room   string // only this room's, as it was typed; empty: all
}

// Meeting is one meeting as the API shows it.
type Meeting struct {
	ID      string    `json:"id"`
	Room    string    `json:"room"`
	Title   string    `json:"title"` // the room's name as people saw it
	Creator string    `json:"creator"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end,omitzero"` // absent while it runs
	Peak    int       `json:"peak"`         // most people at once
	Present int       `json:"present"`      // people there now
	Limit   int       `json:"limit"`        // most people allowed, 0: none
	// Participants are in the order they first joined; only with one meeting.
	Participants []Attendance `json:"participants,omitempty"`
	Ratings      []GivenStars `json:"ratings,omitempty"`
}

// Attendance is one participant of a meeting.
type Attendance struct {
	Participant string     `json:"participant"`
	User        string     `json:"user,omitempty"`
	Name        string     `json:"name"`
	Intervals   []Interval `json:"intervals"`
}

// Interval is a time somebody was there.
type Interval struct {
	Join   time.Time `json:"join"`
	Leave  time.Time `json:"leave,omitzero"` // absent while there
	Reason string    `json:"reason,omitempty"`
}

// Record is a meeting as those see it who were in it: what they could see in
// the meeting, and nothing of who people are in others.
type Record struct {
	ID    string    `json:"id"`
	Room  string    `json:"room"`
	Title string    `json:"title"` // the room's name as people saw it
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"` // absent while it runs
	Peak  int       `json:"peak"`         // most people at once
	// Participants are in the order they first joined.
	Participants []Presence `json:"participants"`
}

// Presence is somebody in a Record; who left and came back by the same name is
// there once.
type Presence struct {
	Name      string `json:"name"`
	You       bool   `json:"you,omitempty"` // whose token it is
	Intervals []Stay `json:"intervals"`
}

// Stay is an Interval without its reason.
type Stay struct {
	Join  time.Time `json:"join"`
	Leave time.Time `json:"leave,omitzero"` // absent while there
}

// GivenStars is a rating as the API shows it.
type GivenStars struct {
	Participant string    `json:"participant"`
	Stars       int       `json:"stars"` // 1 … 5
	Comment     string    `json:"comment,omitempty"`
	At          time.Time `json:"at"`
}

// Rating is what a participant sends after a meeting. Token is the resume
// secret of the joined message and says who it is; Participant may be left
// out.
type Rating struct {
	Participant string `json:"participant"`
	Token       string `json:"token"`
	Stars       int    `json:"stars"`
	Comment     string `json:"comment"`
}

// noRecords is a server without a store.
type noRecords struct{}

func (noRecords) Meetings(context.Context, MeetingsQuery) ([]Meeting, error) { return nil, nil }
func (noRecords) Meeting(context.Context, string) (Meeting, error)           { return Meeting{}, ErrNoMeeting }
func (noRecords) Record(context.Context, string, string) (Record, error) {
	return Record{}, ErrBadToken
}
func (noRecords) Rate(context.Context, string, Rating) error { return ErrNoMeeting }
