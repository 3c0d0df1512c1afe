package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Kinds of records, as Check and Repair count them.
const (
	KindMeeting    = "meetings"
	KindAttendance = "attendances"
	KindRating     = "ratings"
	KindText       = "texts"
	KindEntry      = "entries"
	KindAct        = "acts"
	KindIndex      = "index" // running and rooms, which follow from the meetings
	KindNote       = "notes" // meta
)

// kindOf is what a bucket's records are.
func kindOf(bucket string) string {
	switch bucket {
	case string(bucketMeetings):
		return KindMeeting
	case string(bucketParticipants):
		return KindAttendance
	case string(bucketRatings):
		return KindRating
	case string(bucketChat):
		return KindText
	case string(bucketEntries):
		return KindEntry
	case string(bucketActs):
		return KindAct
	case string(bucketRunning), string(bucketRooms):
		return KindIndex
	}
	return KindNote
}

// record is a stored record, read.
type record struct {
	kind    string
	key     []byte
	value   []byte // without its checksum
	meeting Meeting
	person  Attendance
	rating  Rating
	act     Act
	room    string // of a text
	// revision is an entry's.
	revision uint64
}

var errKey = errors.New("its key does not fit what it says")

// readRecord reads a record of a bucket as far as anything can be said of it by
// itself: its checksum, its JSON, and that its key belongs to it.
func readRecord(bucket string, key, stored []byte) (r record, err error) {
	r = record{kind: kindOf(bucket), key: key}
	if r.value, err = unseal(key, stored, plainLength(bucket, key)); err != nil {
		return r, err
	}
	switch r.kind {
	case KindMeeting:
		err = unmarshal(r.value, &r.meeting)
		if err == nil && (len(key) != 16 || r.meeting.ID != idOf(key)) {
			err = errKey
		}
	case KindAttendance:
		err = unmarshal(r.value, &r.person)
		if err == nil && (len(key) <= 16 || r.person.Participant != string(key[16:])) {
			err = errKey
		}
	case KindRating:
		err = unmarshal(r.value, &r.rating)
		if err == nil && (len(key) <= 16 || r.rating.Participant != string(key[16:])) {
			err = errKey
		}
	case KindAct:
		err = unmarshal(r.value, &r.act)
		if err == nil && len(key) != actKeySize {
			err = errKey
		}
	case KindText:
		name, rest, ok := roomOf(key)
		if r.room = name; !ok || len(rest) != 8 || len(r.value) < len(chatHash{}) {
			return r, errKey
		}
		err = unmarshal(r.value[len(chatHash{}):], new(chatValue))
	case KindEntry:
		if _, _, ok := entryOf(key); !ok {
			return r, errKey
		}
		r.revision, _, err = splitEntry(r.value)
	case KindIndex:
		_, rest, ok := roomOf(key)
		if bucket == string(bucketRooms) && (!ok || len(rest) != 16) || bucket == string(bucketRunning) && (!ok || len(rest) != 0) {
			err = errKey
		}
	}
	return r, err
}

func unmarshal(data []byte, value any) error {
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("%w: %w", ErrNotAStore, err)
	}
	return nil
}

// guessBucket says which bucket a record on a page that no tree reaches is of, by its
// key and what it says; "" if it is none that a repair would take.
func guessBucket(key, stored []byte) string {
	for _, bucket := range [][]byte{bucketChat, bucketEntries, bucketMeetings, bucketParticipants, bucketRatings, bucketActs} {
		r, err := readRecord(string(bucket), key, stored)
		if err != nil {
			continue
		}
		if r.kind == KindEntry {
			return string(bucket) // only an entry has such a key, and something before its checksum
		}
		var fields map[string]json.RawMessage
		has := func(name string) bool { return fields[name] != nil }
		if bucket[0] == 'c' {
			_ = json.Unmarshal(r.value[len(chatHash{}):], &fields)
			if has("key") && has("text") && has("at") {
				return string(bucket)
			}
			continue
		}
		_ = json.Unmarshal(r.value, &fields)
		id, err := uuid.FromBytes(key[:16])
		switch {
		case err != nil || id.Version() == 0:
		case string(bucket) == string(bucketMeetings) && has("room") && has("start"),
			string(bucket) == string(bucketParticipants) && has("intervals"),
			string(bucket) == string(bucketRatings) && has("stars"),
			string(bucket) == string(bucketActs) && has("what"):
			return string(bucket)
		}
	}
	return ""
}

// newer reports whether r was written later than the other record of its kind and
// key: a meeting ends once, intervals are only added and closed, ratings have a time,
// entries a revision, texts and acts do not change.
func (r *record) newer(than *record) bool {
	switch r.kind {
	case KindMeeting:
		a, b := &r.meeting, &than.meeting
		if a.End.IsZero() != b.End.IsZero() {
			return b.End.IsZero()
		}
		return a.Peak > b.Peak
	case KindAttendance:
		a, b := &r.person, &than.person
		if len(a.Intervals) != len(b.Intervals) {
			return len(a.Intervals) > len(b.Intervals)
		}
		return a.open() == nil && b.open() != nil
	case KindRating:
		return r.rating.At.After(than.rating.At)
	case KindEntry:
		return r.revision > than.revision
	}
	return false
}

// latest is the latest time the record speaks of.
func (r *record) latest() time.Time {
	var last time.Time
	switch r.kind {
	case KindMeeting:
		last = later(r.meeting.Start, r.meeting.End)
	case KindAttendance:
		for _, i := range r.person.Intervals {
			last = later(last, later(i.Join, i.Leave))
		}
	case KindRating:
		last = r.rating.At
	case KindAct:
		last = r.act.At
	case KindText:
		last = chatID(uint64Of(r.key[len(r.key)-8:])).time()
	}
	return last
}
