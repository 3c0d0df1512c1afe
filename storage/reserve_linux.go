package storage

import (
	"os"
	"syscall"
)

// allocateBlocks gives the file so many bytes of the disk, without writing them
// where the file system can do that.
func allocateBlocks(file *os.File, size int64) error {
	for {
		switch err := syscall.Fallocate(int(file.Fd()), 0, 0, size); err {
		case syscall.EINTR:
		case syscall.EOPNOTSUPP, syscall.ENOSYS:
			return writeNoise(file, size)
		default:
			return err
		}
	}
}
