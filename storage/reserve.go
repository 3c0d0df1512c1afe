package storage

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// ReserveName is the file in the store's folder that holds the reserve.
const ReserveName = "parley.reserve"

// reserve is a part of the disk that is kept for the time when it is full. Then it
// is given up: records of meetings, which are small, go on into the space, and texts
// are refused until there is so much again. It belongs to the writer's goroutine
// once Open has returned.
type reserve struct {
	dir  string
	size int64 // not positive: none
	log  *slog.Logger
	said bool // that there is none
}

func (r *reserve) path() string { return filepath.Join(r.dir, ReserveName) }

// make makes sure of the reserve. The error is that of a full disk; without a
// reserve for another reason the store is what it would be without one at all.
func (r *reserve) make() error {
	if r.size <= 0 {
		return nil
	}
	err := r.allocate()
	if err == nil || outOfSpace(err) {
		return err
	}
	if !r.said {
		r.said = true
		r.log.Warn("no reserve for a full disk", "error", err.Error())
	}
	return nil
}

// allocate gives the file its blocks, or none.
func (r *reserve) allocate() error {
	file, err := os.OpenFile(r.path(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	private(r.path())
	if err := allocateBlocks(file, r.size); err != nil {
		_ = file.Truncate(0) // else the part would be missing elsewhere
		return err
	}
	return file.Truncate(r.size)
}

// release gives the reserve up and reports whether there was one.
func (r *reserve) release() bool {
	info, err := os.Stat(r.path())
	return err == nil && info.Size() > 0 && os.Truncate(r.path(), 0) == nil
}

// writeNoise writes what no file system stores in less space than it has.
func writeNoise(file *os.File, size int64) error {
	info, err := file.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	noise := rand.NewChaCha8([32]byte{})
	_, err = io.CopyN(io.NewOffsetWriter(file, 0), noise, size)
	return err
}
