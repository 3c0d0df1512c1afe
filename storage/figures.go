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
	ReadOnly               bool
}

type totals struct {
	commits, records, refused atomic.Uint64
	time, last                atomic.Int64
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
		ReadOnly: s.failed() != nil,
	}
}
