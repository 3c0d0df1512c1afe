package storage

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// trouble is why texts are refused. It is made anew, and not changed.
type trouble struct {
	err  error // ErrReadOnly and the cause
	held map[heldText]bool
	from time.Time
}

// heldText is a text whose commit failed. The same again has to wait for the
// outcome and can not be refused: it would be said after that.
type heldText struct {
	room string
	hash chatHash
}

func (o *chatOp) held() heldText { return heldText{o.record.Room, o.hash} }

// failed returns why texts are refused, nil if they are not.
func (s *Store) failed() error {
	if t := s.trouble.Load(); t != nil {
		return t.err
	}
	return nil
}

// maxWaiting is how many times the queue's length wait while the disk fails. They
// are records of meetings, nearly all below 300 bytes.
const maxWaiting = 16

// longestPause bounds the time between two tries. With a large file each takes about
// a second for a GiB.
const longestPause = 2 * time.Second

// endure holds a commitment that failed until it is on the disk, however long that
// takes, and reports whether it is. Only Close ends it before.
//
// What the file holds after a failed write or sync is not known, and not what
// reading it says: the kernel shows pages that it could not write. So the file is
// opened anew, the meta page that is seen is written again (steady), and another
// transaction carries what is not in the file, and a mark of its own. When that has
// been synced the outcome is known, for it refers to nothing that only the failed
// one has written: those pages are either written again or, if its mark is seen,
// were synced before the mark was written. What was acknowledged and is only in the
// journal it takes from memory, so that a journal that can not be read costs nothing.
func (s *Store) endure(c *commitment, cause error) bool {
	s.fail(cause, heldTexts(c.batch))
	s.journal.doubted = true
	var took time.Duration // of the last try, which reads the whole file
	for wait := s.o.retry; ; wait = min(2*wait, 4*s.o.retry) {
		s.totals.held.Store(int64(len(c.batch) + len(s.waiting)))
		pause := max(wait, min(2*took, longestPause))
		if outOfSpace(cause) && s.reserve.release() {
			pause = 0
		}
		open := s.pause(pause, len(c.batch))
		begun := time.Now()
		if cause = s.retry(c); cause == nil {
			s.totals.held.Store(int64(len(s.waiting)))
			s.mend()
			return true
		}
		took = time.Since(begun)
		s.fail(cause, heldTexts(c.batch))
		if !open {
			s.abandon(c, cause)
			return false
		}
	}
}

// retry brings a commitment to the disk, unless it is there.
func (s *Store) retry(c *commitment) (err error) {
	defer catchDamage(&err)
	s.totals.began()
	defer s.totals.ended()
	generation, err := s.reopen()
	if err != nil {
		return err
	}
	s.fresh.rollBack()
	s.index.clear()
	switch generation {
	case c.generation:
		s.writer = c.after
		return s.checkpoint(c, false)
	case s.journal.generation:
		s.writer = c.before
		return s.checkpoint(c, true)
	}
	return errOther
}

// errOther: somebody has put another store in the place of this one.
var errOther = fmt.Errorf("%s is not the one that was open: %w", FileName, ErrNotAStore)

// mend gets back what texts need: the journal and the reserve. The meetings do
// without.
func (s *Store) mend() {
	if err := s.mendFiles(); err != nil {
		s.fail(err, nil)
		return
	}
	was := s.trouble.Swap(nil)
	s.o.Log.Warn("store writes again", "after", time.Since(was.from).Round(time.Millisecond).String())
	s.changed(nil)
}

func (s *Store) mendFiles() (err error) {
	defer catchDamage(&err)
	s.totals.began()
	defer s.totals.ended()
	if err := s.mendJournal(); err != nil {
		return err
	}
	return s.reserve.make()
}

// fail notes that texts are refused, and says so if they were not before.
func (s *Store) fail(cause error, held map[heldText]bool) {
	s.totals.failures.Add(1)
	now := &trouble{err: fmt.Errorf("%w: %w", ErrReadOnly, cause), held: held, from: time.Now()}
	if was := s.trouble.Load(); was != nil {
		now.from = was.from
		s.trouble.Store(now)
		return
	}
	s.trouble.Store(now)
	s.o.Log.Error("store can not write; texts are refused and meetings wait until it can", "error", cause.Error())
	s.changed(now.err)
}

func (s *Store) changed(err error) {
	if s.o.Changed != nil {
		s.o.Changed(err)
	}
}

// heldTexts lists a batch's texts.
func heldTexts(batch []op) map[heldText]bool {
	held := make(map[heldText]bool)
	for _, o := range batch {
		if text, ok := o.(*chatOp); ok {
			held[text.held()] = true
		}
	}
	return held
}

// pause waits, takes what is queued, and reports whether the store is still open.
func (s *Store) pause(d time.Duration, held int) (open bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		queue := s.queue
		if len(s.waiting) >= maxWaiting*s.o.Queue {
			queue = nil
		}
		select {
		case <-s.stop:
			return false
		case <-timer.C:
			return true
		case o, ok := <-queue:
			if !ok {
				return false
			}
			s.setAside(o)
			s.totals.held.Store(int64(held + len(s.waiting)))
		}
	}
}

// setAside keeps a write for when the disk is well; a text is refused.
func (s *Store) setAside(o op) {
	if text, ok := o.(*chatOp); ok && !s.mayBeSaid(text) {
		s.callBack(o, s.failed())
		return
	}
	s.waiting = append(s.waiting, o)
}

// takeWaiting takes a batch of what was set aside.
func (s *Store) takeWaiting(batch []op) []op {
	n := min(len(s.waiting), s.o.Queue)
	if n == 0 {
		return batch
	}
	batch = append(batch, s.waiting[:n]...)
	clear(s.waiting[:n])
	if s.waiting = s.waiting[n:]; len(s.waiting) == 0 {
		s.waiting = nil
	}
	s.totals.held.Store(int64(len(s.waiting)))
	return batch
}

// mayBeSaid reports whether a text under this key is stored, or may be.
func (s *Store) mayBeSaid(o *chatOp) bool {
	if t := s.trouble.Load(); t != nil && t.held[o.held()] {
		return true
	}
	_, err := s.chatByHash(o.record.Room, o.hash)
	return err == nil
}

// abandon ends what waits, for the store is closed. Of a batch that failed nobody knows
// the outcome, but that texts in it were refused: each try comes to that.
func (s *Store) abandon(c *commitment, cause error) {
	unknown, held := fmt.Errorf("%w: %w", ErrUnknown, cause), heldTexts(c.batch)
	for i, o := range c.batch {
		if err := c.results[i]; errors.Is(err, ErrReadOnly) {
			s.callBack(o, err)
		} else {
			s.callBack(o, unknown)
		}
	}
	end := func(o op) {
		if text, ok := o.(*chatOp); ok && held[text.held()] {
			s.callBack(o, unknown)
		} else {
			s.callBack(o, s.failed())
		}
	}
	for _, o := range s.waiting {
		end(o)
	}
	s.waiting = nil
	for o := range s.queue {
		end(o)
	}
	s.totals.held.Store(0)
	s.abandoned = true
}

// stuck returns a channel that is closed when the disk has not answered for so long
// that Close does not wait any more.
func (s *Store) stuck() <-chan struct{} {
	gone := make(chan struct{})
	go func() { // ends with the writer, or the wait
		look := time.NewTicker(s.o.closeWait / 10)
		defer look.Stop()
		for {
			select {
			case <-s.finished:
				return
			case <-look.C:
				if s.totals.running() > s.o.closeWait {
					close(gone)
					return
				}
			}
		}
	}()
	return gone
}

// outOfSpace reports whether an error is that of a full disk. bbolt keeps only the
// text of some.
func outOfSpace(err error) bool {
	if err == nil {
		return false
	}
	for _, full := range diskFull {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}
