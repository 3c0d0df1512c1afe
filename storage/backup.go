package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// BackupTime bounds a backup: while one reads, pages that writers leave are not used
// again, so that the file grows, and beyond what is mapped a growing file makes them
// wait.
const BackupTime = 10 * time.Minute

// ErrBackupRuns: one backup at a time.
var ErrBackupRuns = errors.New("another backup is being made")

// Backup writes a copy of the store, with all that was acknowledged before, to w, after
// telling begin how long it is. Writes go on meanwhile. The copy is a parley.db that
// Restore takes; it is not complete unless Backup returns nil.
func (s *Store) Backup(ctx context.Context, w io.Writer, begin func(size int64)) error {
	if !s.copying.CompareAndSwap(false, true) {
		return ErrBackupRuns
	}
	defer s.copying.Store(false)
	ctx, cancel := context.WithTimeout(ctx, BackupTime)
	defer cancel()
	if err := s.failed(); err != nil { // it would wait for the disk
		return err
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	err := s.view(func(tx *bolt.Tx) error {
		begin(tx.Size())
		_, err := tx.WriteTo(&whileIn{ctx, s, w})
		return err
	})
	if why := errors.Join(ctx.Err(), s.failed()); err != nil && why != nil {
		return fmt.Errorf("backup: %w", why) // bbolt keeps only the text
	}
	return err
}

// flush is Flush that does not wait for a disk that hangs.
func (s *Store) flush(ctx context.Context) error {
	flushed := make(chan error, 1)
	if err := s.submit(&flushOp{func(err error) { flushed <- err }}); err != nil {
		return err
	}
	select {
	case err := <-flushed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// whileIn is a writer that ends with a context, and when the disk of a store fails:
// parley.db is not opened anew before the last reader of the one before has ended.
type whileIn struct {
	ctx context.Context
	s   *Store
	w   io.Writer
}

func (w *whileIn) Write(p []byte) (int, error) {
	if err := errors.Join(w.ctx.Err(), w.s.failed()); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}

// SaveBackup makes the file path of a copy, which copy writes: it appears whole or not
// at all, readable by nobody else. A file that is there is not overwritten.
func SaveBackup(path string, copy func(io.Writer) error) (size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, fmt.Errorf("%s: %w", path, os.ErrExist)
	}
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return 0, friendly(err)
	}
	name := tmp.Name()
	defer os.Remove(name)
	if err := errors.Join(copy(tmp), tmp.Sync(), tmp.Close()); err != nil {
		return 0, friendly(err)
	}
	if err := adopt(name); err != nil {
		return 0, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	if err := os.Link(name, path); errors.Is(err, os.ErrExist) {
		return 0, fmt.Errorf("%s: %w", path, os.ErrExist)
	} else if err != nil { // no hard links here
		if err := os.Rename(name, path); err != nil {
			return 0, friendly(err)
		}
	}
	return info.Size(), syncDir(dir)
}

// adopt checks a copy of a store and notes in it that it is the whole: the journal that
// was beside it is not.
func adopt(path string) error {
	report, err := Check(path)
	if err != nil {
		return err
	}
	if len(report.Faults) > 0 {
		return fmt.Errorf("%s: %w: %s", path, ErrNotAStore, report.Faults[0])
	}
	if report.Schema < 3 { // of a version that noted nothing of the kind
		return nil
	}
	db, err := openBolt(path, besideOptions())
	if err != nil {
		return fmt.Errorf("%s: %w", path, friendly(err))
	}
	err = update(db, func(tx *bolt.Tx) error {
		t := &txn{tx: tx}
		t.putUint64(keyClean, 1)
		t.putUint64(keyJournal, newGeneration())
		return t.err
	})
	return errors.Join(err, db.Close())
}

// Restored is what Restore did.
type Restored struct {
	File string `json:"file"`
	// Kept are the files of before, under their new names.
	Kept []string `json:"kept"`
	// Records are how many there are now, by kind.
	Records map[string]int `json:"records"`
}

// Restore puts a backup in the place of dir's store, whose files it keeps beside. The
// backup is looked at first; the journal begins anew. ErrLocked: a server uses the
// folder.
func Restore(backup, dir string) (*Restored, error) {
	report, err := Check(backup)
	switch {
	case err != nil:
		return nil, err
	case len(report.Faults) > 0:
		return nil, fmt.Errorf("%s: %w: %s", backup, ErrNotAStore, report.Faults[0])
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, friendly(err)
	}
	path := filepath.Join(dir, FileName)
	if same(backup, path) {
		return nil, fmt.Errorf("%s: %w: it is the store itself", backup, ErrInvalid)
	}
	old, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		defer old.Close()
		if err := lockFile(old, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("%s: %w", path, friendly(err))
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, friendly(err)
	}
	name, err := copyBeside(backup, dir)
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", backup, friendly(err))
	}
	kept, err := exchange(dir, name, replacedSuffix)
	if err != nil {
		return nil, err
	}
	return &Restored{File: path, Kept: kept, Records: report.Records}, nil
}

func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// copyBeside copies a backup into a folder, ready to be its store.
func copyBeside(backup, dir string) (name string, err error) {
	from, err := os.Open(backup)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp(dir, FileName+".restored-*")
	if err != nil {
		return "", err
	}
	name = to.Name()
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Sync(), to.Close())
	if err == nil {
		err = adopt(name)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(name))
	}
	return name, nil
}
