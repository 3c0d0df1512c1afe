package media

import "time"

// KeyframeGate limits how often a sender is asked for a key frame and forgets
// no wish: one that comes too early is granted when the time has come, unless
// a key frame arrived meanwhile. The zero value never waits.
type KeyframeGate struct {
	Interval time.Duration // least time between requests
	last     Instant
	wanted   bool
}

// Ask notes a wish and reports whether to send a request now.
func (g *KeyframeGate) Ask(now Instant) bool {
	g.wanted = true
	return g.Due(now)
}

// Due reports whether a request is to be sent now for an earlier wish, and
// takes it as sent. A request that is not answered is not repeated by itself:
// whoever still waits asks again.
func (g *KeyframeGate) Due(now Instant) bool {
	if !g.wanted || g.last != 0 && now.Sub(g.last) < g.Interval {
		return false
	}
	g.wanted, g.last = false, now
	return true
}

// Waiting reports whether a wish waits for its time.
func (g *KeyframeGate) Waiting() bool { return g.wanted }

// Arrived notes that a key frame came.
func (g *KeyframeGate) Arrived() { g.wanted = false }

// RepairBudget bounds repairs by the media they repair: a subscriber that asks
// for everything again gets at most as many bytes as it was sent, which makes
// NACKs useless as an amplifier. The zero value holds nothing.
type RepairBudget struct {
	bytes int
}

// maxRepairBytes is the largest burst of repairs: a lost half second at
// 4 Mbit/s.
const maxRepairBytes = 256 << 10

// Sent adds what media of n bytes entitles to.
func (b *RepairBudget) Sent(n int) { b.bytes = min(b.bytes+n, maxRepairBytes) }

// Take reports whether a repair of n bytes may be sent, and counts it.
func (b *RepairBudget) Take(n int) bool {
	if n > b.bytes {
		return false
	}
	b.bytes -= n
	return true
}
