//go:build unix

package httpd

import (
	"errors"
	"math"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptorLimit is how many descriptors this process may have, 0 if that is
// not known or no bound.
func descriptorLimit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil || l.Cur <= 0 || uint64(l.Cur) > math.MaxInt32 {
		return 0
	}
	return int(l.Cur)
}

// nextDescriptor is the number that the next descriptor gets while conn is there:
// 0 if that can not be known, -1 if there is none left.
func nextDescriptor(conn net.Conn) (next int) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(own uintptr) { // a closed connection has none
		switch second, err := unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0); {
		case err == nil:
			next = second
			_ = unix.Close(second)
		case outOfDescriptors(err):
			next = -1
		}
	})
	return next
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
