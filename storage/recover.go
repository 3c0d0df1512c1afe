package storage

import (
	"errors"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// recover moves texts that a crash left in the journal, and closes what it left
// open, with the latest time known. All in one transaction: a crash in here leaves
// everything for the next time.
func (s *Store) recover() error {
	note, err := s.noteOf()
	if err != nil {
		return err
	}
	content, err := s.takeJournal(note)
	if err != nil {
		return err
	}
	ended, generation := 0, newGeneration()
	err = update(s.db, func(tx *bolt.Tx) (err error) {
		t := newTxn(tx, s)
		t.replay(content)
		t.putUint64(keyJournal, generation)
		t.putUint64(keyClean, 0)
		ended = t.endRunning()
		return t.err
	})
	if err != nil {
		return err
	}
	if content.torn > 0 {
		if err := s.journal.format(note.store); err != nil {
			return fmt.Errorf("%s: %w", s.journal.file.Name(), friendly(err))
		}
	}
	s.journal.restart(generation)
	if moved := len(content.texts); moved > 0 {
		s.o.Log.Warn("texts were in the journal when the server ended", "moved", moved)
	}
	if ended > 0 {
		s.o.Log.Warn("meetings were open when the server ended", "closed", ended)
	}
	if s.found.damaged > 0 {
		s.o.Log.Error("the store has damaged records, which can not be read: stop the server and run `parley store repair`",
			"file", s.db.Path(), "records", s.found.damaged, "first", s.found.first)
	}
	return nil
}

// journalNote is what parley.db notes of its journal.
type journalNote struct {
	store      []byte
	generation uint64
	clean      bool // nothing is in it
}

func (s *Store) noteOf() (note journalNote, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		id := meta.Get(keyStore)
		note = journalNote{
			store:      join(id[:min(len(id), storeIDSize)]),
			generation: uint64Of(meta.Get(keyJournal)), clean: uint64Of(meta.Get(keyClean)) == 1,
		}
		if len(note.store) != storeIDSize {
			return fmt.Errorf("%w: it does not say which store it is", ErrNotAStore)
		}
		return nil
	})
	return note, err
}

// takeJournal returns what the journal holds. Unless the store was closed in order,
// a journal that is not this store's, or not whole, is an error: with it texts are
// gone. Bytes that nobody can read any more are kept in a copy.
func (s *Store) takeJournal(note journalNote) (journalContent, error) {
	path := s.journal.file.Name()
	raw, err := s.journal.read()
	if err != nil {
		return journalContent{}, fmt.Errorf("%s: %w", path, err)
	}
	if note.clean {
		unfit := journalFit(raw, note.store)
		if unfit == nil {
			return journalContent{}, nil
		}
		if len(raw) > 0 {
			if err := s.keepJournal(raw, "the journal was not this store's: no text was lost, for the store was closed in order", "error", unfit.Error()); err != nil {
				return journalContent{}, err
			}
		}
		if err := s.journal.format(note.store); err != nil {
			return journalContent{}, fmt.Errorf("%s: %w", path, friendly(err))
		}
		return journalContent{}, nil
	}
	content, err := readJournal(raw, note.store, note.generation)
	if err != nil {
		return content, fmt.Errorf("%s: %w; the latest texts were in it, for the store was not closed in order", path, err)
	}
	if content.torn > 0 {
		err = s.keepJournal(raw, "the journal's last entry is not whole: nobody was told that it is on disk, unless the disk has damaged it", "blocks", content.torn)
	}
	return content, err
}

// keepJournal keeps a copy of a journal and says why.
func (s *Store) keepJournal(raw []byte, why string, args ...any) error {
	path := s.journal.file.Name()
	copied, err := keepCopy(path, raw, s.o.Now())
	if err != nil {
		return fmt.Errorf("keep a copy of %s: %w", path, friendly(err))
	}
	s.o.Log.Warn(why, append([]any{"file", path, "kept", copied}, args...)...)
	return nil
}

// moveOldJournal moves the texts of version 2's journal, in its own form, so that
// its program could still go on after a crash in here.
func (s *Store) moveOldJournal() error {
	version, generation := 0, uint64(0)
	err := s.db.View(func(tx *bolt.Tx) (err error) {
		version, err = schemaVersion(tx)
		if meta := tx.Bucket(bucketMeta); meta != nil {
			if version < 3 && meta.Get(keyStore) != nil {
				return fmt.Errorf("%w: schema %d with keys of a later one", ErrNotAStore, version)
			}
			generation = uint64Of(meta.Get(keyJournal))
		}
		return err
	})
	if err != nil || version != 2 {
		return err
	}
	path := s.journal.file.Name()
	content, err := readOldJournal(path, generation)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, err)
	}
	err = update(s.db, func(tx *bolt.Tx) error {
		t := newTxn(tx, s)
		meta, number := tx.Bucket(bucketMeta), func(n uint64) []byte { return chatID(n).key() }
		chat, last := uint64Of(meta.Get(keyChat)), uint64Of(meta.Get(keyLast))
		for _, text := range content.texts {
			t.put(bucketChat, text.key, text.value)
			chat = max(chat, uint64Of(text.key[len(text.key)-8:]))
		}
		t.put(bucketMeta, keyChat, number(chat))
		t.put(bucketMeta, keyLast, number(max(last, uint64(content.last))))
		t.put(bucketMeta, keyJournal, number(newGeneration()))
		return t.err
	})
	if err != nil {
		return err
	}
	if len(content.texts) > 0 {
		s.o.Log.Warn("texts were in the journal when the server ended", "moved", len(content.texts))
	}
	return s.journal.file.Truncate(0)
}

// endRunning ends the meetings that run and returns how many there were.
func (t *txn) endRunning() int {
	last := moment(time.UnixMilli(int64(uint64Of(t.get(bucketMeta, keyLast)))))
	open := make(map[string][]byte)
	c := t.tx.Bucket(bucketRunning).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		open[string(k)] = join(v[:min(len(v), 16)])
	}
	for room, key := range open {
		if err := t.recoverMeeting(key, last); err != nil {
			// One unreadable record must not keep the server from starting.
			t.store.o.Log.Error("open meeting is unreadable", "meeting", idOf(key), "error", err.Error())
			t.delete(bucketRunning, []byte(room))
		}
	}
	return len(open)
}

// replay moves the journal's texts.
func (t *txn) replay(content journalContent) {
	chat := uint64Of(t.get(bucketMeta, keyChat))
	for _, text := range content.texts {
		t.put(bucketChat, text.key, text.value)
		chat = max(chat, uint64Of(text.key[len(text.key)-8:]))
	}
	t.putUint64(keyChat, chat)
	t.putUint64(keyLast, max(uint64(content.last), uint64Of(t.get(bucketMeta, keyLast))))
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
