package engine

import "time"

// Records is what the engine needs of a storage. A write returns at once. If it
// returns nil, done is called exactly once, from one goroutine and in the order of
// the writes, when the record is on disk or has failed; done does not block. If it
// returns an error, done is not called. Reads may touch the disk. Of the errors
// those of errors.go mean something to the engine.
type Records interface {
	BeginMeeting(m Meeting, done func(error)) error
	EndMeeting(id string, at time.Time, reason string, done func(error)) error
	Join(id string, j Joining, done func(error)) error
	Leave(id, participant string, at time.Time, reason string, done func(error)) error
	Rename(id, participant, name string, done func(error)) error
	Rate(id string, r Rating, done func(error)) error
	// Ticket returns the ticket of one participant of a meeting, or ErrNotFound.
	Ticket(id, participant string) ([]byte, error)
	// AppendChat gives the text an ID that rises. A text whose room, identity
	// and key are known already is not stored: done gets the first one.
	// ErrRoomFull and ErrSourceFull are for what is beyond a quota.
	AppendChat(t Text, done func(Text, error)) error
	// ChatHistory returns the last texts of a room, oldest first.
	ChatHistory(room string, limit int) ([]Text, error)
}

// Meeting is a meeting that begins.
type Meeting struct {
	ID string // a UUID of version 7
	// Room is the room's key, Title how people see it.
	Room, Title string
	Creator     string // the participant it begins with
	Start       time.Time
	Limit       int // the most people allowed
}

// Joining is somebody entering a meeting.
type Joining struct {
	Participant, User, Name string
	// Ticket proves later who this was: a hash of a secret of the participant.
	Ticket []byte
	At     time.Time
}

// Rating is what a participant thought of a meeting. Stars are 1 … 5.
type Rating struct {
	Participant string
	Stars       int
	Comment     string
	At          time.Time
}

// Text is one text said in a room.
type Text struct {
	// ID is the storage's, and empty in what it is given.
	ID   string
	Room string
	// Key is the client's own id of the text, Identity its lasting key, Source whose
	// share of the room's quota the text takes. Of the last two nothing is read again.
	Key, Identity, Source string
	// Participant and Name are who said it, at that time.
	Participant, Name string
	At                time.Time
	Text              string
}

// record gives a write to the storage and counts it as on its way. then may be
// nil; it runs on the storage's writer, or at once if the write was refused, and
// must not block.
func (e *env) record(write func(done func(error)) error, then func(error)) {
	e.writes.begin()
	done := func(err error) {
		if over, _ := overQuota(err); err != nil && over == "" {
			e.meters.unrecorded.Add(1)
		}
		if then != nil {
			then(err)
		}
		e.writes.end()
	}
	returned := false
	defer func() {
		if !returned { // it panicked; nobody will call done
			e.writes.end()
		}
	}()
	err := write(done)
	returned = true
	if err != nil {
		done(err)
	}
}
