//go:build unix

package storage

import "syscall"

// errReadOnlyDisk is what a file system mounted read-only answers.
var errReadOnlyDisk error = syscall.EROFS

// diskFull is what a full file system answers.
var diskFull = []error{syscall.ENOSPC, syscall.EDQUOT}
