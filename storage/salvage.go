package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// salvage gathers what can be read in a new file. Records are named by bucket and key.
type salvage struct {
	done    *Repaired
	db      *bolt.DB
	pending map[string]record // for the next transaction
	loose   map[string]bool   // records of pages that no tree reaches
	broken  map[string]bool   // reached and not read
	chat    uint64            // the latest id of a text
	entry   uint64            // the latest revision of an entry
	current *uint64           // the journal's generation, nil: not known
	last    time.Time
	failed  error // of writing
}

// newSalvage makes the new file, of that name.
func newSalvage(dir string, faults []string) (s *salvage, name string, err error) {
	tmp, err := os.CreateTemp(dir, FileName+".repaired-*")
	if err != nil {
		return nil, "", err
	}
	name = tmp.Name()
	s = &salvage{
		done: &Repaired{
			File: filepath.Join(dir, FileName), Records: make(map[string]int), Found: make(map[string]int),
			Lost: make(map[string]int), Faults: faults,
		},
		pending: make(map[string]record), loose: make(map[string]bool), broken: make(map[string]bool),
	}
	if err = tmp.Close(); err == nil {
		s.db, err = openBolt(name, besideOptions())
	}
	if err != nil {
		return nil, "", errors.Join(err, os.Remove(name))
	}
	_, err = migrate(s.db, migrations)
	if err != nil {
		return nil, "", errors.Join(err, s.db.Close(), os.Remove(name))
	}
	return s, name, nil
}

// all takes what the trees reach, then what the journal has, then what is on other
// pages.
func (s *salvage) all(f *os.File, journal string) error {
	var err error
	if f != nil {
		err = s.file(f)
	}
	if err != nil {
		return err
	}
	s.done.JournalTexts, err = s.journal(journal)
	if err != nil {
		return err
	}
	for name := range s.broken {
		if _, ok := s.get(name); !ok {
			bucket, _, _ := strings.Cut(name, "/")
			s.done.Lost[kindOf(bucket)]++
		}
	}
	for name := range s.loose {
		bucket, _, _ := strings.Cut(name, "/")
		s.done.Found[kindOf(bucket)]++
	}
	s.flush()
	if s.failed != nil {
		return s.failed
	}
	return s.finish()
}

// file reads the trees as far as they go, and then, if something of them is damaged,
// all pages.
func (s *salvage) file(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return nil
	}
	walk, faults := walkPages(f, info.Size(), 1<<20, s.reached)
	pages := make(map[uint64]bool)
	for _, fault := range faults {
		pages[fault.Page] = true
	}
	if s.done.Pages = len(pages); len(pages) > 0 {
		s.current = nil // it may be that of an earlier root
	}
	if len(faults) == 0 && len(s.broken) == 0 {
		return nil
	}
	size := walk.meta.pageSize
	if size == 0 {
		size = os.Getpagesize()
	}
	s.scan(f, info.Size(), size)
	return nil
}

// reached takes a record of a tree. Indexes are made anew.
func (s *salvage) reached(bucket string, key, stored []byte) {
	r, err := readRecord(bucket, key, stored)
	switch {
	case r.kind == KindIndex:
	case err != nil:
		s.broken[bucket+"/"+string(key)] = true
	case r.kind == KindNote:
		s.note(key, r.value)
	default:
		s.take(bucket+"/"+string(key), r)
	}
}

// note takes what meta knows that does not follow from the records.
func (s *salvage) note(key, value []byte) {
	switch string(key) {
	case string(keyLast):
		s.last = later(s.last, moment(time.UnixMilli(int64(uint64Of(value)))))
	case string(keyChat):
		s.chat = max(s.chat, uint64Of(value))
	case string(keyRevision):
		s.entry = max(s.entry, uint64Of(value))
	case string(keyJournal):
		generation := uint64Of(value)
		s.current = &generation
	}
}

// scan reads every page that says it is a leaf.
func (s *salvage) scan(r io.ReaderAt, length int64, size int) {
	page := make([]byte, size)
	for id := int64(2); (id+1)*int64(size) <= length; id++ {
		if n, _ := r.ReadAt(page, id*int64(size)); n < size {
			continue
		}
		if native.Uint64(page) != uint64(id) || native.Uint16(page[8:]) != flagLeaf {
			continue
		}
		whole := page
		if more := int64(native.Uint32(page[12:])); more > 0 {
			whole = make([]byte, min((more+1)*int64(size), maxPage, length-id*int64(size)))
			n, _ := r.ReadAt(whole, id*int64(size))
			whole = whole[:n]
		}
		s.leaf(whole, true)
	}
}

// leaf takes what a page holds, and a bucket within it, whose records have none.
// Elements that lie on each other are read as long as they are no more than some
// pages together: one that is damaged may claim the place of the others.
func (s *salvage) leaf(page []byte, outer bool) {
	count, budget := int(native.Uint16(page[10:])), 8*len(page)
	for i := range count {
		if pageHeader+(i+1)*elementSize > len(page) {
			return
		}
		e, ok := leafElement(page, i, 0)
		if !ok {
			continue
		}
		if budget -= len(e.key) + len(e.value); budget < 0 {
			return
		}
		if e.bucket {
			if outer && len(e.value) > bucketSize+pageHeader && native.Uint64(e.value) == 0 {
				s.leaf(e.value[bucketSize:], false)
			}
			continue
		}
		s.found(e.key, e.value)
	}
}

// found takes a record of a page that perhaps no tree reaches, unless what is there
// already is as new: such pages hold what records were before, too.
func (s *salvage) found(key, stored []byte) {
	bucket := guessBucket(key, stored)
	if bucket == "" {
		return
	}
	name := bucket + "/" + string(key)
	r, _ := readRecord(bucket, key, stored)
	if other, known := s.get(name); known && !r.newer(&other) {
		return
	}
	s.loose[name] = true
	s.take(name, r)
}

// clone gives the record bytes of its own.
func (r record) clone() record {
	r.key, r.value = join(r.key), join(r.value)
	return r
}

// take puts a record into the new file.
func (s *salvage) take(name string, r record) {
	s.last, s.entry = later(s.last, r.latest()), max(s.entry, r.revision)
	if r.kind == KindText {
		s.chat = max(s.chat, uint64Of(r.key[len(r.key)-8:]))
	}
	s.pending[name] = r.clone()
	if len(s.pending) >= salvageBatch {
		s.flush()
	}
}

// salvageBatch bounds a transaction's memory.
const salvageBatch = 10_000

// flush writes what is pending, in the order of the keys.
func (s *salvage) flush() {
	if s.failed != nil {
		clear(s.pending)
		return
	}
	s.failed = update(s.db, func(tx *bolt.Tx) error {
		for _, name := range slices.Sorted(maps.Keys(s.pending)) {
			r, bucket := s.pending[name], strings.SplitN(name, "/", 2)[0]
			b := tx.Bucket([]byte(bucket))
			b.FillPercent = 0.9
			if err := b.Put(r.key, seal(r.key, r.value)); err != nil {
				return err
			}
		}
		return nil
	})
	clear(s.pending)
}

// get returns a record that was taken.
func (s *salvage) get(name string) (r record, ok bool) {
	if r, ok = s.pending[name]; ok {
		return r, true
	}
	bucket, key, _ := strings.Cut(name, "/")
	_ = s.db.View(func(tx *bolt.Tx) error {
		if stored := tx.Bucket([]byte(bucket)).Get([]byte(key)); stored != nil {
			got, err := readRecord(bucket, []byte(key), stored)
			r, ok = got.clone(), err == nil
		}
		return nil
	})
	return r, ok
}

// journal takes the texts of every entry that is whole; where the generation that
// counts is not known, of each: a text is the same wherever it is.
func (s *salvage) journal(path string) (texts int, err error) {
	raw, err := readJournalFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	content, whole := unsealBlocks(raw)
	for _, ok := range whole {
		if !ok && bytes.HasPrefix(raw, []byte(journalMagic)) {
			s.done.JournalBlocks++
		}
	}
	return s.entries(content, blockText) + s.entries(raw, blockSize), nil // the latter as version 2 wrote them
}

func (s *salvage) entries(content []byte, block int) (taken int) {
	for at := 0; at < len(content); at += block {
		entry := anyEntry(content[at:])
		if entry == nil || s.current != nil && binary.BigEndian.Uint64(entry[8:]) != *s.current {
			continue
		}
		texts, err := appendTexts(nil, entry[entryHeader:])
		if err != nil {
			continue
		}
		for _, text := range texts {
			name := string(bucketChat) + "/" + string(text.key)
			r, err := readRecord(string(bucketChat), text.key, text.value)
			if _, known := s.get(name); known || err != nil {
				continue
			}
			s.take(name, r)
			taken++
		}
	}
	return taken
}

// finish makes the indexes and the notes.
func (s *salvage) finish() error {
	meetings := make(map[string]record)
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(bucket []byte, b *bolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				r, err := readRecord(string(bucket), k, v)
				if err != nil || r.kind == KindNote {
					return err
				}
				s.done.Records[r.kind]++
				if r.kind == KindMeeting {
					r = r.clone()
					r.value = nil
					meetings[string(k)] = r
				}
				return nil
			})
		})
	})
	if err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(meetings))
	for batch := range slices.Chunk(keys, salvageBatch) {
		err := update(s.db, func(tx *bolt.Tx) error {
			for _, key := range batch {
				r := meetings[key]
				if err := index(tx, &r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return update(s.db, func(tx *bolt.Tx) error {
		s.done.LostMeetings = s.missing(tx, meetings)
		meta := tx.Bucket(bucketMeta)
		return errors.Join(
			meta.Put(keyLast, seal(keyLast, chatID(max(s.last.UnixMilli(), 0)).key())),
			meta.Put(keyChat, seal(keyChat, chatID(s.chat).key())),
			meta.Put(keyRevision, seal(keyRevision, chatID(s.entry).key())))
	})
}

// index lists a meeting for its room. One that runs is listed as such, a room's later
// one in place of an earlier, which then ends: recovery ends the other when the store
// is opened.
func index(tx *bolt.Tx, r *record) error {
	room := roomKey(r.meeting.Room)
	key := join(room, r.key)
	if err := tx.Bucket(bucketRooms).Put(key, seal(key, nil)); err != nil || !r.meeting.End.IsZero() {
		return err
	}
	running := tx.Bucket(bucketRunning)
	if before := running.Get(room); before != nil {
		if err := endForgotten(tx, join(before[:16])); err != nil {
			return err
		}
	}
	return running.Put(room, seal(room, r.key))
}

// endForgotten ends a meeting of which nobody knows when it ended: with its last join
// or leave.
func endForgotten(tx *bolt.Tx, key []byte) error {
	t := &txn{tx: tx, w: new(writerState)}
	m, err := t.running(key)
	if err != nil {
		return err
	}
	people, err := t.attendances(key)
	if err != nil {
		return err
	}
	at := m.Start
	for _, a := range people {
		r := record{kind: KindAttendance, person: a}
		at = later(at, r.latest())
	}
	if err := t.endMeeting(key, m, at, ReasonCrashed); err != nil {
		return err
	}
	return t.err
}

// missing counts the meetings that others speak of.
func (s *salvage) missing(tx *bolt.Tx, meetings map[string]record) int {
	gone := make(map[string]bool)
	for _, bucket := range [][]byte{bucketParticipants, bucketRatings, bucketActs} {
		c := tx.Bucket(bucket).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if _, ok := meetings[string(k[:16])]; !ok {
				gone[string(k[:16])] = true
			}
		}
	}
	return len(gone)
}
