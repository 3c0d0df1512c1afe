//go:build !linux

package proc

import "time"

// cpuClock is known on Linux only.
func cpuClock(int) (time.Duration, bool) { return 0, false }
