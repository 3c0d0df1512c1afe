package storage

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Act is something that somebody did to others in a meeting: who muted, removed or
// let in whom.
type Act struct {
	At time.Time `json:"at"`
	// By and Whom are participants, or users that are not there; By is empty for what
	// the server did, Whom for what was done to all.
	By   string `json:"by,omitempty"`
	What string `json:"what"`
	Whom string `json:"whom,omitempty"`
	// Detail is what else there is to say, such as a role or the name of a setting.
	Detail string `json:"detail,omitempty"`
}

// Bounds of acts, in bytes unless the name says otherwise; ErrInvalid beyond.
const (
	MaxWhat   = 64
	MaxDetail = 1024
	MaxActs   = 1000 // of a meeting; ErrTooMany beyond
)

// AppendAct keeps what was done in a meeting, running or ended. Errors for done:
// ErrNotFound, ErrTooMany.
func (s *Store) AppendAct(id string, a Act, done func(error)) error {
	key, err := meetingKey(id)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		what, value string
		least, most int
	}{
		{"by", a.By, 0, MaxName},
		{"what", a.What, 1, MaxWhat},
		{"whom", a.Whom, 0, MaxName},
		{"detail", a.Detail, 0, MaxDetail},
	} {
		if err := check(f.what, f.value, f.least, f.most); err != nil {
			return err
		}
	}
	a.At = moment(a.At)
	return s.submit(&actOp{call: done, key: key, act: a})
}

type actOp struct {
	call
	key []byte
	act Act
}

func (o *actOp) apply(t *txn) error {
	if t.get(bucketMeetings, o.key) == nil {
		return ErrNotFound
	}
	number := t.lastAct(o.key)
	if number >= MaxActs {
		return ErrTooMany
	}
	t.save(bucketActs, actKey(o.key, number+1), &o.act)
	t.saw(o.act.At)
	return nil
}

// lastAct is the number of a meeting's last act, 0 if there is none.
func (t *txn) lastAct(meeting []byte) uint16 {
	c := t.tx.Bucket(bucketActs).Cursor()
	k, _ := c.Seek(actKey(meeting, MaxActs))
	if !bytes.HasPrefix(k, meeting) { // there is room for more: the last is before
		if k == nil {
			k, _ = c.Last()
		} else {
			k, _ = c.Prev()
		}
	}
	if !bytes.HasPrefix(k, meeting) || len(k) != actKeySize {
		return 0
	}
	return binary.BigEndian.Uint16(k[16:])
}

// actKeySize is a meeting's id and a number.
const actKeySize = 16 + 2

// actKey is where a meeting's act of a number, from 1, is stored.
func actKey(meeting []byte, number uint16) []byte {
	return binary.BigEndian.AppendUint16(join(meeting), number)
}
