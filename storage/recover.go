package storage

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// recover moves texts that a crash left in the journal, and closes what it left
// open, with the latest time known. All in one transaction: a crash in here leaves
// everything for the next time.
func (s *Store) recover() error {
	data, err := s.journal.read()
	if err != nil {
		return err
	}
	moved, ended, generation := 0, 0, newGeneration()
	err = s.db.Update(func(tx *bolt.Tx) (err error) {
		t := newTxn(tx, s)
		if moved, err = t.replay(data); err != nil {
			return err
		}
		t.putUint64(keyJournal, generation)
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
	if err != nil {
		return err
	}
	s.journal.restart(generation)
	if moved > 0 {
		s.o.Log.Warn("texts were in the journal when the server ended", "moved", moved)
	}
	if ended > 0 {
		s.o.Log.Warn("meetings were open when the server ended", "closed", ended)
	}
	return nil
}

// replay moves the journal's texts and returns how many there were.
func (t *txn) replay(data []byte) (int, error) {
	texts, last, err := readJournal(data, uint64Of(t.get(bucketMeta, keyJournal)))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", JournalName, err)
	}
	chat := uint64Of(t.get(bucketMeta, keyChat))
	for _, text := range texts {
		t.put(bucketChat, text.key, text.value)
		chat = max(chat, uint64Of(text.key[len(text.key)-8:]))
	}
	t.putUint64(keyChat, chat)
	t.putUint64(keyLast, max(uint64(last), uint64Of(t.get(bucketMeta, keyLast))))
	return len(texts), t.err
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
