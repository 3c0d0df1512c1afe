package storage

import (
	"bytes"
	"cmp"
	"time"
)

type beginOp struct {
	call
	key     []byte
	meeting Meeting
}

func (o *beginOp) apply(t *txn) error {
	room := roomKey(o.meeting.Room)
	if t.get(bucketRunning, room) != nil {
		return ErrRoomRunning
	}
	if t.get(bucketMeetings, o.key) != nil {
		return ErrExists
	}
	t.save(bucketMeetings, o.key, &o.meeting)
	t.put(bucketRunning, room, seal(room, o.key))
	t.put(bucketRooms, join(room, o.key), seal(join(room, o.key), nil))
	t.w.running++
	t.saw(o.meeting.Start)
	return nil
}

type joinOp struct {
	call
	key     []byte
	joining Joining
}

func (o *joinOp) apply(t *txn) error {
	m, err := t.running(o.key)
	if err != nil {
		return err
	}
	key := join(o.key, []byte(o.joining.Participant))
	a := Attendance{Participant: o.joining.Participant}
	if err := t.load(bucketParticipants, key, &a); err != nil && err != ErrNotFound {
		return err
	}
	if a.open() != nil {
		return ErrPresent
	}
	if len(a.Intervals) >= MaxIntervals {
		return ErrTooMany
	}
	a.User, a.Sub = cmp.Or(o.joining.User, a.User), cmp.Or(o.joining.Sub, a.Sub)
	a.Name = cmp.Or(o.joining.Name, a.Name)
	if len(o.joining.Ticket) > 0 {
		a.Ticket = o.joining.Ticket
	}
	a.Intervals = append(a.Intervals, Interval{Join: o.joining.At})
	m.Present++
	m.Peak = max(m.Peak, m.Present)
	t.save(bucketParticipants, key, &a)
	t.save(bucketMeetings, o.key, m)
	t.saw(o.joining.At)
	return nil
}

type leaveOp struct {
	call
	key         []byte
	participant string
	at          time.Time
	reason      string
}

func (o *leaveOp) apply(t *txn) error {
	m, err := t.running(o.key)
	if err != nil {
		return err
	}
	key := join(o.key, []byte(o.participant))
	var a Attendance
	if err := t.load(bucketParticipants, key, &a); err != nil {
		if err == ErrNotFound {
			return ErrAbsent
		}
		return err
	}
	if !a.close(o.at, o.reason) {
		return ErrAbsent
	}
	m.Present--
	t.save(bucketParticipants, key, &a)
	t.save(bucketMeetings, o.key, m)
	t.saw(o.at)
	return nil
}

type renameOp struct {
	call
	key               []byte
	participant, name string
}

func (o *renameOp) apply(t *txn) error {
	key := join(o.key, []byte(o.participant))
	var a Attendance
	if err := t.load(bucketParticipants, key, &a); err != nil {
		return err
	}
	a.Name = o.name
	t.save(bucketParticipants, key, &a)
	return nil
}

type endOp struct {
	call
	key    []byte
	at     time.Time
	reason string
}

func (o *endOp) apply(t *txn) error {
	m, err := t.running(o.key)
	if err != nil {
		return err
	}
	t.saw(o.at)
	return t.endMeeting(o.key, m, o.at, o.reason)
}

type rateOp struct {
	call
	key    []byte
	rating Rating
}

func (o *rateOp) apply(t *txn) error {
	key := join(o.key, []byte(o.rating.Participant))
	if t.get(bucketParticipants, key) == nil {
		return ErrNotFound
	}
	t.save(bucketRatings, key, &o.rating)
	t.saw(o.rating.At)
	return nil
}

// running loads a meeting that has not ended.
func (t *txn) running(key []byte) (*Meeting, error) {
	m := new(Meeting)
	if err := t.load(bucketMeetings, key, m); err != nil {
		return nil, err
	}
	if !m.End.IsZero() {
		return nil, ErrEnded
	}
	return m, nil
}

// endMeeting ends m and closes what is open.
func (t *txn) endMeeting(key []byte, m *Meeting, at time.Time, reason string) error {
	people, err := t.attendances(key)
	if err != nil {
		return err
	}
	for i := range people {
		if a := &people[i]; a.close(at, reason) {
			t.save(bucketParticipants, join(key, []byte(a.Participant)), a)
		}
	}
	m.Present = 0
	m.End = later(at, m.Start)
	t.save(bucketMeetings, key, m)
	t.delete(bucketRunning, roomKey(m.Room))
	t.w.running--
	return nil
}

// attendances loads everyone of a meeting, in key order.
func (t *txn) attendances(key []byte) ([]Attendance, error) {
	var all []Attendance
	c := t.tx.Bucket(bucketParticipants).Cursor()
	for k, v := c.Seek(key); bytes.HasPrefix(k, key); k, v = c.Next() {
		var a Attendance
		if err := decode(k, v, &a); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// open returns the interval that has no end, nil if there is none.
func (a *Attendance) open() *Interval {
	if n := len(a.Intervals); n > 0 && a.Intervals[n-1].Leave.IsZero() {
		return &a.Intervals[n-1]
	}
	return nil
}

// close ends the open interval and reports whether there was one. Nobody leaves
// before they came, whatever the clock did.
func (a *Attendance) close(at time.Time, reason string) bool {
	open := a.open()
	if open == nil {
		return false
	}
	open.Leave, open.Reason = later(at, open.Join), reason
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
