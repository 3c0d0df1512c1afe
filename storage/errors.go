package storage

import "errors"

// Errors of Open.
var (
	// ErrLocked: another process has the store open.
	ErrLocked = errors.New("in use by another process")
	// ErrUnwritable: the folder or file can not be created or written.
	ErrUnwritable = errors.New("not writable")
	// ErrNewerSchema: a newer version of the program has written the store.
	ErrNewerSchema = errors.New("written by a newer version")
	// ErrNotAStore: the file is not a store, or is damaged.
	ErrNotAStore = errors.New("not a parley store, or damaged")
)

// Errors of writes, returned or given to done.
var (
	// ErrBusy: the queue is full.
	ErrBusy = errors.New("store is busy")
	// ErrReadOnly: the disk fails or is full, see Healthy. The write was not done
	// and will not be.
	ErrReadOnly = errors.New("store can not write")
	// ErrUnknown: the store was closed before it could find out whether the write
	// is on the disk, or somebody would not wait for that any longer. The same text
	// under the same key settles it, and of an entry WatchEntries tells.
	ErrUnknown = errors.New("outcome unknown")
	// ErrClosed: Close was called. Reads return it too.
	ErrClosed = errors.New("store is closed")
	// ErrInvalid: a field is missing, too long or malformed.
	ErrInvalid = errors.New("invalid record")
	// ErrRoomRunning: the room has a running meeting already.
	ErrRoomRunning = errors.New("room has a running meeting")
	// ErrExists: there is a meeting with that id.
	ErrExists = errors.New("meeting exists")
	// ErrEnded: the meeting has ended.
	ErrEnded = errors.New("meeting has ended")
	// ErrPresent: the participant has joined and not left.
	ErrPresent = errors.New("participant is present")
	// ErrAbsent: the participant has left or never joined.
	ErrAbsent = errors.New("participant is not present")
	// ErrRoomFull and ErrSourceFull: the room's texts, or those of the source in
	// it, have all the bytes they may.
	ErrRoomFull   = errors.New("room has all the texts it may keep")
	ErrSourceFull = errors.New("source has all the texts it may keep in the room")
	// ErrTooMany: the participant has joined and left too often, or there are as many
	// entries of the kind, or acts of the meeting, as there may be.
	ErrTooMany = errors.New("too many")
	// ErrConflict: the entry's revision is not the one that the caller knows.
	ErrConflict = errors.New("entry has changed meanwhile")
)

// ErrNotFound: there is no such meeting, participant or text. Of reads and
// writes.
var ErrNotFound = errors.New("not found")
