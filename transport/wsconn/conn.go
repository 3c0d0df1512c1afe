package wsconn

import (
	"net/netip"
	"sync"
	"sync/atomic"

	"parley/engine/wire"
	"parley/transport/poll"
)

// Handler is told what happens on one connection. Calls come in order, one at
// a time, on a poll loop's goroutine: they must not block. A panic ends this
// connection with 1011 and no other.
type Handler interface {
	// OnText is called for each text message, which is valid UTF-8. msg is
	// the loop's memory and valid during the call only.
	OnText(c *Conn, msg []byte)
	// OnClose is the last call, exactly one. err says why: a *CloseError when
	// there was a close frame, ErrSlowConsumer, ErrPingTimeout,
	// ErrServerClosed, or what the socket said (io.EOF and others).
	OnClose(c *Conn, err error)
}

// BinaryHandler is a Handler that also takes binary messages, which otherwise
// end the connection with 1003.
type BinaryHandler interface {
	Handler
	// OnBinary is like OnText.
	OnBinary(c *Conn, msg []byte)
}

// phase is how far a connection has come. It only rises.
//
//	open ──Close──► closing ──peer's close frame, time out──► dead
//	  ├──peer's close frame─► draining ──all sent──► dead
//	  ├──peer broke a rule──► draining ──all sent──► half closed ──end of input, time out──► dead
//	  └──socket error, slow consumer, no pong──► dead
type phase uint8

const (
	phaseOpen     phase = iota
	phaseClosing        // our close frame is queued; messages are dropped
	phaseDraining       // our close frame is queued; input is dropped
	phaseDead           // the loop will close the descriptor
)

// Conn is a WebSocket connection, the server's side. Send, Ping and Close may
// be called from any goroutine and never block.
type Conn struct {
	server  *Server
	handler Handler // set before the first event
	fd      poll.FD
	tls     *secure // nil for plain TCP
	remote  netip.AddrPort
	source  netip.Addr // as limits see it, invalid if exempt
	in      input      // the loop's
	// evicted is the cause to go for the sake of others, noCause if there is
	// none. The budget sets it, the loop looks at it when woken.
	evicted atomic.Uint32

	mu    sync.Mutex // guards out and end
	out   output
	end   ending
	timer timing
}

// ending is the part of a Conn that leads to its end. Guarded by Conn.mu.
type ending struct {
	phase phase
	// linger: after the close frame wait for the end of the input, because
	// closing with unread input would reset the connection and could take
	// the close frame back from the peer.
	linger     bool
	notified   bool // the TLS close_notify alert is written
	halfClosed bool
	err        error // why, known from phaseClosing on
}

// RemoteAddr is the peer's address as the socket sees it.
func (c *Conn) RemoteAddr() netip.AddrPort { return c.remote }

// Source is the peer's address as limits see it, which is not always the
// socket's; invalid if the peer is exempt.
func (c *Conn) Source() netip.Addr { return c.source }

// Send sends f, or queues it when the peer is slower. It reports false when
// the connection is closing or gone. f's bytes are shared, not copied.
func (c *Conn) Send(f *wire.Frame) bool { return c.send(f.Bytes()) }

// send sends a whole frame.
func (c *Conn) send(frame []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end.phase != phaseOpen {
		return false
	}
	c.server.stats.sent.Add(1)
	return c.putLocked(frame)
}

// Ping sends a ping now instead of when it would be due; the next follows
// after the ordinary interval.
func (c *Conn) Ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end.phase == phaseOpen {
		c.pingLocked(poll.Now())
	}
}

// Close sends what is queued, then a close frame with status and reason (cut
// to 123 bytes), waits a bounded time for the peer's and ends the connection.
// A status that must not be sent (RFC 6455 §7.4) is replaced by 1011.
func (c *Conn) Close(status int, reason string) {
	if !sendable(status) {
		status = statusInternal
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end.phase != phaseOpen {
		return
	}
	c.end.phase = phaseClosing
	c.end.err = &CloseError{Status: status, Reason: reason, cause: causeLocal}
	c.closeByLocked(poll.Now().After(c.server.limits.CloseTime))
	c.putLocked(closeFrame(status, reason))
}

// abortLocked ends the connection without a close frame. The loop does the
// rest.
func (c *Conn) abortLocked(err error) {
	if c.end.phase == phaseDead {
		return
	}
	if c.end.err == nil {
		c.end.err = err
	}
	c.end.phase = phaseDead
	c.dropOutputLocked()
	c.fd.Wake()
}

// finish frees everything. On the loop, once.
func (c *Conn) finish(err error) {
	c.in.finished = true
	c.dropInput()
	c.dropOutput()
	_ = c.fd.Close() // nothing to be done about it
	c.tell(err)
	c.server.remove(c, err)
}

// tell calls OnClose, once.
func (c *Conn) tell(err error) {
	if c.in.told {
		return
	}
	c.in.told = true
	defer c.catch("close")
	c.handler.OnClose(c, err)
}
