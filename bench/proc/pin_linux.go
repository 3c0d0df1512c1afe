package proc

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

func (s CPUs) mask() *unix.CPUSet {
	var m unix.CPUSet
	for _, c := range s {
		m.Set(c)
	}
	return &m
}

// Allowed lists the processors this process may use.
func Allowed() CPUs {
	var m unix.CPUSet
	if unix.SchedGetaffinity(0, &m) != nil {
		return nil
	}
	var set CPUs
	for c := range 1024 {
		if m.IsSet(c) {
			set = append(set, c)
		}
	}
	return set
}

// PinSelf moves all threads of this process to set; an empty set changes
// nothing.
func PinSelf(set CPUs) error {
	if len(set) == 0 {
		return nil
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err = unix.SchedSetaffinity(tid, set.mask()); err != nil && err != unix.ESRCH {
			return fmt.Errorf("pin to processors %v: %w", set, err)
		}
	}
	return nil
}

// StartOn starts cmd on set, out of reach of the terminal's Ctrl-C: the child
// inherits the affinity of the thread that starts it, so that its run-time
// counts only those processors. An empty set pins nothing.
func StartOn(cmd *exec.Cmd, set CPUs) error {
	apart(cmd)
	if len(set) == 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, set.mask()); err != nil {
		return fmt.Errorf("pin to processors %v: %w", set, err)
	}
	err := cmd.Start()
	if back := unix.SchedSetaffinity(0, &before); err == nil {
		err = back
	}
	return err
}

// FileLimit is how many file descriptors this process may have open, after
// raising it as far as it may.
func FileLimit() uint64 {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return 1 << 20
	}
	if l.Cur < l.Max {
		raised := unix.Rlimit{Cur: l.Max, Max: l.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			l = raised
		}
	}
	return l.Cur
}
