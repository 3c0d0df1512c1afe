package poll

import (
	"math/bits"
	"time"
)

const (
	// wheelSlots × wheelTick = 25.6 s is one turn: longer than a keepalive
	// interval, so that nearly every timer is placed once.
	wheelSlots = 512
	wheelTick  = Instant(50 * time.Millisecond)
)

// timer is a node of a wheel, embedded in what it belongs to.
type timer[T any] struct {
	prev, next *timer[T]
	owner      *T
	at         Instant
	slot       int32 // index of the slot it is linked in, meaningless if prev is nil
}

func (t *timer[T]) armed() bool { return t.prev != nil }

// wheel is a hashed timer wheel: arming and disarming are O(1), and the
// nearest deadline is found by scanning 8 words. Pure: no clock, no lock. The
// zero value is not usable; see newWheel.
//
//	slot of a timer = ceil(at / tick) mod 512, or the slot farthest away
//	for a timer beyond one turn, which is then placed again when met.
type wheel[T any] struct {
	slots [wheelSlots]timer[T] // heads of circular lists
	used  [wheelSlots / 64]uint64
	tick  int64 // all slots up to and including this tick have been emptied
	count int
}

func newWheel[T any](now Instant) *wheel[T] {
	w := &wheel[T]{tick: int64(now / wheelTick)}
	for i := range w.slots {
		h := &w.slots[i]
		h.prev, h.next = h, h
	}
	return w
}

// set arms t for at, replacing an earlier arming.
func (w *wheel[T]) set(t *timer[T], at Instant) {
	w.remove(t)
	t.at = at
	w.link(t)
	w.count++
}

// remove disarms t; it need not be armed.
func (w *wheel[T]) remove(t *timer[T]) {
	if !t.armed() {
		return
	}
	w.unlink(t)
	w.count--
}

func (w *wheel[T]) link(t *timer[T]) {
	due := int64((t.at + wheelTick - 1) / wheelTick)
	due = min(max(due, w.tick+1), w.tick+wheelSlots-1)
	i := due % wheelSlots
	h := &w.slots[i]
	t.slot = int32(i)
	t.prev, t.next = h.prev, h
	t.prev.next, h.prev = t, t
	w.used[i/64] |= 1 << (i % 64)
}

func (w *wheel[T]) unlink(t *timer[T]) {
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next = nil, nil
	if h := &w.slots[t.slot]; h.next == h {
		w.used[t.slot/64] &^= 1 << (t.slot % 64)
	}
}

// advance moves the wheel to now and appends the owners of all timers that
// are due, and now disarmed, to due.
func (w *wheel[T]) advance(now Instant, due []*T) []*T {
	target := int64(now / wheelTick)
	if target-w.tick > wheelSlots {
		w.tick = target - wheelSlots // one turn visits every slot
	}
	for w.tick < target {
		w.tick++
		i := w.tick % wheelSlots
		if w.used[i/64]&(1<<(i%64)) == 0 {
			continue
		}
		due = w.empty(&w.slots[i], now, due)
	}
	return due
}

// empty takes the timers out of one slot; those of a later turn are placed
// again.
func (w *wheel[T]) empty(h *timer[T], now Instant, due []*T) []*T {
	var later *timer[T] // linked by next
	for h.next != h {
		t := h.next
		w.unlink(t)
		if t.at > now {
			t.next, later = later, t
			continue
		}
		w.count--
		due = append(due, t.owner)
	}
	for later != nil {
		t := later
		later, t.next = t.next, nil
		w.link(t)
	}
	return due
}

// next returns when advance has something to look at, 0 if never.
func (w *wheel[T]) next() Instant {
	if w.count == 0 {
		return 0
	}
	start := int((w.tick + 1) % wheelSlots)
	for k := 0; k <= len(w.used); k++ {
		word := (start/64 + k) % len(w.used)
		set := w.used[word]
		if k == 0 {
			set &= ^uint64(0) << (start % 64)
		}
		if k == len(w.used) {
			set &= 1<<(start%64) - 1
		}
		if set == 0 {
			continue
		}
		i := word*64 + bits.TrailingZeros64(set)
		ahead := (i - start + wheelSlots) % wheelSlots
		return Instant(w.tick+1+int64(ahead)) * wheelTick
	}
	return 0
}
