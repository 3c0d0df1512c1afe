package poll

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// goLent is a connection that the portable poller watches for its owner. Its one
// goroutine blocks in Read, which its handler calls: so nothing is read ahead that
// the owner would miss, and the timer is the connection's read deadline.
type goLent struct {
	poller  *goPoller
	conn    net.Conn
	started bool // set before the goroutine is, which alone has it and expired then
	expired bool // Read met the deadline

	mu     sync.Mutex // guards closed
	closed bool
}

func (p *goPoller) Lend(conn net.Conn) (Lent, error) {
	d := &goLent{poller: p, conn: conn}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	p.lents[d] = struct{}{}
	return d, nil
}

func (d *goLent) Start(h Handler) error {
	d.poller.mu.Lock()
	defer d.poller.mu.Unlock()
	if d.poller.closed || d.isClosed() {
		return ErrClosed
	}
	d.started = true
	d.poller.running.Go(func() { d.serve(h) })
	return nil
}

func (d *goLent) serve(h Handler) {
	scratch := make([]byte, d.poller.scratch)
	for !d.isClosed() {
		what := Readable
		if d.expired {
			what, d.expired = Expired, false
		}
		tell(h, d, d.poller.log, what, scratch)
	}
}

func (d *goLent) Read(p []byte) (int, error) {
	if d.isClosed() {
		return 0, ErrClosed
	}
	if !d.started {
		return 0, ErrAgain // to read is to wait
	}
	n, err := d.conn.Read(p)
	switch {
	case d.isClosed():
		return n, ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		d.expired = true
		d.SetTimer(0)
		return n, ErrAgain
	}
	return n, err
}

func (d *goLent) SetTimer(at Instant) {
	var deadline time.Time
	if at != 0 {
		deadline = time.Now().Add(at.Sub(Now()))
	}
	_ = d.conn.SetReadDeadline(deadline) // fails for what is closed: Read will tell
}

func (d *goLent) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// Close leaves a Read that is under way to end with the connection.
func (d *goLent) Close() error {
	if !d.end() {
		return ErrClosed
	}
	d.poller.mu.Lock()
	delete(d.poller.lents, d)
	d.poller.mu.Unlock()
	d.SetTimer(0)
	return nil
}

// stop ends also a Read that is under way.
func (d *goLent) stop() {
	if d.end() {
		_ = d.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// end reports whether it was open.
func (d *goLent) end() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := !d.closed
	d.closed = true
	return was
}
