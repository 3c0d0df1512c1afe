package udp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// doorbell lets one reader wait for a socket that the runtime's poller does
// not know. A socket it knows rings at every datagram, also while its reader
// is at work and will look again anyway: some thread wakes up, finds nobody to
// tell and sleeps again, which cost a busy worker about 8 µs a datagram (parley
// bench meet --rooms 3 --bitrate 8Mbps --fps 240). A doorbell rings only between
// arm and disarm.
//
// It is an epoll instance that holds nothing but the socket. The runtime's
// poller can wait for it as for any other descriptor (epoll(7)), which brings
// deadlines with it.
type doorbell struct {
	file  *os.File
	raw   syscall.RawConn
	sock  int // what it rings for
	armed bool
	event unix.EpollEvent // argument of set, here so that it does not allocate
}

// open makes the bell for the socket sock.
func (d *doorbell) open(sock int) error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if err := errors.Join(unix.SetNonblock(epoll, true), unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, sock, &unix.EpollEvent{})); err != nil {
		return errors.Join(fmt.Errorf("epoll: %w", err), unix.Close(epoll))
	}
	d.sock = sock
	d.file = os.NewFile(uintptr(epoll), "doorbell")
	d.raw, err = d.file.SyscallConn()
	if err = errors.Join(err, d.file.SetReadDeadline(time.Time{})); err != nil {
		return errors.Join(fmt.Errorf("epoll: %w", err), d.file.Close()) // nobody could be woken
	}
	return nil
}

// wait calls ready at once, and again whenever the bell rings, until it
// returns true. Only one goroutine may wait.
func (d *doorbell) wait(ready func(epoll uintptr) bool) error {
	switch err := d.raw.Read(ready); {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		return err
	default: // the poller's own error for a file that is closed
		return net.ErrClosed
	}
}

// arm makes the bell ring at the next datagram, or at once if one is there.
// Only ready functions may call arm and disarm: they hold the descriptor.
func (d *doorbell) arm(epoll uintptr) error { return d.set(epoll, unix.EPOLLIN, true) }

// disarm stops it, if it is armed.
func (d *doorbell) disarm(epoll uintptr) error {
	if !d.armed {
		return nil
	}
	return d.set(epoll, 0, false)
}

func (d *doorbell) set(epoll uintptr, events uint32, armed bool) error {
	d.event.Events = events
	err := unix.EpollCtl(int(epoll), unix.EPOLL_CTL_MOD, d.sock, &d.event)
	if err == nil {
		d.armed = armed
	}
	return err
}

// close ends the wait of the reader and returns when it has left ready.
func (d *doorbell) close() error { return d.file.Close() }
