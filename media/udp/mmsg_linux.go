package udp

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2). The compiler pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// controlSize holds one control message with a 4-byte value.
const controlSize = unix.SizeofCmsghdr + 8

// recvHeaders points the kernel at the slots of a RecvBatch.
type recvHeaders struct {
	hdrs    [BatchSize]mmsghdr
	iovs    [BatchSize]unix.Iovec
	control [BatchSize][controlSize]byte
}

func (h *recvHeaders) bind(b *RecvBatch) {
	for i := range h.hdrs {
		room := b.room(i)
		h.iovs[i].Base = &room[0]
		h.iovs[i].SetLen(len(room))
		hdr := &h.hdrs[i].hdr
		hdr.Name = &b.addrs[i].raw[0]
		hdr.Iov = &h.iovs[i]
		hdr.SetIovlen(1)
		hdr.Control = &h.control[i][0]
	}
}

// recvFast waits for datagrams: the doorbell calls recvReady now, and again
// each time it rings.
func (s *Socket) recvFast(b *RecvBatch) error {
	f := s.fast
	f.recv, f.recvErr = b, nil
	if err := f.bell.wait(f.recvFn); err != nil {
		return err
	}
	return f.recvErr
}

// recvReady takes what is there. It returns false, which means wait, when
// that is nothing and the deadline has not passed.
func (s *Socket) recvReady(epoll uintptr) bool {
	f := s.fast
	if f.recvErr = f.bell.disarm(epoll); f.recvErr != nil {
		return true
	}
	n, errno := f.recvmmsg()
	switch errno {
	case 0:
		s.received(f.recv, n)
		return true
	case unix.EAGAIN:
		if f.bell.late() {
			return true
		}
		f.recvErr = f.bell.arm(epoll)
		return f.recvErr != nil
	default:
		f.recvErr = errno
		return true
	}
}

// recvmmsg fills the batch with what is there, or says EAGAIN. It is a raw
// call: it never blocks, and telling the scheduler about it costs as much as
// receiving a datagram.
func (f *fast) recvmmsg() (int, syscall.Errno) {
	if f.recv.slots == nil {
		if !waiting(f.fd) {
			return 0, unix.EAGAIN
		}
		f.recv.allocate()
	}
	h := &f.recv.mmsg
	for i := range h.hdrs {
		h.hdrs[i].hdr.Namelen = rawLen6
		h.hdrs[i].hdr.SetControllen(controlSize)
	}
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(f.fd),
			uintptr(unsafe.Pointer(&h.hdrs[0])), BatchSize, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR, unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH:
			continue // nothing, or an ICMP error about some peer
		}
		return int(n), errno
	}
}

// waiting reports whether a datagram, or an error, waits at a socket.
func waiting(fd int) bool {
	_, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), 0, 0, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	return errno != unix.EAGAIN
}

// received reads the headers that the kernel filled.
func (s *Socket) received(b *RecvBatch, n int) {
	h := &b.mmsg
	for i := range n {
		hdr := &h.hdrs[i].hdr
		b.addrs[i].n = uint8(hdr.Namelen)
		b.sizes[i] = int(h.hdrs[i].len)
		if hdr.Flags&unix.MSG_TRUNC != 0 {
			b.sizes[i] = 0
			s.oversize.Add(1)
		}
	}
	b.n = n
	if n > 0 && h.hdrs[n-1].hdr.Controllen > 0 {
		s.overflowed(&h.control[n-1])
	}
}

// overflowed stores the kernel's running count of datagrams it dropped, which
// comes as a control message of type SO_RXQ_OVFL once it is not zero.
func (s *Socket) overflowed(control *[controlSize]byte) {
	hdr := (*unix.Cmsghdr)(unsafe.Pointer(control))
	if hdr.Level == unix.SOL_SOCKET && hdr.Type == unix.SO_RXQ_OVFL {
		s.overflows.Store(uint64(binary.NativeEndian.Uint32(control[unix.SizeofCmsghdr:])))
	}
}

// sendHeaders describes the messages of a SendBatch to the kernel.
type sendHeaders struct {
	hdrs    [sendMessages]mmsghdr
	iovs    [sendMessages]unix.Iovec
	control [sendMessages][controlSize]byte
	fn      func(fd uintptr) bool
}

func (h *sendHeaders) bind(b *SendBatch) {
	for i := range h.hdrs {
		h.hdrs[i].hdr.Iov = &h.iovs[i]
		h.hdrs[i].hdr.SetIovlen(1)
		cmsg := (*unix.Cmsghdr)(unsafe.Pointer(&h.control[i]))
		cmsg.Level = unix.SOL_UDP
		cmsg.Type = unix.UDP_SEGMENT
		cmsg.SetLen(unix.SizeofCmsghdr + 2)
	}
	h.fn = b.writeReady
}

// flushFast hands all messages to the kernel.
func (b *SendBatch) flushFast() {
	h := &b.mmsg
	for i := range b.msgs[:b.n] {
		m := &b.msgs[i]
		hdr := &h.hdrs[i].hdr
		hdr.Name = &m.to.raw[0]
		hdr.Namelen = uint32(m.to.n)
		h.iovs[i].Base = &b.arena[m.off]
		h.iovs[i].SetLen(m.len)
		hdr.Control = nil
		hdr.SetControllen(0)
		if m.count > 1 {
			binary.NativeEndian.PutUint16(h.control[i][unix.SizeofCmsghdr:], uint16(m.segment))
			hdr.Control = &h.control[i][0]
			hdr.SetControllen(controlSize)
		}
	}
	if err := b.sock.fast.raw.Write(h.fn); err != nil {
		b.drop(0, &b.stats.Refused) // the socket is closed
	}
	for i := range b.msgs[:b.n] {
		h.hdrs[i].hdr.Name = nil
	}
}

// drop counts the messages from first on as lost.
func (b *SendBatch) drop(first int, counter *uint64) {
	for i := first; i < b.n; i++ {
		*counter += uint64(b.msgs[i].count)
	}
}

// Patience with a full send buffer: this many polls of one millisecond.
const fullPolls = 3

// writeReady sends all messages. It never asks to be parked (it always
// returns true): a full send buffer is waited for briefly here, then the
// rest is dropped, because packets that wait are worth less than none.
//
// The calls are raw. They do not block, and an arena is sent within a few
// hundred microseconds; the scheduler, told about each, would wake its monitor
// thread every time, which took a sixth of the server's work (parley bench
// audience --watchers 50).
func (b *SendBatch) writeReady(fd uintptr) bool {
	polls := 0
	for next := 0; next < b.n; {
		b.stats.Calls++
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDMMSG, fd,
			uintptr(unsafe.Pointer(&b.mmsg.hdrs[next])), uintptr(b.n-next), unix.MSG_DONTWAIT, 0, 0)
		if errno == 0 {
			for i := next; i < next+int(n); i++ {
				b.sent(&b.msgs[i])
			}
			next += int(n)
			continue
		}
		switch errno {
		case unix.EINTR:
		case unix.EAGAIN, unix.ENOBUFS:
			if polls++; polls > fullPolls {
				b.drop(next, &b.stats.Full)
				return true
			}
			waitWritable(fd)
		default:
			b.refused(fd, &b.msgs[next], errno)
			next++
		}
	}
	return true
}

func waitWritable(fd uintptr) {
	set := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	_, _ = unix.Poll(set[:], 1)
}

// refused handles a message the kernel did not take. A run is tried once more
// datagram by datagram: the path may be narrower than a segment (EINVAL or
// EMSGSIZE, by kernel), which says nothing about the paths to others, or the
// interface unable to cut it (EIO, which ends segmentation for good).
func (b *SendBatch) refused(fd uintptr, m *message, errno syscall.Errno) {
	if m.count == 1 {
		b.stats.Refused++
		return
	}
	if errno == unix.EIO {
		b.sock.abandonGSO()
	}
	for off := m.off; off < m.off+m.len; off += m.segment {
		end := min(off+m.segment, m.off+m.len)
		b.stats.Calls++
		if sendto(fd, b.arena[off:end], m.to) != 0 {
			b.stats.Refused++
			continue
		}
		b.stats.Packets++
		b.stats.Bytes += uint64(end - off)
	}
}
