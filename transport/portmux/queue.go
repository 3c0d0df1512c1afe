package portmux

import (
	"net"
	"sync"
)

// Queue is a net.Listener whose connections somebody else accepted. It holds as many
// as are admitted.
type Queue struct {
	addr  net.Addr
	ready chan struct{} // capacity 1: conns may not be empty
	done  chan struct{} // closed by Close

	mu     sync.Mutex // guards all below
	conns  []net.Conn
	closed bool
}

// NewQueue makes an empty Queue that says it listens at addr.
func NewQueue(addr net.Addr) *Queue {
	return &Queue{addr: addr, ready: make(chan struct{}, 1), done: make(chan struct{})}
}

// Push hands a connection to Accept. A closed Queue closes it.
func (q *Queue) Push(conn net.Conn) {
	if !q.put(conn) {
		_ = conn.Close()
	}
}

func (q *Queue) put(conn net.Conn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.conns = append(q.conns, conn)
	q.wakeLocked()
	return true
}

// wakeLocked makes one Accept look.
func (q *Queue) wakeLocked() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// Accept implements net.Listener.
func (q *Queue) Accept() (net.Conn, error) {
	for {
		if conn := q.pop(); conn != nil {
			return conn, nil
		}
		select {
		case <-q.ready:
		case <-q.done:
			return nil, net.ErrClosed
		}
	}
}

// pop returns the oldest, nil if there is none.
func (q *Queue) pop() net.Conn {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.conns) == 0 {
		return nil
	}
	conn := q.conns[0]
	q.conns[0] = nil
	if q.conns = q.conns[1:]; len(q.conns) > 0 {
		q.wakeLocked()
	} else {
		q.conns = nil
	}
	return conn
}

// Close implements net.Listener. Connections that nobody accepted are closed.
func (q *Queue) Close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return net.ErrClosed
	}
	q.closed = true
	conns := q.conns
	q.conns = nil
	q.mu.Unlock()
	close(q.done)
	for _, conn := range conns {
		_ = conn.Close()
	}
	return nil
}

// Addr implements net.Listener.
func (q *Queue) Addr() net.Addr { return q.addr }
