package storage

import (
	"bytes"
	"fmt"
	"time"
)

// Meeting is a meeting without its people. The JSON form is that of the API and
// of the file.
type Meeting struct {
	// ID is a UUID of version 7.
	ID string `json:"id"`
	// Room is the room's name; it has at most one running meeting.
	Room string `json:"room"`
	// Title is how people see that name, empty if they see it as it is.
	Title string `json:"title,omitempty"`
	// Creator is the participant it began with.
	Creator string    `json:"creator"`
	Start   time.Time `json:"start"`
	// End is zero while it runs.
	End time.Time `json:"end,omitzero"`
	// Peak is the most people at once, Present how many are there now. The
	// store counts both.
	Peak    int `json:"peak"`
	Present int `json:"present"`
	// Limit is the most people allowed, 0 for none.
	Limit int `json:"limit"`
}

// Attendance is one participant of a meeting.
type Attendance struct {
	Participant string `json:"participant"`
	// User is who that is across meetings, as far as known: a hash of what the client
	// says of itself.
	User string `json:"user,omitempty"`
	// Sub is the user that a token has named, empty if there was none.
	Sub string `json:"sub,omitempty"`
	// Name is the last one used.
	Name string `json:"name"`
	// Ticket is what proves to be this participant, as Joining had it. It is for
	// who checks that, not for the API.
	Ticket []byte `json:"ticket,omitempty"`
	// Intervals are in order, the last one perhaps open.
	Intervals []Interval `json:"intervals"`
}

// Interval is a time somebody was there.
type Interval struct {
	Join time.Time `json:"join"`
	// Leave is zero while the participant is there.
	Leave  time.Time `json:"leave,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// Rating is what a participant thought of a meeting.
type Rating struct {
	Participant string `json:"participant"`
	// Stars are 1 … 5.
	Stars   int       `json:"stars"`
	Comment string    `json:"comment,omitempty"`
	At      time.Time `json:"at"`
}

// MeetingRecord is a meeting with its people, in the order they first joined, its
// ratings, and what was done in it, in the order it was kept.
type MeetingRecord struct {
	Meeting
	Participants []Attendance `json:"participants"`
	Ratings      []Rating     `json:"ratings"`
	Acts         []Act        `json:"acts"`
}

// Joining is somebody entering. An empty User, Sub, Name or Ticket leaves what an
// earlier interval of the same participant said.
type Joining struct {
	Participant, User, Sub, Name string
	// Ticket is a hash of a secret of the participant; the secret itself is
	// never kept.
	Ticket []byte
	At     time.Time
}

// Reasons that the store itself gives to the end of an interval.
const (
	// ReasonCrashed: the process died.
	ReasonCrashed = "crashed"
	// ReasonEnded: the meeting ended, and EndMeeting said no other.
	ReasonEnded = "ended"
)

// Bounds of what is accepted, in bytes; ErrInvalid beyond.
const (
	MaxRoom         = 256
	MaxTitle        = 1024
	MaxParticipant  = 128
	MaxSub          = 128
	MaxName         = 512
	MaxReason       = 64
	MaxTicket       = 64
	MaxComment      = 8 << 10
	MaxIntervals    = 250 // of one participant in one meeting
	MaxMeetingsPage = 200 // meetings that one read returns
)

// BeginMeeting starts a meeting. Errors for done: ErrRoomRunning, ErrExists.
// End, Peak and Present are set by the store.
func (s *Store) BeginMeeting(m Meeting, done func(error)) error {
	key, err := meetingKey(m.ID)
	if err != nil {
		return err
	}
	if err := check("room", m.Room, 1, MaxRoom); err != nil {
		return err
	}
	if err := check("title", m.Title, 0, MaxTitle); err != nil {
		return err
	}
	if err := check("creator", m.Creator, 0, MaxName); err != nil {
		return err
	}
	if m.Title == m.Room {
		m.Title = ""
	}
	m.ID, m.Start, m.End, m.Peak, m.Present = idOf(key), moment(m.Start), time.Time{}, 0, 0
	return s.submit(&beginOp{call: done, key: key, meeting: m})
}

// EndMeeting ends a meeting. Who is still there left then, with that reason, or
// ReasonEnded if it is empty. Errors for done: ErrNotFound, ErrEnded.
func (s *Store) EndMeeting(id string, at time.Time, reason string, done func(error)) error {
	key, err := meetingKey(id)
	if err != nil {
		return err
	}
	if err := check("reason", reason, 0, MaxReason); err != nil {
		return err
	}
	if reason == "" {
		reason = ReasonEnded
	}
	return s.submit(&endOp{call: done, key: key, at: moment(at), reason: reason})
}

// Join opens an interval of a participant who is not there. Errors for done:
// ErrNotFound, ErrEnded, ErrPresent, ErrTooMany.
func (s *Store) Join(id string, j Joining, done func(error)) error {
	key, err := meetingKey(id)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		what, value string
		least, most int
	}{
		{"participant", j.Participant, 1, MaxParticipant},
		{"user", j.User, 0, MaxName},
		{"sub", j.Sub, 0, MaxSub},
		{"name", j.Name, 0, MaxName},
		{"ticket", string(j.Ticket), 0, MaxTicket},
	} {
		if err := check(f.what, f.value, f.least, f.most); err != nil {
			return err
		}
	}
	j.At, j.Ticket = moment(j.At), bytes.Clone(j.Ticket)
	return s.submit(&joinOp{call: done, key: key, joining: j})
}

// Leave closes a participant's interval. Errors for done: ErrNotFound, ErrEnded,
// ErrAbsent.
func (s *Store) Leave(id, participant string, at time.Time, reason string, done func(error)) error {
	key, err := meetingKey(id)
	if err != nil {
		return err
	}
	if err := check("participant", participant, 1, MaxParticipant); err != nil {
		return err
	}
	if err := check("reason", reason, 0, MaxReason); err != nil {
		return err
	}
	return s.submit(&leaveOp{call: done, key: key, participant: participant, at: moment(at), reason: reason})
}

// Rename keeps a participant's new name. Errors for done: ErrNotFound.
func (s *Store) Rename(id, participant, name string, done func(error)) error {
	key, err := meetingKey(id)
	if err != nil {
		return err
	}
	if err := check("participant", participant, 1, MaxParticipant); err != nil {
		return err
	}
	if err := check("name", name, 0, MaxName); err != nil {
		return err
	}
	return s.submit(&renameOp{call: done, key: key, participant: participant, name: name})
}

// Rate keeps what a participant thought of a meeting, running or ended, in place
// of an earlier rating. Errors for done: ErrNotFound.
func (s *Store) Rate(id string, r Rating, done func(error)) error {
	key, err := meetingKey(id)
	if err != nil {
		return err
	}
	if err := check("participant", r.Participant, 1, MaxParticipant); err != nil {
		return err
	}
	if err := check("comment", r.Comment, 0, MaxComment); err != nil {
		return err
	}
	if r.Stars < 1 || r.Stars > 5 {
		return fmt.Errorf("%w: %d stars", ErrInvalid, r.Stars)
	}
	r.At = moment(r.At)
	return s.submit(&rateOp{call: done, key: key, rating: r})
}

// check bounds a field's length.
func check(what, value string, least, most int) error {
	if len(value) < least || len(value) > most {
		return fmt.Errorf("%w: %s has %d bytes, allowed are %d to %d", ErrInvalid, what, len(value), least, most)
	}
	return nil
}

// moment is a time as it is stored: UTC, whole milliseconds, in the years that
// JSON can hold.
func moment(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.UnixMilli(0).UTC()
	}
	return t
}
