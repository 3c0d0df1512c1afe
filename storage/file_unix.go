//go:build unix

package storage

import "syscall"

// errReadOnlyDisk is what a file system mounted read-only answers.
var errReadOnlyDisk error = syscall.EROFS
