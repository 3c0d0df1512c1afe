package actors

import (
	"context"
	"time"
)

// waiter is a sender that waits for room, with its message.
type waiter[M any] struct {
	msg        M
	settled    chan struct{}
	err        error // nil: admitted; valid once settled is closed
	prev, next *waiter[M]
	listed     bool
}

// waitList holds the senders that wait, oldest first. The mailbox moves their
// messages into the ring itself, so that no later sender can overtake them.
type waitList[M any] struct {
	first, last *waiter[M]
}

func (l *waitList[M]) add(msg M) *waiter[M] {
	w := &waiter[M]{msg: msg, settled: make(chan struct{}), prev: l.last, listed: true}
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
	return w
}

// remove reports whether w was still waiting.
func (l *waitList[M]) remove(w *waiter[M]) bool {
	if !w.listed {
		return false
	}
	w.listed = false
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	return true
}

// settle tells the sender how its wait ended. It must not be in the list.
func (w *waiter[M]) settle(err error) {
	w.err = err
	close(w.settled)
}

// await returns nil when w was settled, else why the sender gave up.
func (w *waiter[M]) await(p Policy) error {
	if p.mode == modeBlock {
		select {
		case <-w.settled:
			return nil
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
	}
	t := time.NewTimer(p.wait)
	defer t.Stop()
	select {
	case <-w.settled:
		return nil
	case <-t.C:
		return context.DeadlineExceeded
	}
}
