package proc

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuClock reads the CPU clock of a process, in nanoseconds: the id is made
// as clock_getcpuclockid(3) does, with the scheduler's clock (2).
func cpuClock(pid int) (time.Duration, bool) {
	const sched, pidMax = 2, 1 << 22
	if pid <= 0 || pid > pidMax {
		return 0, false
	}
	var ts unix.Timespec
	if unix.ClockGettime(int32(^uint32(pid)<<3|sched), &ts) != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}
