package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Options are those of Open. Zero values mean the defaults.
type Options struct {
	// Log gets what recovery did (warn) and the failure that turned the store
	// read-only (error). Default slog.Default.
	Log *slog.Logger
	// Queue is the most writes that wait for their commit, default 4096. A text
	// is at most MaxText, which bounds the memory.
	Queue int
	// LockWait is how long Open waits for another process, default 1 s.
	LockWait time.Duration
	// Heartbeat is how often the time is noted while a meeting runs, old chat is
	// looked for, and texts are moved out of the journal; default 5 s.
	Heartbeat time.Duration
	// ChatLimit is the most texts kept per room, default 1,000; ChatAge how
	// long, default 24 h. A key protects from a second copy as long as its
	// text is kept.
	ChatLimit int
	ChatAge   time.Duration
	// ChatBytes is the most that a room's texts may take, default 8 MiB: a
	// thousand texts of two pages each, and more. ChatShare is what those of one source
	// may (ChatRecord.Source), default a quarter of it. Negative: any number.
	// Texts that are too old or too many give their bytes back.
	ChatBytes, ChatShare int64
	// RoomKey returns the name under which a room is kept that an earlier version
	// kept under another, "" for what is no name any more. Nil: all keep theirs.
	RoomKey func(string) string
	// Now is the clock for chat ids, ages and heartbeats, default time.Now.
	Now func() time.Time

	openFile func(string, int, os.FileMode) (*os.File, error) // tests only
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Queue = positive(o.Queue, 4096)
	o.LockWait = positive(o.LockWait, time.Second)
	o.Heartbeat = positive(o.Heartbeat, 5*time.Second)
	o.ChatLimit = positive(o.ChatLimit, 1000)
	o.ChatAge = positive(o.ChatAge, 24*time.Hour)
	if o.ChatBytes == 0 {
		o.ChatBytes = 8 << 20
	}
	switch {
	case o.ChatShare == 0 && o.ChatBytes < 0:
		o.ChatShare = -1
	case o.ChatShare == 0:
		o.ChatShare = max(1, o.ChatBytes/4)
	}
	return o
}

func positive[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// Store is an open store. Its methods may be called from any goroutine.
type Store struct {
	db       *bolt.DB
	o        Options
	queue    chan op
	finished chan struct{} // closed when the writer has ended

	closing sync.RWMutex // guards closed, and the queue against closing while sent to
	closed  bool

	failure atomic.Pointer[error] // what turned the store read-only
	totals  totals
	writer  writerState
	journal journal
	index   chatIndex
	fresh   fresh
}

// Open opens the store in dir, a folder that is made if need be. What a crash
// left open is closed. The errors are those of the first group in errors.go, or
// the system's; the text names the file.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	db, err := openFile(dir, o)
	if err != nil {
		return nil, err
	}
	file, err := openJournal(dir, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{
		db: db, o: o, queue: make(chan op, o.Queue), finished: make(chan struct{}),
		journal: journal{file: file},
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", db.Path(), err), s.closeFiles())
	}
	go s.write() // ends with Close
	return s, nil
}

// prepare does what comes before the first write.
func (s *Store) prepare() (err error) {
	defer catchDamage(&err)
	from, err := migrate(s.db, migrations)
	if err != nil {
		return err
	}
	if from > 0 && from < len(migrations) {
		s.o.Log.Info("store migrated", "from", from, "to", len(migrations))
	}
	if err := s.recover(); err != nil {
		return err
	}
	if err := s.renameRooms(); err != nil {
		return err
	}
	return s.writer.load(s.db)
}

// Close commits what is queued, calls the callbacks and closes the files; the
// journal is then empty. It returns why the store was read-only, if it was. A
// second call does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		<-s.finished
		return nil
	}
	s.closed = true
	close(s.queue)
	s.closing.Unlock()
	<-s.finished
	unhealthy := s.failed()
	return errors.Join(unhealthy, s.closeFiles())
}

// closeFiles closes parley.db last, for its lock protects the journal.
func (s *Store) closeFiles() error { return errors.Join(s.journal.file.Close(), s.db.Close()) }

// Healthy returns nil while writes work, else ErrReadOnly with its cause, or
// ErrClosed.
func (s *Store) Healthy() error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return s.failed()
}

func (s *Store) failed() error {
	if err := s.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// view runs a read transaction.
func (s *Store) view(read func(*bolt.Tx) error) (err error) {
	defer catchDamage(&err)
	err = s.db.View(read)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// catchDamage turns bbolt's panic over a damaged page into an error. To be
// deferred.
func catchDamage(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%w: %v", ErrNotAStore, v)
	}
}
