//go:build !linux

package floor

import "os"

// DataSync brings f's data to the disk.
func DataSync(f *os.File) error { return f.Sync() }
