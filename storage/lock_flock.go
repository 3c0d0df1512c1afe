//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package storage

import (
	"errors"
	"os"
	"syscall"
	"time"

	berrors "go.etcd.io/bbolt/errors"
)

// lockFile takes the lock that bbolt will take again, on the same descriptor: what
// is checked must not change meanwhile. It waits for another process.
func lockFile(f *os.File, wait time.Duration) error {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if !time.Now().Before(end) {
			return berrors.ErrTimeout
		}
	}
}

// letGo unlocks a file that bbolt did not come to close, and closes it: its map, if
// it has one, would keep the lock.
func letGo(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}

// handOver gives the lock on m's file to the same file opened anew. Between the two
// calls another process could take it, and would have to be quick.
func handOver(m *mainFile, to *os.File) error {
	if err := syscall.Flock(int(m.file.Fd()), syscall.LOCK_UN); err != nil {
		return err
	}
	if err := syscall.Flock(int(to.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		takeBack(m)
		return berrors.ErrTimeout
	}
	return nil
}

// takeBack locks m's file again.
func takeBack(m *mainFile) { _ = syscall.Flock(int(m.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
