//go:build linux || darwin

package storage

import (
	"os"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"
)

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
