package storage

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// op is one queued write.
type op interface {
	// apply changes the transaction. An error is the caller's fault, and means
	// that nothing was changed; what the disk does wrong ends up in txn.err.
	apply(*txn) error
	// finish calls the caller's done.
	finish(error)
}

// submit queues o. It never blocks.
func (s *Store) submit(o op) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return ErrClosed
	}
	select {
	case s.queue <- o:
		return nil
	default:
		s.totals.refused.Add(1)
		return ErrBusy
	}
}

// Wait makes a write that blocks: it calls write with a done and returns what
// that got, or write's own error.
//
//	err := storage.Wait(func(done func(error)) error { return s.EndMeeting(id, now, "", done) })
func Wait(write func(done func(error)) error) error {
	result := make(chan error, 1)
	if err := write(func(err error) { result <- err }); err != nil {
		return err
	}
	return <-result
}

// Flush returns when everything written before is in parley.db.
func (s *Store) Flush() error {
	return Wait(func(done func(error)) error { return s.submit(&flushOp{done}) })
}

type flushOp struct{ done func(error) }

func (*flushOp) apply(*txn) error   { return nil }
func (o *flushOp) finish(err error) { o.done(err) }

// write is the writer's goroutine. It ends when the queue is closed and empty.
func (s *Store) write() {
	defer close(s.finished)
	debug.SetPanicOnFault(true) // see view
	beat := time.NewTicker(s.o.Heartbeat)
	defer beat.Stop()
	mend := time.NewTicker(4 * s.o.retry)
	defer mend.Stop()
	var batch []op
	for !s.abandoned {
		if batch = s.takeWaiting(batch[:0]); len(batch) > 0 {
			s.commit(batch)
			clear(batch)
			continue
		}
		select {
		case o, ok := <-s.queue:
			if !ok {
				s.settle()
				return
			}
			batch = s.gather(append(batch, o))
			s.commit(batch)
			clear(batch)
		case <-beat.C:
			s.beat()
		case <-mend.C:
			if s.failed() != nil {
				s.mend()
			}
		}
	}
}

// gather takes what else is queued. Before, those whose writes were just
// acknowledged get turns on the processor for as long as more comes in, so that
// writers in lockstep share each commit instead of splitting into two shifts.
// With nobody else to run that takes a microsecond.
func (s *Store) gather(batch []op) []op {
	for seen := -1; seen < len(s.queue); {
		seen = len(s.queue)
		runtime.Gosched()
	}
	for len(batch) < s.o.Queue {
		select {
		case o, ok := <-s.queue:
			if !ok {
				return batch
			}
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// commitment is a batch on its way to the disk, tried as often as that takes. Each
// try begins with the same state and the same time, so that all come to the same
// results, and it does not matter which of them has reached the disk.
type commitment struct {
	batch         []op
	results       []error
	now           time.Time
	noTexts       error  // for new texts, if they are refused
	generation    uint64 // noted in parley.db by the checkpoint that carries the batch
	before, after writerState
}

// commit makes batch durable and tells each of it. If the disk fails, that takes
// until it is well again, or Close.
func (s *Store) commit(batch []op) {
	c := &commitment{
		batch: batch, results: make([]error, len(batch)), now: s.o.Now(), noTexts: s.failed(),
		generation: newGeneration(), before: s.writer,
	}
	s.totals.began()
	err := s.transact(c)
	took := s.totals.ended()
	if err != nil && !s.endure(c, err) {
		return
	}
	s.totals.committed(len(batch), took)
	s.finish(batch, c.results)
}

// transact applies the batch: to the journal if it holds only texts and there is
// room, else to parley.db.
func (s *Store) transact(c *commitment) (err error) {
	defer catchDamage(&err)
	main := s.main.Load()
	if err := main.longEnough(main.file); err != nil {
		return err
	}
	if size, ok := onlyTexts(c.batch); ok && c.noTexts == nil && s.journal.fits(size) {
		return s.append(c)
	}
	return s.checkpoint(c, true)
}

// onlyTexts reports whether the batch can go to the journal, and how much it takes
// there at most. Nothing but texts ever can, see "The journal" in doc.go.
func onlyTexts(batch []op) (size int, ok bool) {
	for _, o := range batch {
		text, ok := o.(*chatOp)
		if !ok {
			return 0, false
		}
		size += textSize(text.record.Room, text.value)
	}
	return size, len(batch) > 0
}

// append brings a batch of texts to the disk with one sync.
func (s *Store) append(c *commitment) error {
	s.journal.begin()
	err := s.db.View(func(tx *bolt.Tx) error { return c.txn(tx, s).apply(c.batch, c.results) })
	if err != nil {
		return err
	}
	if err := s.journal.commit(s.writer.last); err != nil {
		s.journal.broken = true
		return err
	}
	s.fresh.committed(s.writer.chat)
	return nil
}

// checkpoint moves the texts in the journal to parley.db and applies the batch,
// unless it is there, in one transaction, which empties the journal.
func (s *Store) checkpoint(c *commitment, apply bool) error {
	err := update(s.db, func(tx *bolt.Tx) error {
		t := c.txn(tx, s)
		t.moveFresh()
		t.putUint64(keyJournal, c.generation)
		if apply {
			if err := t.apply(c.batch, c.results); err != nil {
				return err
			}
		}
		c.after = s.writer
		return t.finish()
	})
	if err == nil {
		s.journal.restart(c.generation)
		s.fresh.clear()
		s.main.Load().grown()
	}
	return err
}

// settle leaves the journal empty at the end, and notes that it is.
func (s *Store) settle() {
	if s.failed() == nil {
		s.writer.closing = true
		s.commit(nil)
	}
}

// finish calls back.
func (s *Store) finish(batch []op, results []error) {
	for i, o := range batch {
		s.callBack(o, results[i])
	}
}

// callBack keeps a caller's panic from ending the writer.
func (s *Store) callBack(o op, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.o.Log.Error("store callback panicked", "panic", fmt.Sprint(v))
		}
	}()
	o.finish(err)
}

// call is the callback of most writes; nil for a caller who does not care.
type call func(error)

func (c call) finish(err error) {
	if c != nil {
		c(err)
	}
}
