package storage

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// MeetingsQuery says which meetings are wanted.
type MeetingsQuery struct {
	// Room, if not empty: only that room's.
	Room string
	// Before, if not empty: only those that began before this id.
	Before string
	// Running: only those that have not ended. Room and Before are then ignored.
	Running bool
	// Limit is 1 … MaxMeetingsPage; 0 means 50.
	Limit int
}

// Meetings returns meetings, the latest first.
func (s *Store) Meetings(q MeetingsQuery) ([]Meeting, error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, MaxMeetingsPage)
	before := bytes.Repeat([]byte{0xff}, 16)
	if q.Before != "" {
		key, err := meetingKey(q.Before)
		if err != nil {
			return nil, err
		}
		before = key
	}
	if err := check("room", q.Room, 0, MaxRoom); err != nil {
		return nil, err
	}
	found := []Meeting{}
	err := s.view(func(tx *bolt.Tx) error {
		var keys [][]byte
		switch {
		case q.Running:
			keys = runningKeys(tx, q.Limit)
		case q.Room != "":
			keys = keysBefore(tx.Bucket(bucketRooms), roomKey(q.Room), before, q.Limit)
		default:
			keys = keysBefore(tx.Bucket(bucketMeetings), nil, before, q.Limit)
		}
		for _, key := range keys {
			var m Meeting
			if err := decode(key, tx.Bucket(bucketMeetings).Get(key), &m); err != nil {
				return err
			}
			found = append(found, m)
		}
		return nil
	})
	return found, err
}

// keysBefore returns the ids below prefix that are less than before, backwards.
func keysBefore(b *bolt.Bucket, prefix, before []byte, limit int) [][]byte {
	var keys [][]byte
	c := b.Cursor()
	k, _ := c.Seek(join(prefix, before))
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	for ; k != nil && bytes.HasPrefix(k, prefix) && len(keys) < limit; k, _ = c.Prev() {
		keys = append(keys, k[len(prefix):])
	}
	return keys
}

// runningKeys returns the ids of the latest meetings that run.
func runningKeys(tx *bolt.Tx, limit int) [][]byte {
	var keys [][]byte
	c := tx.Bucket(bucketRunning).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		keys = append(keys, v[:min(len(v), 16)])
	}
	slices.SortFunc(keys, func(a, b []byte) int { return bytes.Compare(b, a) })
	return keys[:min(len(keys), limit)]
}

// Meeting returns a meeting with its people, ratings and acts, or ErrNotFound.
func (s *Store) Meeting(id string) (*MeetingRecord, error) {
	key, err := meetingKey(id)
	if err != nil {
		return nil, err
	}
	record := &MeetingRecord{Participants: []Attendance{}, Ratings: []Rating{}, Acts: []Act{}}
	err = s.view(func(tx *bolt.Tx) error {
		if err := decode(key, tx.Bucket(bucketMeetings).Get(key), &record.Meeting); err != nil {
			return err
		}
		if err := each(tx.Bucket(bucketParticipants), key, &record.Participants); err != nil {
			return err
		}
		if err := each(tx.Bucket(bucketRatings), key, &record.Ratings); err != nil {
			return err
		}
		return each(tx.Bucket(bucketActs), key, &record.Acts)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(record.Participants, func(a, b Attendance) int {
		return a.firstJoin().Compare(b.firstJoin())
	})
	return record, nil
}

// Attendance returns one participant of a meeting, or ErrNotFound.
func (s *Store) Attendance(id, participant string) (a Attendance, err error) {
	key, err := meetingKey(id)
	if err != nil {
		return a, err
	}
	if err := check("participant", participant, 1, MaxParticipant); err != nil {
		return a, err
	}
	err = s.view(func(tx *bolt.Tx) error {
		key = join(key, []byte(participant))
		return decode(key, tx.Bucket(bucketParticipants).Get(key), &a)
	})
	return a, err
}

// each appends the records below prefix to all.
func each[T any](b *bolt.Bucket, prefix []byte, all *[]T) error {
	c := b.Cursor()
	for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
		var one T
		if err := decode(k, v, &one); err != nil {
			return err
		}
		*all = append(*all, one)
	}
	return nil
}
