package limit

import (
	"net/netip"
	"sync"
)

// Tally bounds how much each source may have at once.
type Tally struct {
	most int // below 1: any number

	mu    sync.Mutex // guards count
	count map[netip.Prefix]int
}

// NewTally allows each source most at once. No limit is made of a number below
// 1.
func NewTally(most int) *Tally { return &Tally{most: most, count: map[netip.Prefix]int{}} }

// Add counts one more of addr's and reports whether it may have it. Only what
// was counted is given back, by Give with the same address.
func (t *Tally) Add(addr netip.Addr) bool {
	source := Source(addr)
	if t.most < 1 || !source.IsValid() {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count[source] >= t.most {
		return false
	}
	t.count[source]++
	return true
}

// Give takes back an Add that was allowed.
func (t *Tally) Give(addr netip.Addr) {
	source := Source(addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count[source]--; t.count[source] <= 0 {
		delete(t.count, source)
	}
}

// Full reports whether Add would refuse addr. It counts nothing.
func (t *Tally) Full(addr netip.Addr) bool {
	if t.most < 1 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count[Source(addr)] >= t.most
}
