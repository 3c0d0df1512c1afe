package forward

import (
	"time"

	"parley/media"
)

// clock gives instants that never step back: the wall clock is read once, at
// start, and monotonic time added to it.
type clock struct {
	start time.Time
	base  media.Instant
}

func newClock() clock {
	now := time.Now()
	return clock{start: now, base: media.InstantOf(now)}
}

func (c *clock) now() media.Instant { return c.base.Add(time.Since(c.start)) }

// time converts i to the wall clock, with a monotonic reading.
func (c *clock) time(i media.Instant) time.Time { return c.start.Add(i.Sub(c.base)) }
