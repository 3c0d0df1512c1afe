package poll

import (
	"io"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epollFD is a connection of an epoll loop.
type epollFD struct {
	loop    *loop
	handler Handler        // set by Start under loop.mu, before the first event
	timer   timer[epollFD] // guarded by loop.mu
	fd      int32
	gen     int32  // tells this use of the number fd from others; immutable
	lent    bool   // the descriptor is another's, who closes it; immutable
	post    Events // synthetic events not yet delivered, guarded by loop.mu

	// mu guards the flags and keeps the descriptor open while it is in use:
	// a number that is closed may be another connection a moment later.
	// Order: mu before loop.mu.
	mu      sync.Mutex
	started bool
	closed  bool
	want    bool // WantWrite
}

func (d *epollFD) Start(h Handler) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	early := d.loop.setHandler(d, h)
	if err := d.control(unix.EPOLL_CTL_ADD); err != nil {
		return err
	}
	d.started = true
	if !d.lent { // with nothing above the socket epoll knows all there is to read
		early |= Readable
	}
	if early != 0 {
		d.loop.postEvent(d, early)
	}
	return nil
}

// control tells epoll what to watch.
func (d *epollFD) control(op int) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: d.fd, Pad: d.gen}
	if d.want {
		ev.Events |= unix.EPOLLOUT
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(d.loop.wait.epfd, op, int(d.fd), &ev))
}

func (d *epollFD) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, ErrClosed
	}
	for {
		n, err := transfer(unix.SYS_RECVFROM, d.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, failure("recvfrom", err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (d *epollFD) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, ErrClosed
	}
	for {
		n, err := transfer(unix.SYS_SENDTO, d.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, failure("sendto", err)
		case n < len(p):
			return n, ErrAgain
		default:
			return n, nil
		}
	}
}

func (d *epollFD) Writev(bufs [][]byte) (int, error) {
	total := 0
	for _, b := range bufs {
		total += len(b)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, ErrClosed
	}
	for {
		n, err := unix.Writev(int(d.fd), bufs)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, failure("writev", err)
		case n < total:
			return n, ErrAgain
		default:
			return n, nil
		}
	}
}

// transfer is recvfrom or sendto of a connected socket, which goes past what
// read and write do for files. It never waits, so the scheduler is not told: it
// would watch each call, and the watching costs more than its own share of one.
func transfer(call uintptr, fd int32, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func failure(call string, err error) error {
	if err == unix.EAGAIN {
		return ErrAgain
	}
	return os.NewSyscallError(call, err)
}

func (d *epollFD) WantWrite(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.want == on {
		return
	}
	d.want = on
	if d.started {
		// Fails only for descriptors that are not watched, a bug that the
		// write deadline would bring to light.
		_ = d.control(unix.EPOLL_CTL_MOD)
	}
}

func (d *epollFD) SetTimer(at Instant) { d.loop.setTimer(d, at) }

func (d *epollFD) Wake() { d.loop.postEvent(d, Woken) }

func (d *epollFD) CloseWrite() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	return os.NewSyscallError("shutdown", unix.Shutdown(int(d.fd), unix.SHUT_WR))
}

func (d *epollFD) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.closed = true
	d.loop.forget(d)
	// Closing would take it out of epoll too, unless a child process holds
	// a copy of the descriptor.
	_ = unix.EpollCtl(d.loop.wait.epfd, unix.EPOLL_CTL_DEL, int(d.fd), nil)
	if d.lent {
		return nil
	}
	return os.NewSyscallError("close", unix.Close(int(d.fd)))
}
