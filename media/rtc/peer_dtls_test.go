package rtc

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5/deadline"
)

// dtlsPipe carries a peer's DTLS over its ICE connection.
type dtlsPipe struct {
	peer     *peer
	queue    chan []byte
	deadline *deadline.Deadline
	closed   chan struct{}
	once     sync.Once
	muted    atomic.Bool
	// lose says which datagrams from the server do not arrive; nil: all do.
	lose func(pkt []byte) bool
	// sent is called with each datagram that goes out; nil: not.
	sent func(pkt []byte)
}

func newDTLSPipe(p *peer) *dtlsPipe {
	return &dtlsPipe{peer: p, queue: make(chan []byte, 64), deadline: deadline.New(), closed: make(chan struct{})}
}

func (d *dtlsPipe) push(pkt []byte) {
	if d.lose != nil && d.lose(pkt) {
		return
	}
	select {
	case d.queue <- pkt:
	default:
	}
}

// mute makes writes go nowhere.
func (d *dtlsPipe) mute() { d.muted.Store(true) }

func (d *dtlsPipe) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case pkt := <-d.queue:
		return copy(p, pkt), d.peer.conn.RemoteAddr(), nil
	case <-d.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-d.closed:
		return 0, nil, net.ErrClosed
	}
}

func (d *dtlsPipe) WriteTo(p []byte, _ net.Addr) (int, error) {
	if d.muted.Load() {
		return len(p), nil
	}
	if d.sent != nil {
		d.sent(p)
	}
	return d.peer.conn.Write(p)
}

func (d *dtlsPipe) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

func (d *dtlsPipe) LocalAddr() net.Addr                { return d.peer.conn.LocalAddr() }
func (d *dtlsPipe) SetDeadline(t time.Time) error      { return d.SetReadDeadline(t) }
func (d *dtlsPipe) SetReadDeadline(t time.Time) error  { d.deadline.Set(t); return nil }
func (d *dtlsPipe) SetWriteDeadline(t time.Time) error { return nil }
