package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// mainFile is parley.db, open. While the disk fails it is opened again and again,
// and readers go on with what was open until the next is.
type mainFile struct {
	db   *bolt.DB
	file *os.File     // bbolt's
	size atomic.Int64 // bytes that the file had, of which it never gives any back
}

type fileOpener func(string, int, os.FileMode) (*os.File, error)

// opener is what files are opened with.
func (o Options) opener() fileOpener {
	if o.openFile != nil {
		return o.openFile
	}
	return os.OpenFile
}

// openMain opens dir's parley.db for the first time, and says what was found in it.
func openMain(dir string, o Options) (m *mainFile, found findings, err error) {
	m, open := new(mainFile), o.opener()
	o.openFile = func(path string, flag int, mode os.FileMode) (*os.File, error) {
		if reads(flag) {
			return open(path, flag, mode)
		}
		m.file, err = open(path, flag, mode)
		return m.file, err
	}
	if m.db, found, err = openFile(dir, o); err != nil {
		if m.file != nil {
			letGo(m.file) // after a panic it is open and locked
		}
		return nil, found, err
	}
	m.grown()
	if o.opened != nil {
		o.opened(m.db, m.file)
	}
	if err := m.steady(o); err != nil {
		return nil, found, errors.Join(fmt.Errorf("open %s: %w", m.file.Name(), err), m.db.Close())
	}
	return m, found, nil
}

// reads reports whether bbolt opens a file beside the one it has mapped, for a copy.
func reads(flag int) bool { return flag&os.O_RDWR == 0 }

// again opens m's file anew. m stays usable for readers, on an error as well; the
// lock goes over to the new one. A file that is gone is not made: an empty store in
// the place of one that is not mounted any more would be the worse failure.
func (m *mainFile) again(dir string, o Options) (*mainFile, error) {
	next, open, from := new(mainFile), o.opener(), m
	defer func() { from = nil }() // else what bbolt keeps would keep all files before
	o.openFile = func(path string, flag int, mode os.FileMode) (*os.File, error) {
		if reads(flag) {
			return open(path, flag, mode)
		}
		file, err := open(path, flag&^os.O_CREATE, mode)
		if err != nil {
			return nil, err
		}
		if err = from.longEnough(file); err == nil {
			err = handOver(from, file)
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		next.file = file
		return file, nil
	}
	var err error
	options, found := boltOptions(o), findings{}
	options.OpenFile = checkedOpen(o, &found)
	if next.db, err = openBolt(filepath.Join(dir, FileName), options); err != nil {
		if next.file != nil {
			letGo(next.file) // after a panic it is open and locked
		}
		takeBack(m)
		return nil, fmt.Errorf("open again: %w", friendly(err))
	}
	next.size.Store(m.size.Load())
	next.grown()
	if o.opened != nil {
		o.opened(next.db, next.file)
	}
	return next, nil
}

// steady brings the meta page that counts to the disk. The transaction that wrote it
// may have ended before that was synced, or because that failed: then it is in the
// kernel's memory only, and what the disk has is the state before, of which the next
// transaction would take the pages.
func (m *mainFile) steady(o Options) error {
	var number int
	if err := m.view(func(tx *bolt.Tx) error { number = tx.ID(); return nil }); err != nil {
		return err
	}
	page := make([]byte, m.db.Info().PageSize)
	at := int64(number%2) * int64(len(page)) // the two take turns
	if _, err := m.file.ReadAt(page, at); err != nil {
		return err
	}
	d := o.deviceOf(m.file)
	if _, err := d.WriteAt(page, at); err != nil {
		return err
	}
	return d.Datasync()
}

// grown notes the file's size.
func (m *mainFile) grown() {
	if info, err := m.file.Stat(); err == nil {
		m.size.Store(max(m.size.Load(), info.Size()))
	}
}

// longEnough returns an error for a file that has lost its end. Pages of it that are
// in the map are a fault to read, which bbolt takes badly: it keeps its locks.
func (m *mainFile) longEnough(file *os.File) error {
	size := m.size.Load()
	info, err := file.Stat()
	if err == nil && info.Size() < size && info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s had %d bytes and has %d", ErrNotAStore, file.Name(), size, info.Size())
	}
	return err
}

// view runs a read transaction.
func (m *mainFile) view(read func(*bolt.Tx) error) error {
	err := m.longEnough(m.file)
	if errors.Is(err, os.ErrClosed) {
		return berrors.ErrDatabaseNotOpen
	}
	if err != nil {
		return err
	}
	return m.db.View(read)
}

// view runs a read transaction. A page that the disk does not give, or that is cut
// off, is an error and does not end the process.
func (s *Store) view(read func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer catchDamage(&err)
	for {
		main := s.main.Load()
		err := main.view(read)
		switch {
		case !errors.Is(err, berrors.ErrDatabaseNotOpen):
			return err
		case s.main.Load() != main: // opened anew in between
		case s.failed() != nil && !s.isClosed():
			return s.failed() // handOver had to close the file first
		default:
			return ErrClosed
		}
	}
}

func (s *Store) isClosed() bool {
	s.closing.RLock()
	defer s.closing.RUnlock()
	return s.closed
}

// reopen opens parley.db anew and returns the generation that is noted in it. The
// next transaction may reuse pages that readers of the file opened before still
// read, so that has to be closed first, which waits for them.
func (s *Store) reopen() (generation uint64, err error) {
	if err := s.oldClosed(); err != nil {
		return 0, err
	}
	main := s.main.Load()
	next, err := main.again(s.dir, s.o)
	if err != nil {
		return 0, err
	}
	s.db = next.db
	s.main.Store(next)
	closed := make(chan struct{})
	s.old = closed
	go func() { // ends when the last reader has
		defer close(closed)
		_ = main.db.Close()
	}()
	if err := s.oldClosed(); err != nil {
		return 0, err
	}
	if err := next.steady(s.o); err != nil {
		return 0, err
	}
	err = s.db.View(func(tx *bolt.Tx) error {
		generation = uint64Of(tx.Bucket(bucketMeta).Get(keyJournal))
		return nil
	})
	return generation, err
}

// errReaders: a reader does not come back from the file that was open before.
var errReaders = errors.New("a read has not ended")

// oldClosed waits for the file that was open before.
func (s *Store) oldClosed() error {
	if s.old == nil {
		return nil
	}
	timeout := time.NewTimer(4 * s.o.retry)
	defer timeout.Stop()
	select {
	case <-s.old:
		s.old = nil
		return nil
	case <-timeout.C:
		return errReaders
	}
}
