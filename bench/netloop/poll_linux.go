package netloop

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// source is something in the epoll set.
type source interface {
	ready(l *Loop, events uint32)
	close()
}

// poller is one epoll set with the memory that its sockets share.
type poller struct {
	ep, event int      // epoll and eventfd descriptors
	sources   []source // by descriptor
	events    [256]unix.EpollEvent
	coarse    bool // the kernel has no epoll_pwait2

	receive *receiver
	send    *sender
	text    []byte // what a WebSocket read returns, until handled
}

func newPoller() (*poller, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	ev, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		unix.Close(ep)
		return nil, err
	}
	p := &poller{ep: ep, event: ev, receive: newReceiver(), send: newSender(), text: make([]byte, 64<<10)}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(ev)}
	if err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, ev, &event); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add puts fd in the set, edge-triggered.
func (p *poller) add(fd int, events uint32, s source) error {
	for len(p.sources) <= fd {
		p.sources = append(p.sources, nil)
	}
	event := unix.EpollEvent{Events: events | unix.EPOLLET, Fd: int32(fd)}
	if err := unix.EpollCtl(p.ep, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return err
	}
	p.sources[fd] = s
	return nil
}

// drop closes fd and forgets it.
func (p *poller) drop(fd int) {
	if fd < len(p.sources) {
		p.sources[fd] = nil
	}
	unix.Close(fd)
}

// wake ends a wait. It may be called from any goroutine.
func (p *poller) wake() {
	one := [8]byte{1}
	unix.Write(p.event, one[:])
}

// wait sleeps at most ns and serves what became ready.
func (p *poller) wait(l *Loop, ns int64) error {
	n, err := p.sleep(ns)
	if err != nil {
		return err
	}
	for _, ev := range p.events[:n] {
		fd := int(ev.Fd)
		if fd == p.event {
			var buf [8]byte
			unix.Read(fd, buf[:])
			continue
		}
		if s := p.sources[fd]; s != nil {
			s.ready(l, ev.Events)
		}
	}
	return nil
}

func (p *poller) sleep(ns int64) (int, error) {
	if p.coarse {
		n, err := unix.EpollWait(p.ep, p.events[:], int((ns+999_999)/1_000_000))
		if errors.Is(err, unix.EINTR) {
			return 0, nil
		}
		return n, err
	}
	ts := unix.NsecToTimespec(ns)
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.ep),
		uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)),
		uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	case unix.ENOSYS, unix.EPERM:
		p.coarse = true
		return 0, nil
	}
	return 0, errno
}

func (p *poller) close() {
	for _, s := range p.sources {
		if s != nil {
			s.close()
		}
	}
	p.sources = nil
	unix.Close(p.event)
	unix.Close(p.ep)
}
