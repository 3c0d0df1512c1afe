package storage

import (
	"sync/atomic"
	"time"
)

// Figures tells how the store does. Totals are since Open.
type Figures struct {
	// Queued writes wait, of at most QueueCap.
	Queued, QueueCap int
	// Commits carried Records writes; Records/Commits is the batch size.
	Commits, Records uint64
	// Refused with ErrBusy.
	Refused uint64
	// CommitTime is the total spent in commits, LastCommit the latest one's.
	CommitTime, LastCommit time.Duration
	// Running is how long the commit that is under way has taken, 0 if there is
	// none.
	Running time.Duration
	// ReadOnly: the disk fails or is full, and texts are refused. Held writes wait
	// until it is well; they are not in Queued.
	ReadOnly bool
	Held     int
	// Failures of commits and of tries to do them again.
	Failures uint64
}

type totals struct {
	commits, records, refused, failures atomic.Uint64
	time, last, held                    atomic.Int64
	start                               atomic.Int64 // of the running commit, Unix nanoseconds, 0: none
}

func (t *totals) began() { t.start.Store(time.Now().UnixNano()) }

func (t *totals) ended() time.Duration { return time.Duration(time.Now().UnixNano() - t.start.Swap(0)) }

// running is how long the commit under way has taken.
func (t *totals) running() time.Duration {
	start := t.start.Load()
	if start == 0 {
		return 0
	}
	return max(1, time.Duration(time.Now().UnixNano()-start))
}

func (t *totals) committed(records int, took time.Duration) {
	t.commits.Add(1)
	t.records.Add(uint64(records))
	t.time.Add(int64(took))
	t.last.Store(int64(took))
}

// Figures returns the store's figures. It is cheap.
func (s *Store) Figures() Figures {
	return Figures{
		Queued: len(s.queue), QueueCap: cap(s.queue),
		Commits: s.totals.commits.Load(), Records: s.totals.records.Load(),
		Refused:    s.totals.refused.Load(),
		CommitTime: time.Duration(s.totals.time.Load()), LastCommit: time.Duration(s.totals.last.Load()),
		Running:  s.totals.running(),
		ReadOnly: s.failed() != nil, Held: int(s.totals.held.Load()), Failures: s.totals.failures.Load(),
	}
}
