//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package storage

import (
	"os"
	"time"
)

// lockFile does nothing: these systems' locks can not be taken twice, and bbolt will
// take it. Who starts a second server on a folder may be told of damage.
func lockFile(*os.File, time.Duration) error { return nil }

// letGo closes a file that bbolt did not come to close.
func letGo(f *os.File) { _ = f.Close() }

// handOver closes m, which lets go of the lock; readers wait for the new file.
func handOver(m *mainFile, _ *os.File) error { return m.db.Close() }

func takeBack(*mainFile) {}
