package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Report is what Check found.
type Report struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	Pages  int    `json:"pages"` // in use
	Schema int    `json:"schema"`
	// Clean: the store was closed in order, and all is in File.
	Clean bool `json:"clean"`
	// Records are how many can be read, by kind; Texts those of the journal.
	Records map[string]int `json:"records"`
	Texts   int            `json:"journal_texts"`
	// Unsealed records were written before there were checksums.
	Unsealed int `json:"unsealed"`
	// Faults are what is wrong, one line each, at most MaxFaults.
	Faults []string `json:"faults"`
}

// MaxFaults bounds what Check reports.
const MaxFaults = 100

// Check looks at every page, record and reference of a store and changes nothing.
// path is a store's folder, or a file such as a backup. ErrLocked: a server uses it.
// An error is one of looking; what is damaged is in the report.
func Check(path string) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, friendly(err)
	}
	dir, file := filepath.Dir(path), path
	if info.IsDir() {
		dir, file = path, filepath.Join(path, FileName)
	}
	if err := regular(file); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		traces, _ := tracesOf(dir)
		if traces == "" {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return &Report{File: file, Faults: []string{fmt.Sprintf("it is missing, and %s says that a store was here", traces)}}, nil
	}
	if err != nil {
		return nil, friendly(err)
	}
	defer f.Close()
	if err := lockFile(f, 100*time.Millisecond); err != nil {
		return nil, fmt.Errorf("%s: %w", file, friendly(err))
	}
	c := &checker{report: &Report{File: file, Records: make(map[string]int), Faults: []string{}}}
	if err := c.file(f); err != nil {
		return nil, err
	}
	if info.IsDir() {
		c.journal(filepath.Join(dir, JournalName))
	}
	return c.report, nil
}

// checker gathers what is in a store's files.
type checker struct {
	report   *Report
	note     journalNote
	schema   uint64
	meetings map[string]bool // by key: it runs
	rooms    map[string]bool // keys of rooms
	running  map[string]bool // ids
	people   map[string]bool // meetings that others speak of
	// revision is the last one given, entry the latest that an entry has.
	revision, entry uint64
}

func (c *checker) fault(format string, args ...any) {
	if len(c.report.Faults) < MaxFaults {
		c.report.Faults = append(c.report.Faults, fmt.Sprintf(format, args...))
	}
}

func (c *checker) file(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if c.report.Bytes = info.Size(); c.report.Bytes == 0 {
		c.fault("it is empty")
		return nil
	}
	c.meetings, c.rooms = make(map[string]bool), make(map[string]bool)
	c.running, c.people = make(map[string]bool), make(map[string]bool)
	walk, faults := walkPages(f, info.Size(), MaxFaults, c.record)
	c.report.Pages, c.report.Schema = walk.pages, int(min(c.schema, 1<<31-1))
	for _, fault := range faults {
		c.fault("%v", fault)
	}
	switch {
	case len(faults) > 0:
		// What seems to be missing is on the damaged pages.
	case c.schema == 0:
		c.fault("it has no schema version")
	case c.schema > uint64(len(migrations)):
		c.fault("%v: schema %d, this one knows %d", ErrNewerSchema, c.schema, len(migrations))
	default:
		c.references()
	}
	return nil
}

// record looks at one.
func (c *checker) record(bucket string, key, stored []byte) {
	r, err := readRecord(bucket, key, stored)
	if err != nil {
		c.fault("%s %x: %v", bucket, key, err)
		return
	}
	c.report.Records[r.kind]++
	if len(r.value) == len(stored) && string(key) != string(keySchema) {
		c.report.Unsealed++
	}
	switch bucket {
	case string(bucketMeetings):
		c.meetings[string(join(roomKey(r.meeting.Room), key))] = r.meeting.End.IsZero()
	case string(bucketParticipants), string(bucketRatings), string(bucketActs):
		c.people[string(key[:16])] = true
	case string(bucketRooms):
		c.rooms[string(key)] = true
	case string(bucketRunning):
		c.running[string(join(key, r.value))] = true
	case string(bucketEntries):
		c.entry = max(c.entry, r.revision)
	case string(bucketMeta):
		c.meta(string(key), r.value)
	}
}

func (c *checker) meta(key string, value []byte) {
	switch key {
	case string(keySchema):
		c.schema = uint64Of(value)
	case string(keyJournal):
		c.note.generation = uint64Of(value)
	case string(keyStore):
		c.note.store = join(value)
	case string(keyClean):
		c.note.clean = uint64Of(value) == 1
	case string(keyRevision):
		c.revision = uint64Of(value)
	}
	c.report.Clean = c.note.clean
}

// references looks for records that others speak of.
func (c *checker) references() {
	known := make(map[string]bool, len(c.meetings))
	for key, runs := range c.meetings {
		known[key[len(key)-16:]] = true
		if !c.rooms[key] {
			c.fault("meeting %s is not listed for its room", idOf([]byte(key[len(key)-16:])))
		}
		if runs != c.running[key] {
			c.fault("meeting %s: whether it runs is not clear", idOf([]byte(key[len(key)-16:])))
		}
	}
	for key := range c.rooms {
		if _, ok := c.meetings[key]; !ok {
			c.fault("meeting %s is listed for a room and is not there", idOf([]byte(key[len(key)-16:])))
		}
	}
	for id := range c.people {
		if !known[id] {
			c.fault("meeting %s has people, ratings or acts and is not there", idOf([]byte(id)))
		}
	}
	if c.entry > c.revision {
		c.fault("an entry has revision %d, and the last one given is %d", c.entry, c.revision)
	}
}

// journal looks at what belongs to the store of the file.
func (c *checker) journal(path string) {
	raw, err := readJournalFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.fault("%s: %v", path, err)
		return
	}
	if c.note.clean || len(c.note.store) == 0 {
		return // an empty one, or of a version that had no such marks
	}
	content, err := readJournal(raw[:min(len(raw), journalSize)], c.note.store, c.note.generation)
	if err != nil {
		c.fault("%s: %v; the latest texts were in it, for the store was not closed in order", path, err)
	}
	if content.torn > 0 {
		c.fault("%s: the last entry is not whole: nobody was told that it is on disk, unless the disk has damaged it", path)
	}
	c.report.Texts = len(content.texts)
	for _, text := range content.texts {
		if _, err := readRecord(string(bucketChat), text.key, text.value); err != nil {
			c.fault("%s: text %x: %v", path, text.key, err)
		}
	}
}
