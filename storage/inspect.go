package storage

import (
	"errors"
	"fmt"
	"os"
)

// findings is what the look at parley.db before bbolt maps it came to, if the file
// can be opened at all.
type findings struct {
	pages   int // in use
	records map[string]int
	// damaged records have a wrong checksum; first says which was found first.
	damaged int
	first   string
}

// checkedOpen opens a file for bbolt, which maps what this returns: locked, and
// checked. A file that is only read, for a copy, is opened already.
func checkedOpen(o Options, found *findings) fileOpener {
	open := o.opener()
	return func(path string, flag int, mode os.FileMode) (*os.File, error) {
		f, err := open(path, flag, mode)
		if err != nil || reads(flag) {
			return f, err
		}
		if err = lockFile(f, o.LockWait); err == nil {
			*found, err = checkFile(f)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
}

// checkFile checks a whole parley.db without mapping it: its roots, every page they
// reach, and the checksum of every record. The error is the first thing for which it
// must not be mapped; damaged records are only counted, for each harms only who
// reads it. The file is read once, in the order of its trees.
func checkFile(f *os.File) (found findings, err error) {
	info, err := f.Stat()
	if err != nil {
		return found, err
	}
	if info.Size() == 0 {
		return found, fmt.Errorf("%w: it is empty", ErrNotAStore)
	}
	found.records = make(map[string]int)
	walk, faults := walkPages(f, info.Size(), 1, func(bucket string, key, value []byte) {
		found.records[bucket]++
		if _, err := unseal(key, value, plainLength(bucket, key)); err != nil {
			found.note(bucket, key)
		}
	})
	found.pages = walk.pages
	if len(faults) > 0 {
		return found, fmt.Errorf("%w: %w", ErrNotAStore, faults[0])
	}
	return found, nil
}

// note counts a damaged record.
func (f *findings) note(bucket string, key []byte) {
	if f.damaged++; f.damaged == 1 {
		f.first = fmt.Sprintf("%s %x", bucket, key)
	}
}
