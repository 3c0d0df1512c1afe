package udp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fast is a socket for batches. The runtime's poller does not know it: Recv
// waits for its doorbell, and nothing else of it blocks.
type fast struct {
	file *os.File
	raw  syscall.RawConn // of file, for those who send: keeps fd open meanwhile
	fd   int             // for the reader, who is gone before it is closed
	bell doorbell

	recv    *RecvBatch               // argument of the Recv under way
	recvErr error                    // its result
	recvFn  func(epoll uintptr) bool // pre-bound, so that Recv does not allocate
}

// openFast takes over the socket of conn. Closing conn takes it out of the
// runtime's poller, and a second descriptor keeps it open.
func (s *Socket) openFast(conn *net.UDPConn, c Config) error {
	fd, err := dup(conn)
	if err = errors.Join(err, conn.Close()); err != nil {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		return err
	}
	// To the runtime a blocking descriptor is one it need not poll.
	if err := unix.SetNonblock(fd, false); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	f := &fast{fd: fd, file: os.NewFile(uintptr(fd), "udp"), recvFn: s.recvReady}
	if f.raw, err = f.file.SyscallConn(); err == nil {
		err = f.bell.open(fd)
	}
	if err != nil {
		return errors.Join(err, f.file.Close())
	}
	if !c.NoGSO {
		s.gso.Store(probeGSO(fd))
	}
	s.fast, s.wait = f, &f.bell
	return nil
}

// dup returns a second descriptor of conn's socket, or -1.
func dup(conn *net.UDPConn) (fd int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	var dupErr error
	err = raw.Control(func(of uintptr) { fd, dupErr = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, dupErr); err != nil {
		return -1, fmt.Errorf("dup: %w", err)
	}
	return fd, nil
}

func (f *fast) close() error { return errors.Join(f.bell.close(), f.file.Close()) }

// writeTo sends one datagram.
func (f *fast) writeTo(p []byte, to *Addr) {
	_ = f.raw.Write(func(fd uintptr) bool {
		sendto(fd, p, to)
		return true
	})
}

// sendto sends one datagram without waiting.
func sendto(fd uintptr, p []byte, to *Addr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, fd,
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&to.raw[0])), uintptr(to.n))
	return errno
}
