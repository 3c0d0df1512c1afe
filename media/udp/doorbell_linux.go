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
// It also rings at the reader's deadline, by a timer of the kernel's. At one of
// the runtime's, three threads wake up: the one that waits in the poller, the
// scheduler's monitor, which sleeps no longer than the next timer, and one that
// is to look for more work once that one has some. Deadlines 20 ms apart took a
// tenth of a server's work (parley bench audience --watchers 50).
//
// It is an epoll instance that holds the socket and the timer. The runtime's
// poller can wait for it as for any other descriptor (epoll(7)).
type doorbell struct {
	file  *os.File
	raw   syscall.RawConn
	sock  int       // what it rings for
	timer int       // a timerfd
	until time.Time // deadline
	alarm time.Time // what the timer is set to
	armed bool
	// Arguments of system calls, here so that they do not allocate.
	event unix.EpollEvent
	spec  unix.ItimerSpec
}

// open makes the bell for the socket sock.
func (d *doorbell) open(sock int) (err error) {
	d.sock = sock
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if d.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC); err != nil {
		return errors.Join(fmt.Errorf("timerfd_create: %w", err), unix.Close(epoll))
	}
	err = errors.Join(unix.SetNonblock(epoll, true),
		unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, sock, &unix.EpollEvent{}),
		unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, d.timer, &unix.EpollEvent{Events: unix.EPOLLIN}))
	d.file = os.NewFile(uintptr(epoll), "doorbell")
	if err == nil {
		d.raw, err = d.file.SyscallConn()
	}
	if err = errors.Join(err, d.file.SetReadDeadline(time.Time{})); err != nil {
		return errors.Join(fmt.Errorf("epoll: %w", err), d.close()) // nobody could be woken
	}
	return nil
}

// setDeadline makes the bell ring at t; the zero time means never. It takes
// back a wake. Only the reader may call it.
func (d *doorbell) setDeadline(t time.Time) error {
	d.until = t
	return d.file.SetReadDeadline(time.Time{})
}

// late reports whether the deadline has passed.
func (d *doorbell) late() bool { return !d.until.IsZero() && time.Until(d.until) <= 0 }

// wake ends the wait of the reader, or its next one, until it sets a deadline.
func (d *doorbell) wake() { _ = d.file.SetReadDeadline(past) }

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

// arm makes the bell ring at the deadline and at the next datagram, or at once
// if one is there. Only ready functions may call arm and disarm: they hold the
// descriptors.
func (d *doorbell) arm(epoll uintptr) error {
	if d.alarm != d.until {
		d.spec.Value = unix.Timespec{}
		if !d.until.IsZero() {
			d.spec.Value = unix.NsecToTimespec(max(1, time.Until(d.until).Nanoseconds()))
		}
		if err := unix.TimerfdSettime(d.timer, 0, &d.spec, nil); err != nil {
			return err
		}
		d.alarm = d.until
	}
	return d.set(epoll, unix.EPOLLIN, true)
}

// disarm makes datagrams ring no more, if they did.
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
func (d *doorbell) close() error { return errors.Join(d.file.Close(), unix.Close(d.timer)) }
