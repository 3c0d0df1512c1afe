package media

import "time"

// timeline is where the timestamps of an outgoing stream belong: they move as
// the clock does. A source may run ahead of that or behind it by what networks
// and honest clocks do, and drags it along slowly; a leap is not passed on, for
// receivers remember the newest timestamp, and would take all that comes after
// it, whoever sends that, for too old. The zero value knows nothing.
type timeline struct {
	ts Ticks // due at at
	at Instant
}

const (
	// maxAhead and maxBehind bound a timestamp against the clock, in seconds.
	// Only what waited somewhere on its way is behind, and catches up; ahead
	// is who started late.
	maxAhead  = 5
	maxBehind = 10
	// maxBack is how far a timestamp may be before the newest one, in seconds.
	maxBack = 1
	// maxLate is the same for a packet that comes late: a picture that stood
	// still for minutes shows what was lost before only when it moves again.
	maxLate = 600
	// maxDrift is how fast the timeline follows a source, as a share of the
	// time that passed: 500 ppm, several times what crystals are off.
	maxDrift = 2000
	// driftEvery is how often it does.
	driftEvery = time.Second
)

// due returns the timestamp of now.
func (l *timeline) due(now Instant, clock uint32) Ticks {
	return l.ts + ticksIn(now.Sub(l.at), clock)
}

// holds reports whether ts is near enough to the clock.
func (l *timeline) holds(ts Ticks, now Instant, clock uint32) bool {
	d := int32(ts - l.due(now, clock))
	return d <= maxAhead*int32(clock) && d >= -maxBehind*int32(clock)
}

// bound returns the timestamp nearest to ts that holds.
func (l *timeline) bound(ts Ticks, now Instant, clock uint32) Ticks {
	due := l.due(now, clock)
	d := min(max(int32(ts-due), -maxBehind*int32(clock)), maxAhead*int32(clock))
	return due + Ticks(d)
}

// follow takes the newest timestamp, which was first used now.
func (l *timeline) follow(ts Ticks, now Instant, clock uint32) {
	if l.at == 0 {
		l.ts, l.at = ts, now
		return
	}
	passed := now.Sub(l.at)
	if passed < driftEvery {
		return
	}
	due := l.due(now, clock)
	most := int32(ticksIn(min(passed, time.Hour)/maxDrift, clock))
	l.ts, l.at = due+Ticks(min(max(int32(ts-due), -most), most)), now
}

// holeBudget bounds the numbers that are left free for packets that are missing
// (see Rewriter). A receiver that hears nothing for some seconds guesses the
// roll-over counter from the numbers (RFC 3711 §3.3.1) and is lost for good
// if they moved by 2^15 meanwhile. The zero value is full.
type holeBudget struct {
	at   Instant // up to when holes have come back, 0: never used
	left int32
}

// holesPerSecond is 5 % of the most packets that a session may send, and as
// much as may be missing at once.
const holesPerSecond = 1000

// take reports whether n more numbers may be left free, and counts them.
func (b *holeBudget) take(n ExtSeq, now Instant) bool {
	const each = time.Second / holesPerSecond
	switch back := now.Sub(b.at) / each; {
	case b.at == 0 || back >= holesPerSecond:
		b.at, b.left = now, holesPerSecond
	case back > 0:
		b.at, b.left = b.at.Add(back*each), min(b.left+int32(back), holesPerSecond)
	}
	if n > maxJump || int32(n) > b.left {
		return false
	}
	b.left -= int32(n)
	return true
}

// filled notes that a packet took one of the numbers.
func (b *holeBudget) filled() { b.left = min(b.left+1, holesPerSecond) }
