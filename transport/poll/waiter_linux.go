package poll

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter is the epoll instance of one loop, which waits for it in the runtime's
// poller as for any other descriptor (epoll(7)). A thread that waits in epoll_wait
// itself keeps its processor of the scheduler's for 10 ms more; meanwhile the
// scheduler's monitor, which sleeps only while all processors are free, wakes up
// again and again, and ends the wait by a signal. After each text that was three
// system calls of ten and a quarter of all switches between threads (strace -c -f
// and /proc/PID/task/*/schedstat under parley bench chat -n 50 --rate 40).
//
// When the wait ends by itself is a timer of the kernel's, for the monitor sleeps no
// longer than to the next timer of the runtime's.
type waiter struct {
	file  *os.File
	raw   syscall.RawConn
	epfd  int
	timer int     // a timerfd
	alarm Instant // what the timer is set to, 0: nothing
	spec  unix.ItimerSpec

	events []unix.EpollEvent
	count  int
	failed error
	look   func(epfd uintptr) bool // pre-bound, so that wait does not allocate
}

// newWaiter makes an epoll instance that takes up to batch events at once.
func newWaiter(batch int) (*waiter, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epfd)
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	w := &waiter{epfd: epfd, timer: timer, events: make([]unix.EpollEvent, batch)}
	w.look = w.lookNow
	err = os.NewSyscallError("fcntl", unix.SetNonblock(epfd, true))
	w.file = os.NewFile(uintptr(epfd), "poll") // which the runtime's poller takes if it does not block
	if err == nil {
		err = w.watch(timer)
	}
	if err == nil {
		err = w.file.SetReadDeadline(time.Time{}) // refused if the runtime's poller has not taken it
	}
	if err == nil {
		w.raw, err = w.file.SyscallConn()
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// watch adds a descriptor of our own, with generation 0.
func (w *waiter) watch(fd int) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(w.epfd, unix.EPOLL_CTL_ADD, fd, &ev))
}

// wait returns what has happened, once something has or until has passed; 0: never.
// The events are valid until the next call.
func (w *waiter) wait(until Instant) ([]unix.EpollEvent, error) {
	left := until.Sub(Now())
	if until != 0 && left <= 0 {
		w.lookNow(uintptr(w.epfd))
		return w.events[:w.count], w.failed
	}
	if err := w.ringAt(until, left); err != nil {
		return nil, err
	}
	err := w.raw.Read(w.look)
	return w.events[:w.count], errors.Join(err, w.failed)
}

// ringAt sets the timer, which also takes back that it has rung.
func (w *waiter) ringAt(at Instant, left time.Duration) error {
	if at == w.alarm {
		return nil
	}
	w.alarm, w.spec = at, unix.ItimerSpec{}
	if at != 0 {
		w.spec.Value = unix.NsecToTimespec(left.Nanoseconds())
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(w.timer), 0, uintptr(unsafe.Pointer(&w.spec)), 0, 0, 0)
	return failedCall("timerfd_settime", errno)
}

// lookNow reports whether there is something to return for: events, or a failure. Its
// call never waits, as that of ringAt, so the scheduler is not told of them: that
// alone would wake up its monitor.
func (w *waiter) lookNow(epfd uintptr) bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, epfd, uintptr(unsafe.Pointer(unsafe.SliceData(w.events))), uintptr(len(w.events)), 0, 0, 0)
	if errno != 0 {
		n = 0
	}
	w.count, w.failed = int(n), nil
	if errno != unix.EINTR { // else nothing is known, and the loop looks again
		w.failed = failedCall("epoll_pwait", errno)
	}
	return n > 0 || errno != 0
}

func failedCall(name string, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return os.NewSyscallError(name, errno)
}

func (w *waiter) close() {
	_ = w.file.Close()
	_ = unix.Close(w.timer)
}
