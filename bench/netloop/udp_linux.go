package netloop

import (
	"fmt"
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of the shared receive memory.
const (
	recvMsgs = 32
	recvSlot = 64 << 10 // a GRO run may be as large as a datagram
	ctrlSlot = 64       // a segment size and a time of arrival
	sendMsgs = 64
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [unsafe.Sizeof(uintptr(0)) - 4]byte
}

// receiver is the memory of one recvmmsg call, shared by a loop's sockets.
type receiver struct {
	msgs [recvMsgs]mmsghdr
	iovs [recvMsgs]unix.Iovec
	ctrl [recvMsgs][ctrlSlot]byte
	mem  []byte
}

func newReceiver() *receiver {
	r := &receiver{mem: make([]byte, recvMsgs*recvSlot)}
	for i := range r.msgs {
		r.iovs[i].Base = &r.mem[i*recvSlot]
		r.iovs[i].SetLen(recvSlot)
		r.msgs[i].hdr.Iov = &r.iovs[i]
		r.msgs[i].hdr.SetIovlen(1)
		r.msgs[i].hdr.Control = &r.ctrl[i][0]
	}
	return r
}

// sender is the memory of one sendmmsg call.
type sender struct {
	msgs [sendMsgs]mmsghdr
	iovs [sendMsgs]unix.Iovec
}

func newSender() *sender {
	s := new(sender)
	for i := range s.msgs {
		s.msgs[i].hdr.Iov = &s.iovs[i]
		s.msgs[i].hdr.SetIovlen(1)
	}
	return s
}

// UDP is a connected socket in a loop.
type UDP struct {
	fd      int
	loop    *Loop
	handler PacketHandler
}

// AdoptUDP moves conn, which must be connected, into the loop and closes
// conn. gro asks for UDP_GRO where the kernel has it. Only on the loop's
// goroutine.
func (l *Loop) AdoptUDP(conn *net.UDPConn, gro bool, h PacketHandler) (*UDP, error) {
	fd, err := dupFd(conn)
	conn.Close()
	if err != nil {
		return nil, err
	}
	tuneBuffers(fd)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if gro {
		unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_GRO, 1) // absent before 5.0: no runs then
	}
	u := &UDP{fd: fd, loop: l, handler: h}
	if err = l.poll.add(fd, unix.EPOLLIN, u); err != nil {
		unix.Close(fd)
		return nil, err
	}
	u.ready(l, unix.EPOLLIN)
	return u, nil
}

// dupFd gives a second descriptor of conn's socket.
func dupFd(conn syscall.Conn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd := -1
	var dupErr error
	err = raw.Control(func(s uintptr) {
		fd, dupErr = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = dupErr
	}
	if err != nil {
		return -1, fmt.Errorf("duplicate descriptor: %w", err)
	}
	return fd, nil
}

// socketBuffer is asked for in both directions, in bytes. SO_*BUFFORCE needs
// privilege; without it the kernel's bound holds.
const socketBuffer = 4 << 20

func tuneBuffers(fd int) {
	for _, opt := range [][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt[0], socketBuffer) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, opt[1], socketBuffer)
		}
	}
}

// ready drains the socket. A receive that fills less than all slots has
// emptied it, so that the next datagram raises a new edge.
func (u *UDP) ready(l *Loop, _ uint32) {
	for u.fd >= 0 {
		n := u.receive(l.poll.receive)
		if n == 0 {
			return
		}
		clock := readClocks()
		l.Counters.Receives++
		for i := range n {
			u.deliver(l, i, clock)
		}
		if n < recvMsgs {
			return
		}
	}
}

func (u *UDP) receive(r *receiver) int {
	for i := range r.msgs {
		r.msgs[i].hdr.SetControllen(ctrlSlot)
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(u.fd),
			uintptr(unsafe.Pointer(&r.msgs[0])), recvMsgs, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n)
		case unix.EINTR, unix.ECONNREFUSED:
			// A pending ICMP error is reported once and then cleared.
			continue
		}
		return 0
	}
}

// deliver cuts one received run into datagrams.
func (u *UDP) deliver(l *Loop, i int, clock clocks) {
	r := l.poll.receive
	run := r.mem[i*recvSlot : i*recvSlot+int(r.msgs[i].len)]
	size, stamp := parseControl(r.ctrl[i][:r.msgs[i].hdr.Controllen])
	if size == 0 {
		size = len(run)
	}
	at := clock.arrival(stamp)
	l.Counters.Runs++
	for len(run) > 0 && u.fd >= 0 {
		cut := min(size, len(run))
		l.Counters.Packets++
		u.handler.OnPacket(run[:cut:cut], at)
		run = run[cut:]
	}
}

// parseControl reads the segment size of a UDP_GRO run and the kernel's time
// of arrival (SO_TIMESTAMPNS: nanoseconds on the realtime clock), 0 for what
// is not there.
func parseControl(ctrl []byte) (size int, stamp int64) {
	for len(ctrl) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&ctrl[0]))
		if h.Len < unix.SizeofCmsghdr || uint64(h.Len) > uint64(len(ctrl)) {
			return size, stamp
		}
		data := ctrl[unix.CmsgLen(0):h.Len]
		switch {
		case h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			size = int(*(*int32)(unsafe.Pointer(&data[0])))
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
			stamp = (*unix.Timespec)(unsafe.Pointer(&data[0])).Nano()
		}
		ctrl = ctrl[min(unix.CmsgSpace(len(data)), len(ctrl)):]
	}
	return size, stamp
}

// clocks is one moment on two clocks: ours and that of the kernel's stamps.
type clocks struct{ now, real int64 } // nanoseconds

func readClocks() clocks {
	now := time.Now()
	return clocks{int64(now.Sub(base)), now.UnixNano()}
}

// arrival is when a datagram came, on our clock: how long it then lay in the
// socket is this process's doing and no delay of the server's. Stamps that
// can not be, as when the realtime clock is set, count as now.
func (c clocks) arrival(stamp int64) int64 {
	if age := c.real - stamp; stamp != 0 && age >= 0 && age < int64(time.Second) {
		return c.now - age
	}
	return c.now
}

// Send sends pkts, each one datagram. What the kernel does not take at once
// is dropped and counted.
func (u *UDP) Send(pkts ...[]byte) {
	if u.fd < 0 {
		return
	}
	s := u.loop.poll.send
	for len(pkts) > 0 {
		batch := pkts[:min(len(pkts), sendMsgs)]
		pkts = pkts[len(batch):]
		for i, p := range batch {
			s.iovs[i].Base = &p[0]
			s.iovs[i].SetLen(len(p))
		}
		sent := u.sendBatch(s, len(batch))
		u.loop.Counters.Unsent += uint64(len(batch) - sent)
	}
}

func (u *UDP) sendBatch(s *sender, n int) int {
	sent := 0
	for sent < n {
		k, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(u.fd),
			uintptr(unsafe.Pointer(&s.msgs[sent])), uintptr(n-sent), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			sent += int(k)
		case unix.EINTR, unix.ECONNREFUSED:
		default:
			return sent
		}
	}
	return sent
}

// Drops is how many datagrams the kernel threw away because the socket's
// buffer was full.
func (u *UDP) Drops() uint64 {
	const soMeminfo, dropsAt = 55, 8 // SO_MEMINFO, SK_MEMINFO_DROPS
	var info [9]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(u.fd), unix.SOL_SOCKET, soMeminfo,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 || size < dropsAt*4+4 {
		return 0
	}
	return uint64(info[dropsAt])
}

// Close takes the socket out of the loop. Only on the loop's goroutine.
func (u *UDP) Close() {
	if u.fd >= 0 {
		u.loop.poll.drop(u.fd)
		u.fd = -1
	}
}

func (u *UDP) close() {
	unix.Close(u.fd)
	u.fd = -1
}
