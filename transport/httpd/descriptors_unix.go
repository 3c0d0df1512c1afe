//go:build unix

package httpd

import (
	"errors"
	"math"
	"net"
	"syscall"
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

// descriptorOf is the number of conn's, 0 if it has none.
func descriptorOf(conn net.Conn) int {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	var number uintptr
	if raw.Control(func(fd uintptr) { number = fd }) != nil {
		return 0
	}
	return int(number)
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
