package bench

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync brings f's data to the disk.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
