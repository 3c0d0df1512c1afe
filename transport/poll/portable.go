package poll

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// outLimit is how much one FD of the portable poller takes before it says
// ErrAgain, in bytes.
const outLimit = 16 << 10

// goPoller serves every connection with goroutines of its own.
type goPoller struct {
	scratch int
	log     *slog.Logger
	running sync.WaitGroup

	mu     sync.Mutex // guards all below
	closed bool
	fds    map[*goFD]struct{}
	lents  map[*goLent]struct{}
}

func newGoPoller(o Options) *goPoller {
	return &goPoller{scratch: o.Scratch, log: o.Log, fds: map[*goFD]struct{}{}, lents: map[*goLent]struct{}{}}
}

func (p *goPoller) Add(conn net.Conn) (FD, error) {
	d := &goFD{poller: p, conn: conn, signal: make(chan struct{}, 1), outReady: make(chan struct{}, 1),
		inTaken: make(chan struct{}, 1), done: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return nil, ErrClosed
	}
	p.fds[d] = struct{}{}
	p.running.Go(d.writeLoop)
	return d, nil
}

func (p *goPoller) Close() error {
	p.mu.Lock()
	p.closed = true
	fds, lents := p.fds, p.lents
	p.fds, p.lents = map[*goFD]struct{}{}, map[*goLent]struct{}{}
	p.mu.Unlock()
	for d := range fds {
		_ = d.Close()
	}
	for d := range lents {
		d.stop()
	}
	p.running.Wait()
	return nil
}

func (p *goPoller) forget(d *goFD) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.fds, d)
}

// goFD is a connection of the portable poller. Three goroutines serve it:
// readLoop and writeLoop block in the kernel, serveLoop calls the handler.
type goFD struct {
	poller   *goPoller
	conn     net.Conn
	signal   chan struct{} // post is not empty
	inTaken  chan struct{} // in was read to its end
	outReady chan struct{} // out is not empty, or finish was asked for
	done     chan struct{} // closed by Close

	mu      sync.Mutex // guards all below
	handler Handler
	post    Events
	in      []byte // arrived, not yet taken by Read
	inErr   error  // what Read returns after in
	out     []byte // taken by Write, not yet sent
	outErr  error
	finish  bool // CloseWrite was called
	want    bool
	closed  bool
	timer   *time.Timer
}

func (d *goFD) Start(h Handler) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.handler = h
	d.poller.mu.Lock()
	defer d.poller.mu.Unlock()
	if d.poller.closed {
		return ErrClosed
	}
	d.poller.running.Go(d.serveLoop)
	d.poller.running.Go(d.readLoop)
	d.postLocked(Readable)
	return nil
}

func (d *goFD) postLocked(what Events) {
	d.post |= what
	notify(d.signal)
}

func (d *goFD) postEvent(what Events) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.postLocked(what)
}

// notify makes a receive from c (capacity 1) succeed.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (d *goFD) serveLoop() {
	scratch := make([]byte, d.poller.scratch)
	for {
		select {
		case <-d.signal:
		case <-d.done:
			return
		}
		d.mu.Lock()
		what, closed := d.post, d.closed
		d.post = 0
		d.mu.Unlock()
		if closed {
			return
		}
		tell(d.handler, d, d.poller.log, what, scratch)
		d.mu.Lock()
		if len(d.in) > 0 || d.inErr != nil {
			d.postLocked(Readable) // level-triggered, as on Linux
		}
		d.mu.Unlock()
	}
}

func (d *goFD) readLoop() {
	buf := make([]byte, d.poller.scratch)
	for {
		n, err := d.conn.Read(buf)
		if n == 0 && err == nil {
			continue
		}
		d.mu.Lock()
		d.in, d.inErr = buf[:n], err
		d.postLocked(Readable)
		d.mu.Unlock()
		if err != nil {
			return
		}
		select {
		case <-d.inTaken:
		case <-d.done:
			return
		}
	}
}

func (d *goFD) writeLoop() {
	defer d.conn.Close()
	for {
		select {
		case <-d.outReady:
			d.writeOut()
		case <-d.done:
			d.writeOut()
			return
		}
	}
}

// writeOut sends what Write took.
func (d *goFD) writeOut() {
	d.mu.Lock()
	out, finish := d.out, d.finish
	d.mu.Unlock()
	var err error
	if len(out) > 0 {
		_, err = d.conn.Write(out)
	}
	if err == nil && finish {
		err = closeWrite(d.conn)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.out, d.outErr = nil, err
	if d.want {
		d.postLocked(Writable)
	}
}

func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil // no such thing as half a close: Close will follow
}

func (d *goFD) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return 0, ErrClosed
	case len(d.in) > 0:
		n := copy(p, d.in)
		d.in = d.in[n:]
		if len(d.in) == 0 && d.inErr == nil {
			notify(d.inTaken)
		}
		return n, nil
	case errors.Is(d.inErr, io.EOF):
		return 0, io.EOF
	case d.inErr != nil:
		return 0, d.inErr
	}
	return 0, ErrAgain
}

func (d *goFD) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writeLocked(p)
}

// writeLocked takes up to outLimit bytes if the writer has nothing to do.
func (d *goFD) writeLocked(p []byte) (int, error) {
	switch {
	case d.closed || d.finish:
		return 0, ErrClosed
	case d.outErr != nil:
		return 0, d.outErr
	case len(d.out) > 0:
		return 0, ErrAgain
	}
	n := min(len(p), outLimit)
	if n == 0 {
		return 0, nil
	}
	d.out = append([]byte(nil), p[:n]...)
	notify(d.outReady)
	if n < len(p) {
		return n, ErrAgain
	}
	return n, nil
}

func (d *goFD) Writev(bufs [][]byte) (int, error) {
	var all []byte
	for _, b := range bufs {
		all = append(all, b...)
		if len(all) > outLimit {
			break // one byte more than is taken makes ErrAgain
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writeLocked(all)
}

func (d *goFD) WantWrite(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.want = on
	if on && len(d.out) == 0 {
		d.postLocked(Writable) // level-triggered, as on Linux
	}
}

func (d *goFD) SetTimer(at Instant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if at != 0 {
		d.timer = time.AfterFunc(max(at.Sub(Now()), 0), func() { d.postEvent(Expired) })
	}
}

func (d *goFD) Wake() { d.postEvent(Woken) }

func (d *goFD) CloseWrite() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.finish = true
	notify(d.outReady)
	return nil
}

func (d *goFD) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return ErrClosed
	}
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	d.mu.Unlock()
	close(d.done)
	d.poller.forget(d)
	// writeLoop closes the connection; what it still has to send, often a
	// close frame, gets a moment.
	return d.conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
}
