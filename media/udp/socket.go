package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"
)

// waiter is what a Recv waits for: the doorbell, or the socket itself.
type waiter interface {
	setDeadline(t time.Time) error
	wake()
}

// plainWaiter is a socket that the runtime's poller knows.
type plainWaiter struct{ conn *net.UDPConn }

func (w plainWaiter) setDeadline(t time.Time) error { return w.conn.SetReadDeadline(t) }
func (w plainWaiter) wake()                         { _ = w.conn.SetReadDeadline(past) }

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// Config says how a socket is opened. The zero Config is a good default.
type Config struct {
	// Buffer is the size asked for the kernel's receive and send buffers in
	// bytes; 0 means 4 MiB. The kernel may give less.
	Buffer int
	// Share lets other sockets bind the same port (SO_REUSEPORT). Only Linux
	// spreads datagrams over them; elsewhere it is ignored.
	Share bool
	// NoGSO switches segmentation offload off.
	NoGSO bool
	// Plain uses one system call per datagram, as systems without
	// recvmmsg(2) do.
	Plain bool
}

const defaultBuffer = 4 << 20

// Socket is a UDP socket. See the package comment for who may call what.
type Socket struct {
	local netip.AddrPort
	// Either conn or fast is there.
	conn *net.UDPConn
	fast *fast
	wait waiter // what Recv waits for
	// gso is the longest run the kernel may be given, 1 when off. Shared by
	// all batches of the socket.
	gso atomic.Int32

	overflows atomic.Uint64 // datagrams the kernel had no room for
	oversize  atomic.Uint64 // datagrams longer than MaxRecv
}

// Listen opens a socket on address.
func Listen(address netip.AddrPort, c Config) (*Socket, error) {
	s := &Socket{}
	if c.Buffer == 0 {
		c.Buffer = defaultBuffer
	}
	conn, err := listen(address, c)
	if err != nil {
		return nil, fmt.Errorf("listen on udp %s: %w", address, err)
	}
	s.local = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s.local = netip.AddrPortFrom(s.local.Addr().Unmap(), s.local.Port())
	s.gso.Store(1)
	if c.Plain || !haveFast {
		s.conn, s.wait = conn, plainWaiter{conn}
		return s, nil
	}
	if err := s.openFast(conn, c); err != nil {
		return nil, fmt.Errorf("udp %s: %w", address, err)
	}
	return s, nil
}

// LocalAddr is the address the socket is bound to.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// GSO reports whether runs are sent as one message at present.
func (s *Socket) GSO() bool { return s.gso.Load() > 1 }

// Overflows is how many datagrams the kernel dropped because the receive
// buffer was full (SO_RXQ_OVFL; Linux only).
func (s *Socket) Overflows() uint64 { return s.overflows.Load() }

// Oversize is how many datagrams were longer than MaxRecv.
func (s *Socket) Oversize() uint64 { return s.oversize.Load() }

// SetDeadline makes a Recv that waits return with nothing at t. The zero time
// means never.
func (s *Socket) SetDeadline(t time.Time) error { return s.wait.setDeadline(t) }

// Wake makes a Recv that waits, or the next one, return with nothing. It
// stays in effect until SetDeadline: a reader that wants to wait again sets
// its deadline first and then looks at what it may have been woken for.
func (s *Socket) Wake() { s.wait.wake() }

// Close closes the socket; a Recv that waits returns net.ErrClosed.
func (s *Socket) Close() error {
	if s.fast != nil {
		return s.fast.close()
	}
	return s.conn.Close()
}

// Recv waits for datagrams and fills b. It returns with b empty when the
// deadline passes or Wake is called. net.ErrClosed is final, other errors may
// pass.
func (s *Socket) Recv(b *RecvBatch) error {
	b.n = 0
	var err error
	if s.fast != nil {
		err = s.recvFast(b)
	} else {
		err = s.recvPlain(b)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

func (s *Socket) recvPlain(b *RecvBatch) error {
	if b.slots == nil {
		b.allocate() // the system has to be told where to
	}
	n, from, err := s.conn.ReadFromUDPAddrPort(b.room(0)[:MaxRecv])
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && !op.Timeout() && !errors.Is(err, net.ErrClosed) {
			return nil // an ICMP error of some peer, or a datagram too long
		}
		return err
	}
	b.addrs[0] = AddrFrom(from)
	b.sizes[0] = n
	b.n = 1
	return nil
}

func (s *Socket) maxRun() int { return int(s.gso.Load()) }

// abandonGSO ends segmentation on this socket for good.
func (s *Socket) abandonGSO() { s.gso.Store(1) }
