package path

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v5/deadline"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/udp"
)

// dtlsConn is what pion/dtls reads the datagrams of an attempt from and writes
// them to. What comes from the network waits in a bounded queue, of which the
// worker that fills it drops what does not fit; the peer's retransmission
// repairs that. What comes out has passed the gate:
//
//	worker ──push──▶ queue ──▶ gate ──▶ ready ──ReadFrom──▶ pion/dtls
type dtlsConn struct {
	shake    *handshake
	cookie   []byte     // of the ClientHello that it is about, nil as the client
	dtls     *dtls.Conn // that reads here; set before it begins
	queue    chan []byte
	deadline *deadline.Deadline
	// peer is where the newest datagram came from.
	peer atomic.Pointer[Flow]
	// written is the datagram that was sent last.
	written atomic.Pointer[[]byte]
	// parked: the attempt is over and forgotten; writes go nowhere, so that
	// closing the DTLS connection sends no alert.
	parked    atomic.Bool
	closed    chan struct{}
	closeOnce sync.Once

	mu    sync.Mutex // guards gate and ready
	gate  gate
	ready [][]byte
}

// gate is a dtlsgate.Gate or, as the client, a dtlsgate.ClientGate.
type gate interface {
	// Take returns what may be read of a datagram that came, as datagrams that
	// can be kept.
	Take(pkt []byte, now media.Instant) [][]byte
	// Sent notes a datagram that is sent.
	Sent(pkt []byte)
	// Foreign reports whether somebody's certificate came in place of the peer's.
	Foreign() bool
}

// errNoCookie says that setCookie does not work with this pion/dtls.
var errNoCookie = errors.New("no way to give the dtls server a cookie")

func newDTLSConn(h *handshake, cookie []byte, g gate) *dtlsConn {
	return &dtlsConn{
		shake: h, cookie: cookie, gate: g,
		queue: make(chan []byte, maxDTLSQueue), deadline: deadline.New(),
		closed: make(chan struct{}),
	}
}

// push queues a copy of pkt. It never blocks.
func (c *dtlsConn) push(pkt []byte, from *Flow) bool {
	c.peer.Store(from)
	select {
	case c.queue <- append([]byte(nil), pkt...):
		return true
	default:
		return false
	}
}

// ReadFrom waits for a datagram that passes the gate.
func (c *dtlsConn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		if pkt := c.next(); pkt != nil {
			return copy(p, pkt), dtlsAddr{}, nil
		}
		select {
		case pkt := <-c.queue:
			c.take(pkt)
		case <-c.deadline.Done():
			return 0, nil, os.ErrDeadlineExceeded
		case <-c.closed:
			return 0, nil, net.ErrClosed
		}
	}
}

// next returns what is ready, nil for nothing.
func (c *dtlsConn) next() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ready) == 0 {
		return nil
	}
	pkt := c.ready[0]
	c.ready = c.ready[1:]
	return pkt
}

// take lets a datagram through the gate.
func (c *dtlsConn) take(pkt []byte) {
	if c.parked.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready = append(c.ready, c.gate.Take(pkt, c.shake.peer.host.now())...)
}

// foreign reports whether somebody's certificate came in place of the peer's.
func (c *dtlsConn) foreign() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gate.Foreign()
}

// WriteTo sends p to the session's peer whatever the address says.
func (c *dtlsConn) WriteTo(p []byte, _ net.Addr) (int, error) {
	switch {
	case c.parked.Load() || len(p) > udp.MaxSend || c.refusesSend(p):
	case dtlsgate.IsRetry(p): // the peer has it already
		if !setCookie(c.dtls, c.cookie) {
			return 0, errNoCookie
		}
	default:
		c.mu.Lock()
		c.gate.Sent(p)
		c.mu.Unlock()
		c.send(p)
	}
	return len(p), nil
}

// send sends p to the selected flow or, before there is one, to where the peer
// was heard last.
func (c *dtlsConn) send(p []byte) {
	to := c.shake.peer.ice.selected.Load()
	if to == nil {
		to = c.peer.Load()
	}
	sent := append([]byte(nil), p...)
	if !c.shake.client {
		dtlsgate.Renumber(sent)
	}
	c.written.Store(&sent)
	to.loop.worker.WriteTo(sent, to)
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
