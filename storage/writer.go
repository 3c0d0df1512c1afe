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
	if err := s.failed(); err != nil {
		return err
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
	var batch []op
	for {
		select {
		case o, ok := <-s.queue:
			if !ok {
				s.settle()
				return
			}
			batch = s.gather(append(batch[:0], o))
			s.commit(batch)
			clear(batch)
		case <-beat.C:
			s.beat()
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

// commit makes batch durable and tells each of it.
func (s *Store) commit(batch []op) {
	if err := s.failed(); err != nil {
		s.finish(batch, nil, err)
		return
	}
	results := make([]error, len(batch))
	start := time.Now()
	err := s.transact(batch, results)
	if err != nil {
		err = s.fail(err)
	} else {
		s.totals.committed(len(batch), time.Since(start))
	}
	s.finish(batch, results, err)
}

// transact applies the batch: to the journal if it holds only texts and there is
// room, else to parley.db.
func (s *Store) transact(batch []op, results []error) (err error) {
	defer catchDamage(&err)
	if size, ok := onlyTexts(batch); ok && s.journal.fits(size) {
		return s.append(batch, results)
	}
	return s.checkpoint(batch, results)
}

// onlyTexts reports whether the batch can go to the journal, and how much it takes
// there at most.
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
func (s *Store) append(batch []op, results []error) error {
	s.journal.begin()
	err := s.db.View(func(tx *bolt.Tx) error { return newTxn(tx, s).apply(batch, results) })
	if err != nil {
		return err
	}
	if err := s.journal.commit(s.writer.last); err != nil {
		return err
	}
	s.fresh.committed(s.writer.chat)
	return nil
}

// checkpoint moves the texts in the journal to parley.db and applies the batch, in
// one transaction, which empties the journal.
func (s *Store) checkpoint(batch []op, results []error) error {
	generation := newGeneration()
	err := update(s.db, func(tx *bolt.Tx) error {
		t := newTxn(tx, s)
		t.moveFresh()
		t.putUint64(keyJournal, generation)
		if err := t.apply(batch, results); err != nil {
			return err
		}
		return t.finish()
	})
	if err == nil {
		s.journal.restart(generation)
		s.fresh.clear()
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

// fail turns the store read-only; the first failure is the one remembered.
func (s *Store) fail(cause error) error {
	err := fmt.Errorf("%w: %w", ErrReadOnly, cause)
	if s.failure.CompareAndSwap(nil, &err) {
		s.o.Log.Error("store is read-only from now on", "error", cause.Error())
	}
	return s.failed()
}

// finish calls back. err, if not nil, holds for all.
func (s *Store) finish(batch []op, results []error, err error) {
	for i, o := range batch {
		result := err
		if result == nil {
			result = results[i]
		}
		s.callBack(o, result)
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
