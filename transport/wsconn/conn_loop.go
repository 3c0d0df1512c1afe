package wsconn

import (
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/gobwas/ws"

	"parley/transport/poll"
)

// input is the part of a Conn that only its loop touches.
type input struct {
	parser parser
	first  []byte // came with the upgrade request, processed first
	held   int    // of parser, as the server's budget knows it
	// due is when the message in progress must be complete, 0 if none is.
	due poll.Instant
	// missed counts pings since the last frame of the peer.
	missed int
	// controls counts control frames since window.
	controls int
	window   poll.Instant
	discard  bool // nothing more is wanted
	told     bool // OnClose was called
	finished bool // the descriptor is closed
}

// OnEvent is called by the poll loop.
func (c *Conn) OnEvent(ev poll.Events, scratch []byte) {
	if c.in.finished {
		return
	}
	defer c.contain()
	if ev&poll.Woken != 0 && !c.in.discard {
		if why := cause(c.evicted.Load()); why != noCause {
			c.evict(why)
		}
	}
	if ev&poll.Writable != 0 {
		c.flushLoop()
	}
	if ev&poll.Readable != 0 || c.tls != nil && ev&poll.Woken != 0 {
		c.readLoop(scratch)
	}
	if ev&poll.Expired != 0 {
		c.expireLoop(poll.Now())
	}
	c.settleLoop()
}

// contain turns a panic of our own, on the loop, into the end of this
// connection: at once, for what it was about to send is not to be trusted. To
// be deferred. What locks c.mu on the loop and calls anything unlocks it in a
// defer, so that it is free here.
func (c *Conn) contain() {
	r := recover()
	if r == nil {
		return
	}
	c.notePanic("event", r)
	c.mu.Lock()
	c.end.phase, c.end.err = phaseDead, &CloseError{Status: statusInternal, Reason: "internal error", cause: causePanic}
	err := c.end.err
	c.mu.Unlock()
	if !c.in.finished {
		c.finish(err)
	}
}

func (c *Conn) flushLoop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushLocked()
}

func (c *Conn) abort(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abortLocked(err)
}

func (c *Conn) arm(at poll.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armLocked(at)
}

func (c *Conn) dropOutput() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropOutputLocked()
}

// readLoop reads a bounded amount and processes it.
func (c *Conn) readLoop(scratch []byte) {
	if c.in.first != nil {
		first := c.in.first
		c.in.first = nil
		c.inputLoop(first)
	}
	for range 4 {
		n, err := c.read(scratch)
		if n > 0 {
			c.inputLoop(scratch[:n])
		}
		switch {
		case errors.Is(err, poll.ErrAgain):
			c.flushReplies()
			return
		case err != nil:
			c.abort(err) // after a close frame the reason is known
			return
		case c.tls == nil && n < len(scratch):
			return // drained; if not, the loop comes back
		}
	}
	if c.tls != nil {
		c.fd.Wake() // records may wait in crypto/tls where epoll sees nothing
	}
}

func (c *Conn) read(b []byte) (int, error) {
	if c.tls != nil {
		return c.tls.read(b)
	}
	return c.fd.Read(b)
}

// flushReplies sends what crypto/tls wrote while reading: alerts and answers
// to key updates. A peer that makes us write more than it reads is cut.
func (c *Conn) flushReplies() {
	if c.tls == nil {
		return
	}
	waiting := c.tls.raw.waiting()
	if waiting == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.end.halfClosed:
	case waiting > 4*sealChunk:
		c.abortLocked(ErrSlowConsumer)
	case !c.out.blocked:
		c.putLocked(nil)
	}
}

// inputLoop parses and dispatches b.
func (c *Conn) inputLoop(b []byte) {
	limits := &c.server.limits
	_, binary := c.handler.(BinaryHandler)
	bounds := bounds{message: limits.Message, fragments: limits.Fragments, binary: binary}
	for len(b) > 0 && !c.in.discard {
		found, payload, n, err := c.in.parser.next(b, bounds)
		b = b[n:]
		if err != nil {
			c.violate(err.(*CloseError))
			return
		}
		if found != kindNone {
			c.dispatchLoop(found, payload)
		}
	}
	if c.in.discard {
		return
	}
	c.in.parser.release()
	c.accountLoop()
}

// accountLoop counts the memory held for an incomplete message and starts or
// stops its clock.
func (c *Conn) accountLoop() {
	if c.in.parser.idle() {
		c.in.due = 0
	} else if c.in.due == 0 {
		c.in.due = poll.Now().After(c.server.limits.MessageTime)
		c.arm(c.in.due)
	}
	held := c.in.parser.held()
	if held == c.in.held {
		return
	}
	c.in.held = held
	if why := c.server.input.hold(c, int64(held)); why != noCause {
		c.evict(why)
	}
}

// evict ends the connection for the sake of others.
func (c *Conn) evict(why cause) {
	reason := "server is short of memory"
	if why == causeShare {
		reason = "too much unfinished from this address"
	}
	c.violate(&CloseError{Status: statusTryLater, Reason: reason, cause: why})
}

// dropInput frees what is held and ignores the rest of the input.
func (c *Conn) dropInput() {
	c.in.discard = true
	c.in.due = 0
	c.in.first = nil
	c.in.parser.reset()
	if c.in.held > 0 {
		c.in.held = 0
		c.server.input.hold(c, 0)
	}
}

func (c *Conn) dispatchLoop(found kind, payload []byte) {
	c.in.missed = 0
	switch found {
	case kindText, kindBinary:
		c.in.due = 0
		c.server.stats.received.Add(1)
		c.deliver(found, payload)
	case kindClose:
		c.peerClosed(payload)
	default:
		if c.controlFlood() {
			c.violate(violation(statusPolicy, "too many control frames"))
		} else if found == kindPing {
			c.pong(payload)
		}
	}
}

// deliver calls the handler unless this side has closed.
func (c *Conn) deliver(found kind, payload []byte) {
	c.mu.Lock()
	open := c.end.phase == phaseOpen
	c.mu.Unlock()
	if !open {
		return
	}
	defer c.catch("message")
	if found == kindBinary {
		c.handler.(BinaryHandler).OnBinary(c, payload)
		return
	}
	c.handler.OnText(c, payload)
}

// catch turns a handler's panic into the end of this connection. To be
// deferred.
func (c *Conn) catch(during string) {
	r := recover()
	if r == nil {
		return
	}
	c.notePanic(during, r)
	c.violate(&CloseError{Status: statusInternal, Reason: "internal error", cause: causePanic})
}

func (c *Conn) notePanic(during string, r any) {
	c.server.stats.panics.Add(1)
	c.server.log.Error("handler panicked", slog.String("during", during), slog.Any("panic", r),
		slog.String("stack", string(debug.Stack())))
}

// controlFlood counts a control frame.
func (c *Conn) controlFlood() bool {
	c.in.controls++
	if c.in.controls <= c.server.limits.Controls {
		return false
	}
	now := poll.Now()
	if now.Sub(c.in.window) < controlWindow {
		return true
	}
	c.in.window, c.in.controls = now, 1
	return false
}

// peerClosed answers the peer's close frame, whose payload is checked.
func (c *Conn) peerClosed(payload []byte) {
	status, reason := ws.ParseCloseFrameData(payload)
	err := &CloseError{Status: int(status), Reason: reason, Remote: true, cause: causePeer}
	if status == 0 {
		err.Status = 1005
	}
	c.drain(err, closeFrame(int(status), ""), false)
}

// violate ends the connection because of err: with a close frame if none was
// sent yet.
func (c *Conn) violate(err *CloseError) {
	c.drain(err, closeFrame(err.Status, err.Reason), true)
}

// drain sends a last frame and ends the connection when it is sent. On the
// loop.
func (c *Conn) drain(err *CloseError, frame []byte, linger bool) {
	c.dropInput()
	c.tell(c.startDrain(err, frame, linger))
}

// startDrain returns why the connection ends, which may be known from before.
func (c *Conn) startDrain(err *CloseError, frame []byte, linger bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.end.phase {
	case phaseOpen:
		c.end.phase, c.end.linger, c.end.err = phaseDraining, linger, err
		c.closeByLocked(poll.Now().After(c.server.limits.CloseTime))
		c.putLocked(frame)
	case phaseClosing:
		c.abortLocked(err) // both sides have sent a close frame
	}
	return c.end.err
}

// settleLoop does what the phase asks for, at the end of every event.
func (c *Conn) settleLoop() {
	if done, err := c.settle(); done {
		c.finish(err)
	}
}

// settle reports whether all is done, and why the connection ended.
func (c *Conn) settle() (done bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	done = c.end.phase == phaseDead
	if c.end.phase == phaseDraining {
		c.closeWriteLocked()
		done = done || c.end.halfClosed && !c.end.linger
	}
	return done, c.end.err
}

// closeWriteLocked ends the output once all is sent, with TLS after a
// close_notify alert.
func (c *Conn) closeWriteLocked() {
	if c.out.blocked || c.end.halfClosed {
		return
	}
	if c.tls != nil && !c.end.notified {
		c.end.notified = true
		if c.tls.conn.CloseWrite() == nil {
			c.putLocked(nil)
		}
		if c.out.blocked {
			return
		}
	}
	c.end.halfClosed = true
	_ = c.fd.CloseWrite() // fails if the peer is gone, which is as good
}
