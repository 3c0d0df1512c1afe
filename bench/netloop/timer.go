package netloop

import "container/heap"

// Alarm is called when a Timer is due. It may arm the timer again.
type Alarm interface{ OnAlarm(now int64) }

// Timer belongs to one loop and fires at most once per Arm.
type Timer struct {
	alarm Alarm
	at    int64 // due, on the scale of Now
	index int   // place in the heap plus one, 0: not armed
}

// NewTimer makes a timer that is not armed.
func NewTimer(a Alarm) *Timer { return &Timer{alarm: a} }

// Arm sets t to fire at the time at (see Now), instead of what was set
// before. Only on the loop's goroutine.
func (l *Loop) Arm(t *Timer, at int64) {
	t.at = at
	if t.index > 0 {
		heap.Fix(&l.timers, t.index-1)
		return
	}
	heap.Push(&l.timers, t)
}

// Disarm stops t. Only on the loop's goroutine.
func (l *Loop) Disarm(t *Timer) {
	if t.index > 0 {
		heap.Remove(&l.timers, t.index-1)
	}
}

// timerHeap orders armed timers by due time.
type timerHeap []*Timer

func (h timerHeap) next() (int64, bool) {
	if len(h) == 0 {
		return 0, false
	}
	return h[0].at, true
}

func (h *timerHeap) pop() *Timer { return heap.Pop(h).(*Timer) }

// Len, Less, Swap, Push and Pop make a heap.Interface.
func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	*h = append(*h, t)
	t.index = len(*h)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = 0
	return t
}
