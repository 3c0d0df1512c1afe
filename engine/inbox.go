package engine

import (
	"sync"
	"sync/atomic"
)

// inbox is the edge between the storage's writer, which puts results in, and the
// room, which takes them out, in order. It is bounded by what the room has on its
// way. It may be used from any goroutine; the zero inbox is empty.
type inbox struct {
	filled atomic.Bool

	mu      sync.Mutex // guards results
	results []recordResult
}

// recordResult is the outcome of one record: of a text, a join or a leave.
type recordResult struct {
	join  string // a newcomer's id
	leave *leaveWait
	said  *saying
	text  Text // with said
	err   error
}

func (b *inbox) put(r recordResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results = append(b.results, r)
	b.filled.Store(true)
}

// next takes the oldest result. One at a time, so that a handler that panics
// over one does not lose the others.
func (b *inbox) next() (r recordResult, ok bool) {
	if !b.filled.Load() {
		return r, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r = b.results[0]
	b.results[0] = recordResult{}
	if b.results = b.results[1:]; len(b.results) == 0 {
		b.results = nil
		b.filled.Store(false)
	}
	return r, true
}
