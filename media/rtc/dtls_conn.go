package rtc

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5/deadline"

	"parley/media/udp"
)

// dtlsConn is what pion/dtls reads handshake datagrams from and writes them
// to. Its queue is bounded; the worker that fills it drops what does not fit
// and the peer's retransmission repairs that.
type dtlsConn struct {
	queue    chan []byte
	deadline *deadline.Deadline
	// peer is where to answer: the flow the last datagram came from.
	peer atomic.Pointer[flow]
	// written is the datagram that was sent last.
	written atomic.Pointer[[]byte]
	// parked: the handshake is over and forgotten; writes go nowhere, so
	// that closing the DTLS connection sends no alert.
	parked    atomic.Bool
	closed    chan struct{}
	closeOnce sync.Once
}

func newDTLSConn() *dtlsConn {
	return &dtlsConn{queue: make(chan []byte, maxDTLSQueue), deadline: deadline.New(), closed: make(chan struct{})}
}

// push queues a copy of pkt. It never blocks.
func (c *dtlsConn) push(pkt []byte, from *flow) bool {
	c.peer.Store(from)
	select {
	case c.queue <- append([]byte(nil), pkt...):
		return true
	default:
		return false
	}
}

// ReadFrom waits for a datagram.
func (c *dtlsConn) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case pkt := <-c.queue:
		return copy(p, pkt), dtlsAddr{}, nil
	case <-c.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends p to the session's peer whatever the address says.
func (c *dtlsConn) WriteTo(p []byte, _ net.Addr) (int, error) {
	if f := c.peer.Load(); f != nil && !c.parked.Load() && len(p) <= udp.MaxSend {
		sent := append([]byte(nil), p...)
		c.written.Store(&sent)
		f.worker.sock.WriteTo(p, &f.addr)
	}
	return len(p), nil
}

// last returns the datagram that was sent last, nil if none was. Change cipher
// spec and Finished, the server's last flight, fit in one (RFC 6347 §4.2.4).
func (c *dtlsConn) last() []byte {
	if p := c.written.Load(); p != nil {
		return *p
	}
	return nil
}

// Close ends reading. Writes are ignored from then on.
func (c *dtlsConn) Close() error {
	c.parked.Store(true)
	c.closeOnce.Do(func() { close(c.closed) })
	return nil
}

func (c *dtlsConn) LocalAddr() net.Addr { return dtlsAddr{} }

func (c *dtlsConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *dtlsConn) SetReadDeadline(t time.Time) error {
	c.deadline.Set(t)
	return nil
}

func (c *dtlsConn) SetWriteDeadline(time.Time) error { return nil }

// dtlsAddr stands for the session's peer, whose real address may change.
type dtlsAddr struct{}

func (dtlsAddr) Network() string { return "udp" }
func (dtlsAddr) String() string  { return "peer" }
