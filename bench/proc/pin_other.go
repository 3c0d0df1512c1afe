//go:build !linux

package proc

import (
	"errors"
	"os/exec"
	"runtime"
)

// errNoPin says that this system can not pin processes.
var errNoPin = errors.New("pinning to processors needs Linux")

// Allowed lists the processors this process may use.
func Allowed() CPUs {
	set := make(CPUs, runtime.NumCPU())
	for i := range set {
		set[i] = i
	}
	return set
}

// PinSelf needs Linux unless set is empty.
func PinSelf(set CPUs) error {
	if len(set) == 0 {
		return nil
	}
	return errNoPin
}

// StartOn starts cmd out of reach of the terminal's Ctrl-C; a set needs Linux.
func StartOn(cmd *exec.Cmd, set CPUs) error {
	apart(cmd)
	if len(set) == 0 {
		return cmd.Start()
	}
	return errNoPin
}

// FileLimit is not known on this system.
func FileLimit() uint64 { return 1 << 20 }
