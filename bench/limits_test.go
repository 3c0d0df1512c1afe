package bench

import (
	"testing"
	"time"

	"parley/bench/client"
	"parley/bench/load"
)

// TestTheBenchTellsOfItself: each way in which the tool is the bottleneck is
// told, and a run without any is told nothing of.
func TestTheBenchTellsOfItself(t *testing.T) {
	for name, c := range map[string]struct {
		busy time.Duration // of the two processors, in a second
		grow func(*client.Health)
		told int
	}{
		"at ease":           {time.Second, func(*client.Health) {}, 0},
		"busy":              {1900 * time.Millisecond, func(*client.Health) {}, 1},
		"two late of 1000":  {0, func(h *client.Health) { h.Late += 2 }, 0},
		"three late":        {0, func(h *client.Health) { h.Late += 3 }, 1},
		"buffers overflow":  {0, func(h *client.Health) { h.KernelDrops++ }, 1},
		"unsent":            {0, func(h *client.Health) { h.Loops.Unsent++ }, 1},
		"busy and overflow": {2 * time.Second, func(h *client.Health) { h.KernelDrops++ }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := &runner{benchCPUs: []int{0, 1}}
			before := client.Health{Late: 50, KernelDrops: 50}
			before.Loops.Unsent = 50 // of earlier: not this window's
			after := before
			c.grow(&after)
			w := &window{stats: &load.Stats{Sent: 1000}, wall: time.Second, benchCPU: c.busy}
			if why := r.limits(w, before, after); len(why) != c.told {
				t.Errorf("told %q, want %d reasons", why, c.told)
			}
		})
	}
}
