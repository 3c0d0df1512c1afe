package storage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What is put beside instead of deleted: the old file's name, one of these, and the
// time.
const (
	damagedSuffix  = ".damaged-"
	replacedSuffix = ".replaced-"
	keepTime       = "20060102T150405.000Z"
)

// maxCopies is how many copies of a damaged journal are kept: the latest.
const maxCopies = 8

// keepCopy writes what a file holds beside it and returns the copy's name.
func keepCopy(path string, data []byte, now time.Time) (string, error) {
	copies, err := filepath.Glob(globQuote(path) + damagedSuffix + "*")
	if err != nil {
		return "", err
	}
	slices.Sort(copies)
	for len(copies) >= maxCopies {
		if err := os.Remove(copies[0]); err != nil {
			return "", err
		}
		copies = copies[1:]
	}
	name := path + damagedSuffix + now.UTC().Format(keepTime)
	return name, writeFile(name, data)
}

// globQuote makes a path match only itself.
func globQuote(path string) string {
	var quoted []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' || r == '\\' && filepath.Separator != '\\' {
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, r)
	}
	return string(quoted)
}

// writeFile writes a private file and brings it to the disk.
func writeFile(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// keepBeside gives a file another name and returns that; "" if there is no file. The
// old name stays until something takes its place, unless files can have only one here.
func keepBeside(path, suffix string, now time.Time) (string, error) {
	name := path + suffix + now.UTC().Format(keepTime)
	if _, err := os.Lstat(name); err == nil {
		return "", &os.PathError{Op: "keep", Path: name, Err: os.ErrExist}
	}
	err := os.Link(path, name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		err = os.Rename(path, name)
	}
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return name, err
}

// giveBack takes keepBeside back.
func giveBack(name, path string) {
	if os.Rename(name, path) == nil {
		_ = os.Remove(name) // of two names of one file none has gone
	}
}
