package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Options are those of Open. Zero values mean the defaults.
type Options struct {
	// Log gets what recovery did (warn), that the disk fails (error) and that it is
	// well again (warn). Default slog.Default.
	Log *slog.Logger
	// Changed, if not nil, is called on the writer's goroutine, or in Open, when what
	// Healthy says of the disk begins to be an error, with that, and with nil when it
	// ends. It must not block.
	Changed func(error)
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
	// Reserve is how many bytes of the disk are kept for the time when it is full:
	// they are given up then, so that meetings can still be recorded. Default
	// 4 MiB; less than 1 MiB may not be enough to move the journal; negative: none.
	Reserve int64
	// Now is the clock for chat ids, ages and heartbeats, default time.Now.
	Now func() time.Time

	// Tests only.
	openFile  fileOpener
	opened    func(*bolt.DB, *os.File) // parley.db was opened
	device    func(*os.File) device
	retry     time.Duration // first wait of endure, default 250 ms
	closeWait time.Duration // of Close for the disk, default 10 s
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
	o.retry = positive(o.retry, 250*time.Millisecond)
	o.closeWait = positive(o.closeWait, 10*time.Second)
	if o.Reserve == 0 {
		o.Reserve = 4 << 20
	}
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
	dir      string
	o        Options
	queue    chan op
	finished chan struct{} // closed when the writer has ended
	stop     chan struct{} // closed when Close begins

	closing sync.RWMutex // guards closed, and the queue against closing while sent to
	closed  bool

	main     atomic.Pointer[mainFile] // for readers
	trouble  atomic.Pointer[trouble]  // nil while the disk is well
	totals   totals
	index    chatIndex
	fresh    fresh
	copying  atomic.Bool // a backup is being made
	found    findings    // when it was opened
	watchers watchers
	values   atomic.Int64 // bytes of entries that wait for their commit

	// The writer's goroutine's, once Open has returned.
	db      *bolt.DB // of main
	writer  writerState
	journal journal
	reserve reserve
	// Close has come before the disk was well: nothing is written any more, for what
	// is in the files is not known.
	abandoned bool
	waiting   []op          // taken from the queue while the disk failed
	old       chan struct{} // closed when the file that was open before is closed
}

// Open opens the store in dir, a folder that is made if need be. What a crash
// left open is closed. The errors are those of the first group in errors.go, or
// the system's; the text names the file.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	main, found, err := openMain(dir, o)
	if err != nil {
		return nil, err
	}
	file, err := openJournal(dir, o)
	if err != nil {
		return nil, errors.Join(err, main.db.Close())
	}
	s := &Store{
		dir: dir, o: o, queue: make(chan op, o.Queue), finished: make(chan struct{}), stop: make(chan struct{}),
		db: main.db, reserve: reserve{dir: dir, size: o.Reserve, log: o.Log},
		found: found, watchers: watchers{all: make(map[*watcher]bool), closed: make(chan struct{})},
	}
	s.main.Store(main)
	s.journal.use(file, o)
	err = s.prepare()
	if outOfSpace(err) && s.reserve.release() {
		err = s.prepare()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", main.db.Path(), err), s.closeFiles())
	}
	if err := s.reserve.make(); err != nil {
		s.fail(err, nil)
	}
	go s.write() // ends with Close
	return s, nil
}

// prepare does what comes before the first write.
func (s *Store) prepare() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer catchDamage(&err)
	if err := s.moveOldJournal(); err != nil {
		return err
	}
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
// journal is then empty. If the disk fails it tries once more, and gives up: what
// was not tried gets ErrReadOnly, what failed ErrUnknown. It returns why the store
// could not write, if it could not, and does not wait for ever for a disk that
// does not answer. A second call does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		<-s.finished
		return nil
	}
	s.closed = true
	close(s.stop)
	close(s.queue)
	s.closing.Unlock()
	select {
	case <-s.finished:
	case <-s.stuck():
		return fmt.Errorf("close %s: %w: the disk does not answer", s.dir, ErrUnknown)
	}
	unhealthy := s.failed()
	s.watchers.close()
	return errors.Join(unhealthy, s.closeFiles())
}

// closeFiles closes parley.db last, for its lock protects the journal.
func (s *Store) closeFiles() error { return errors.Join(s.journal.close(), s.db.Close()) }

// Healthy returns nil while writes work, else ErrReadOnly with its cause, ErrBusy
// if the disk has not answered for longer than it should, or ErrClosed.
func (s *Store) Healthy() error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.failed(); err != nil {
		return err
	}
	if took := s.totals.running(); took > stuckAfter {
		return fmt.Errorf("%w: the disk has not answered for %v", ErrBusy, took.Round(time.Second))
	}
	return nil
}

// stuckAfter is how long a commit takes when something is wrong with the disk.
const stuckAfter = 10 * time.Second

// catchDamage turns bbolt's panic over a damaged page into an error. To be
// deferred.
func catchDamage(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%w: %v", ErrNotAStore, v)
	}
}
