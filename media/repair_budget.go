package media

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
