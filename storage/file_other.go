//go:build !unix

package storage

import (
	"errors"
	"syscall"
)

// errReadOnlyDisk matches nothing: the system reports missing permission.
var errReadOnlyDisk = errors.New("read-only disk")

// diskFull is what a full file system answers: ERROR_DISK_FULL.
var diskFull = []error{syscall.Errno(112)}
