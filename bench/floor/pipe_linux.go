package floor

import (
	"errors"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of the forwarder's memory.
const (
	recvSlots = 64
	sendSlots = 128
	slotSize  = 1536
	maxRun    = 16 // segments in one GSO message
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [unsafe.Sizeof(uintptr(0)) - 4]byte
}

// address is a destination in the kernel's form.
type address struct{ raw unix.RawSockaddrInet4 }

func loopback(port uint16) address {
	var a address
	a.raw.Family = unix.AF_INET
	a.raw.Addr = [4]byte{127, 0, 0, 1}
	p := (*[2]byte)(unsafe.Pointer(&a.raw.Port))
	p[0], p[1] = byte(port>>8), byte(port)
	return a
}

// pipe is a socket with its receive and send memory.
type pipe struct {
	fd  int
	gso bool

	recv  [recvSlots]mmsghdr
	riov  [recvSlots]unix.Iovec
	rname [recvSlots]unix.RawSockaddrInet4
	rmem  [recvSlots][slotSize]byte

	send [sendSlots]mmsghdr
	siov [sendSlots]unix.Iovec
	ctrl [sendSlots][24]byte // one UDP_SEGMENT control message each
	smem [sendSlots][slotSize]byte
	used int // slots
	msgs int
	size int // of the segments of the last message
	last *address
}

// newPipe uses a second descriptor of conn's socket, in blocking mode: a
// forwarder has nothing else to wait for.
func newPipe(conn *net.UDPConn, gso bool) (*pipe, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	p := &pipe{fd: -1, gso: gso}
	var dupErr error
	err = raw.Control(func(fd uintptr) {
		if p.fd, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); dupErr == nil {
			dupErr = unix.SetNonblock(p.fd, false)
		}
	})
	if err == nil {
		err = dupErr
	}
	if err != nil {
		return nil, err
	}
	for _, opt := range [][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(p.fd, unix.SOL_SOCKET, opt[0], 8<<20) != nil {
			unix.SetsockoptInt(p.fd, unix.SOL_SOCKET, opt[1], 8<<20)
		}
	}
	for i := range p.recv {
		p.riov[i].Base = &p.rmem[i][0]
		p.riov[i].SetLen(slotSize)
		h := &p.recv[i].hdr
		h.Name, h.Iov = (*byte)(unsafe.Pointer(&p.rname[i])), &p.riov[i]
		h.SetIovlen(1)
	}
	for i := range p.siov {
		p.siov[i].Base = &p.smem[i][0]
	}
	return p, nil
}

// receive waits for packets and returns how many came.
func (p *pipe) receive() (int, error) {
	for i := range p.recv {
		p.recv[i].hdr.Namelen = unix.SizeofSockaddrInet4
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(p.fd),
			uintptr(unsafe.Pointer(&p.recv[0])), recvSlots, unix.MSG_WAITFORONE, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR, unix.ECONNREFUSED:
		default:
			return 0, errno
		}
	}
}

// packet gives a received packet and its sender's port.
func (p *pipe) packet(i int) ([]byte, uint16) {
	port := (*[2]byte)(unsafe.Pointer(&p.rname[i].Port))
	return p.rmem[i][:p.recv[i].len], uint16(port[0])<<8 | uint16(port[1])
}

// slot gives room for the next packet, empty.
func (p *pipe) slot() []byte {
	if p.used == sendSlots {
		p.flush()
	}
	return p.smem[p.used][:0]
}

// queue adds the packet built in the last slot, as a message or as the next
// segment of the last one: a segment may be shorter than those before it if
// it is the last (size 0 stands for that).
func (p *pipe) queue(pkt []byte, to *address) {
	p.siov[p.used].SetLen(len(pkt))
	p.used++
	if p.gso && to == p.last && p.size > 0 && len(pkt) <= p.size {
		h := &p.send[p.msgs-1].hdr
		h.Iovlen++
		if len(pkt) < p.size || h.Iovlen == maxRun {
			p.last = nil
		}
		p.mark(p.msgs-1, p.size)
		return
	}
	h := &p.send[p.msgs].hdr
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&to.raw)), unix.SizeofSockaddrInet4
	h.Iov = &p.siov[p.used-1]
	h.SetIovlen(1)
	h.Control = nil
	h.SetControllen(0)
	p.msgs++
	p.last, p.size = to, len(pkt)
}

// mark makes message i a GSO run of segments of size.
func (p *pipe) mark(i, size int) {
	c := &p.ctrl[i]
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	*(*uint16)(unsafe.Pointer(&c[unix.CmsgLen(0)])) = uint16(size)
	p.send[i].hdr.Control = &c[0]
	p.send[i].hdr.SetControllen(unix.CmsgSpace(2))
}

// flush sends what is queued. A message the kernel refuses is left out.
func (p *pipe) flush() {
	for sent := 0; sent < p.msgs; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(p.fd),
			uintptr(unsafe.Pointer(&p.send[sent])), uintptr(p.msgs-sent), 0, 0, 0)
		switch {
		case errno == 0:
			sent += int(n)
		case errors.Is(errno, unix.EINTR):
		default:
			sent++
		}
	}
	p.used, p.msgs, p.last = 0, 0, nil
}

// close gives the descriptor back.
func (p *pipe) close() { unix.Close(p.fd) }
