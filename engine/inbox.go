package engine

import (
	"sync"
	"sync/atomic"

	"parley/actors"
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

// with is the result once its outcome is known.
func (r *recordResult) with(err error) recordResult {
	out := *r
	out.err = err
	return out
}

// stored takes what was stored on the writer, before done is told.
func (r *recordResult) stored(done func(error)) func(Text, error) {
	return func(text Text, err error) {
		r.text = text
		done(err)
	}
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

// toInbox makes a callback for the storage's writer that never blocks it.
func (r *roomState) toInbox(result func(error) recordResult) func(error) {
	box, self := r.j.inbox, r.self
	return func(err error) {
		box.put(result(err))
		_ = self.Tell(recordsWritten{}, actors.Coalesce(actors.Key{Class: keyRecords}))
	}
}

// takeInbox deals with what the storage has done.
func (r *roomState) takeInbox(ctx *actors.Context[roomMsg]) {
	for {
		res, ok := r.j.inbox.next()
		if !ok {
			return
		}
		switch {
		case res.join != "":
			r.onJoinRecorded(ctx, res.join, res.err)
		case res.leave != nil:
			r.j.finish(res.leave)
		case res.said != nil:
			r.onSaid(res.said, res.text, res.err)
		}
	}
}
