package storage

import (
	"os"
	"syscall"
)

// datasync is what bbolt calls on this system.
func datasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
