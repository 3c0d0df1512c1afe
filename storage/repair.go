package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Repaired is what Repair did.
type Repaired struct {
	File string `json:"file"`
	// Kept are the files of before, under their new names.
	Kept []string `json:"kept"`
	// Records are how many the new file has, by kind; Found of them were on pages
	// that nothing led to any more: what was deleted can be among them.
	Records map[string]int `json:"records"`
	Found   map[string]int `json:"found"`
	// Lost are records that were reached and could not be read, by kind, and
	// LostMeetings those of which only others speak. What was on Pages that can not be
	// read nobody knows.
	Lost         map[string]int `json:"lost"`
	LostMeetings int            `json:"lost_meetings"`
	Pages        int            `json:"unreadable_pages"`
	// JournalTexts came from the journal, of which so many blocks can not be read.
	JournalTexts  int `json:"journal_texts"`
	JournalBlocks int `json:"unreadable_journal_blocks"`
	// StoreGone, JournalGone: of what should have been there no byte was.
	StoreGone   bool `json:"store_gone"`
	JournalGone bool `json:"journal_gone"`
	// Faults are what was wrong, as Check says it.
	Faults []string `json:"faults"`
}

// Repair brings every record that can be read from a folder's files into a new
// parley.db and keeps the old files beside. A store of which nothing is damaged stays
// as it is. ErrLocked: a server uses it.
func Repair(dir string) (*Repaired, error) {
	path := filepath.Join(dir, FileName)
	report, err := Check(dir)
	if err != nil {
		return nil, err
	}
	if len(report.Faults) == 0 {
		return &Repaired{File: path, Records: report.Records}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, friendly(err)
	}
	if f != nil {
		defer f.Close()
		if err := lockFile(f, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("%s: %w", path, friendly(err))
		}
	}
	s, name, err := newSalvage(dir, report.Faults)
	if err != nil {
		return nil, fmt.Errorf("write the new store: %w", friendly(err))
	}
	s.done.StoreGone, s.done.JournalGone = gone(path), gone(filepath.Join(dir, JournalName)) && !report.Clean
	err = s.all(f, filepath.Join(dir, JournalName))
	if err = errors.Join(err, s.db.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write the new store: %w", friendly(err)), os.Remove(name))
	}
	s.done.Kept, err = exchange(dir, name, damagedSuffix)
	if err != nil {
		return nil, err
	}
	return s.done, nil
}

// gone reports whether a file is missing or empty.
func gone(path string) bool {
	info, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// exchange puts a file in the place of dir's store, whose files it keeps. If that does
// not work all is as before. At every moment there is a parley.db, with the journal
// that belongs to it or marked as needing none, where files can have two names; the
// new one is locked until its journal can begin.
func exchange(dir, name, suffix string) (kept []string, err error) {
	path, journal, now := filepath.Join(dir, FileName), filepath.Join(dir, JournalName), time.Now()
	var undo []func()
	defer func() {
		if err != nil {
			for _, back := range undo {
				back()
			}
			_ = os.Remove(name)
		}
	}()
	fresh, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, friendly(err)
	}
	defer fresh.Close()
	if err := lockFile(fresh, 100*time.Millisecond); err != nil {
		return nil, fmt.Errorf("%s: %w", name, friendly(err))
	}
	for _, old := range []string{path, journal} {
		to, err := keepBeside(old, suffix, now)
		if err != nil {
			return nil, friendly(err)
		}
		if to != "" {
			kept = append(kept, to)
			undo = append(undo, func() { giveBack(to, old) })
		}
	}
	if err := os.Rename(name, path); err != nil {
		return nil, friendly(err)
	}
	if err := os.Remove(journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, friendly(err)
	}
	undo = nil // what follows is of the new one
	return kept, syncDir(dir)
}
