package netem

import (
	"math/rand/v2"
	"time"
)

// Link describes one direction. The zero Link is perfect.
type Link struct {
	// Loss is the share of datagrams that vanish, 0 … 1.
	Loss float64
	// Delay is added to each datagram, and up to Jitter more, evenly spread.
	// Jitter does not change the order.
	Delay, Jitter time.Duration
	// Reorder is the share of datagrams that are overtaken by those sent in
	// the ReorderBy after them.
	Reorder   float64
	ReorderBy time.Duration
	// Rate in bits per second, 0 for no limit. What has to wait longer than
	// Queue for its turn is dropped; 0 means 200 ms.
	Rate  int64
	Queue time.Duration
}

const (
	defaultQueue     = 200 * time.Millisecond
	defaultReorderBy = 5 * time.Millisecond
)

// Shaper decides over the datagrams of one direction. The zero value is not
// usable; it belongs to one goroutine.
type Shaper struct {
	link Link
	rng  *rand.Rand
	free time.Time // when the link has sent what it took
	last time.Time // latest delivery of a datagram in order
}

// NewShaper returns a Shaper whose decisions follow from seed and the order
// of calls.
func NewShaper(link Link, seed uint64) *Shaper {
	s := &Shaper{rng: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
	s.Set(link)
	return s
}

// Set changes the link from the next datagram on.
func (s *Shaper) Set(link Link) {
	if link.Queue == 0 {
		link.Queue = defaultQueue
	}
	if link.ReorderBy == 0 {
		link.ReorderBy = defaultReorderBy
	}
	s.link = link
}

// Next returns when a datagram of size bytes that was sent at now arrives, or
// that it is lost. Three random numbers are drawn for each datagram whatever
// the link, so that two links with one seed lose the same datagrams.
func (s *Shaper) Next(now time.Time, size int) (at time.Time, lost bool) {
	loss, jitter, reorder := s.rng.Float64(), s.rng.Float64(), s.rng.Float64()
	if loss < s.link.Loss {
		return at, true
	}
	at = now
	if s.link.Rate > 0 {
		if s.free.Before(now) {
			s.free = now
		}
		if s.free.Sub(now) > s.link.Queue {
			return at, true
		}
		s.free = s.free.Add(time.Duration(int64(size) * 8 * int64(time.Second) / s.link.Rate))
		at = s.free
	}
	at = at.Add(s.link.Delay + time.Duration(jitter*float64(s.link.Jitter)))
	if reorder < s.link.Reorder {
		return at.Add(s.link.ReorderBy), false
	}
	if at.Before(s.last) {
		at = s.last
	}
	s.last = at
	return at, false
}
