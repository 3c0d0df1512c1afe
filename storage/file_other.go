//go:build !unix

package storage

import "errors"

// errReadOnlyDisk matches nothing: the system reports missing permission.
var errReadOnlyDisk = errors.New("read-only disk")
