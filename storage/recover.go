package storage

import (
	"time"

	bolt "go.etcd.io/bbolt"
)

// recover closes what a crash left open, with the latest time known.
func (s *Store) recover() error {
	ended := 0
	err := s.db.Update(func(tx *bolt.Tx) error {
		t := newTxn(tx, s)
		last := moment(time.UnixMilli(int64(uint64Of(t.get(bucketMeta, keyLast)))))
		open := make(map[string][]byte)
		c := tx.Bucket(bucketRunning).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			open[string(k)] = join(v)
		}
		ended = len(open)
		for room, key := range open {
			if err := t.recoverMeeting(key, last); err != nil {
				// One unreadable record must not keep the server from starting.
				s.o.Log.Error("open meeting is unreadable", "meeting", idOf(key), "error", err.Error())
				t.delete(bucketRunning, []byte(room))
			}
		}
		return t.err
	})
	if err == nil && ended > 0 {
		s.o.Log.Warn("meetings were open when the server ended", "closed", ended)
	}
	return err
}

// recoverMeeting ends a meeting at the last leave if nobody was there any more.
func (t *txn) recoverMeeting(key []byte, last time.Time) error {
	m, err := t.running(key)
	if err != nil {
		return err
	}
	at := last
	if m.Present == 0 {
		people, err := t.attendances(key)
		if err != nil {
			return err
		}
		at = m.Start
		for _, a := range people {
			at = later(a.lastLeave(), at)
		}
	}
	return t.endMeeting(key, m, at, ReasonCrashed)
}

// firstJoin is zero for a record without intervals, which the store never writes.
func (a *Attendance) firstJoin() time.Time {
	if len(a.Intervals) == 0 {
		return time.Time{}
	}
	return a.Intervals[0].Join
}

// lastLeave is zero while the participant is there.
func (a *Attendance) lastLeave() time.Time {
	if len(a.Intervals) == 0 {
		return time.Time{}
	}
	return a.Intervals[len(a.Intervals)-1].Leave
}
