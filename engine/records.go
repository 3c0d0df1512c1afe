package engine

import (
	"time"

	"parley/storage"
)

// Records is what the engine needs of the storage; *storage.Store has it. A
// write returns at once. If it returns nil, done is called exactly once, from one
// goroutine and in the order of the writes, when the record is on disk or has
// failed; done does not block. If it returns an error, done is not called. Reads
// may touch the disk.
type Records interface {
	BeginMeeting(m storage.Meeting, done func(error)) error
	EndMeeting(id string, at time.Time, reason string, done func(error)) error
	Join(id string, j storage.Joining, done func(error)) error
	Leave(id, participant string, at time.Time, reason string, done func(error)) error
	Rename(id, participant, name string, done func(error)) error
	Rate(id string, r storage.Rating, done func(error)) error
	// Attendance returns one participant of a meeting, or storage.ErrNotFound.
	Attendance(id, participant string) (storage.Attendance, error)
	// AppendChat gives the text an ID that rises. A text whose room, identity
	// and key are known already is not stored: done gets the first one.
	// storage.ErrRoomFull and ErrSourceFull are for what is beyond a quota.
	AppendChat(r storage.ChatRecord, done func(storage.ChatRecord, error)) error
	// ChatHistory returns the last texts of a room, oldest first.
	ChatHistory(room string, limit int) ([]storage.ChatRecord, error)
}

var _ Records = (*storage.Store)(nil)

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
