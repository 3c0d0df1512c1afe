package actors

import (
	"container/heap"
	"time"
)

// Timer is a message to come. It belongs to its actor's goroutine. A nil Timer
// is one that has fired.
type Timer[M any] struct {
	a     *actor[M]
	at    int64 // system clock
	order uint64
	msg   M
	index int // in the heap, -1 when not in it
}

// Stop ends the timer and reports whether it was still to come. The message is
// not handled after Stop, even if it was due already.
func (t *Timer[M]) Stop() bool {
	if t == nil || t.index < 0 {
		return false
	}
	t.a.owner.assert()
	heap.Remove(&t.a.timers.heap, t.index)
	return true
}

// timers are one actor's, kept in a heap over one runtime timer. The loop fires
// them itself: they need neither a goroutine nor room in the mailbox.
type timers[M any] struct {
	heap  timerHeap[M]
	order uint64
	alarm *time.Timer // nil until the loop first sleeps with a timer set
}

func (a *actor[M]) addTimer(d time.Duration, msg M) *Timer[M] {
	a.timers.order++
	t := &Timer[M]{a: a, at: a.sys.clock() + int64(max(d, 0)), order: a.timers.order, msg: msg}
	heap.Push(&a.timers.heap, t)
	return t
}

// channel returns what becomes readable when the next timer is due, nil without
// timers.
func (ts *timers[M]) channel(now int64) <-chan time.Time {
	if len(ts.heap) == 0 {
		return nil
	}
	wait := time.Duration(max(ts.heap[0].at-now, 0))
	if ts.alarm == nil {
		ts.alarm = time.NewTimer(wait)
	} else {
		ts.alarm.Reset(wait)
	}
	return ts.alarm.C
}

func (ts *timers[M]) clear() {
	for _, t := range ts.heap {
		t.index = -1
	}
	ts.heap = nil
	if ts.alarm != nil {
		ts.alarm.Stop()
	}
}

// fireTimers handles the messages that are due, in the order of their times. A
// timer set by one of them waits for the next run.
func (a *actor[M]) fireTimers() {
	if len(a.timers.heap) == 0 {
		return
	}
	now, newest := a.sys.clock(), a.timers.order
	for !a.over && len(a.timers.heap) > 0 {
		t := a.timers.heap[0]
		if t.at > now || t.order > newest {
			return
		}
		heap.Pop(&a.timers.heap)
		a.kind.fired.Add(1)
		a.handler.Handle(&a.ctx, t.msg)
	}
}

// timerHeap orders by time, then by when the timer was set.
type timerHeap[M any] []*Timer[M]

func (h timerHeap[M]) Len() int { return len(h) }

func (h timerHeap[M]) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}

func (h timerHeap[M]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is for container/heap.
func (h *timerHeap[M]) Push(x any) {
	t := x.(*Timer[M])
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop is for container/heap.
func (h *timerHeap[M]) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
