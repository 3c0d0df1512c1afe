package engine

import (
	"time"

	"parley/engine/wire"
)

// A server that drains refuses new meetings and lets those that run go on until
// its time is over. Everybody in one knows when that is.

// maxDrainWait is the longest that somebody who is refused is asked to wait: when
// the last one leaves the server is back long before its time is over.
const maxDrainWait = 30 * time.Second

// drainLeft is how long meetings may go on yet.
func (e *env) drainLeft(now time.Time) (left time.Duration, draining bool) {
	end := e.drainEnd.Load()
	return max(0, time.Unix(0, end).Sub(now)), end != 0
}

// waitToDrain is when who was refused by err may try again, 0 if err is about
// something else.
func (e *env) waitToDrain(err error, now time.Time) time.Duration {
	left, draining := e.drainLeft(now)
	if !draining || CodeOf(err) != wire.CodeDraining {
		return 0
	}
	return min(max(left, time.Second), maxDrainWait)
}

// tellDraining tells who has just come what all others know already.
func (r *roomState) tellDraining(m *member, now time.Time) {
	if left, draining := r.env.drainLeft(now); draining {
		m.tell(&wire.Draining{InMS: left.Milliseconds()})
	}
}
