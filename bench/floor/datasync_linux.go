package floor

import (
	"os"

	"golang.org/x/sys/unix"
)

// DataSync brings f's data to the disk.
func DataSync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
