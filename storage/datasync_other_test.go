//go:build !linux

package storage

import "os"

// datasync is what bbolt calls on this system.
func datasync(f *os.File) error { return f.Sync() }
