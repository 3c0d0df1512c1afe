package nego

import (
	"testing"

	"parley/media"
)

// TestOutgoingSSRCsNeverRepeat: whatever the step, each number comes once.
func TestOutgoingSSRCsNeverRepeat(t *testing.T) {
	for range 20 {
		var s SSRCs
		seen := make(map[media.SSRC]bool)
		for range 10_000 {
			n := s.Next()
			if n == 0 || seen[n] {
				t.Fatalf("%d came twice, or is none", n)
			}
			seen[n] = true
		}
	}
	s := SSRCs{newest: 0xffffffff, step: 1}
	if got := s.Next(); got != 1 {
		t.Errorf("after the wrap comes %d, want 1", got)
	}
}
