package portmux

import (
	"errors"
	"net"
	"sync"
	"syscall"

	"parley/transport/poll"
)

// errHeld: the descriptor is not all there is to read.
var errHeld = errors.New("portmux: bytes that were looked at are not read yet")

// Conn is a connection whose first bytes were looked at. It reads them again, first
// of all, and is else what was accepted.
type Conn struct {
	net.Conn
	mux   *Mux
	table []Matcher // nil when claimed

	// The loop's until the connection is claimed, then whoever reads.
	head    [Peek]byte
	read, n uint8 // head[read:n] was looked at and not read

	mu    sync.Mutex // guards all below; the poller's and Mux.mu come after it
	watch poll.Lent  // nil when claimed or ended
	ended bool
}

// wait lets the mux watch for the first bytes, unless they are there: most clients
// speak at once, and are spared the way through the poller.
func (c *Conn) wait() error {
	lent, err := c.lend()
	if err != nil || lent == nil || c.look(lent) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil
	}
	lent.SetTimer(poll.Now().After(c.mux.cfg.Time))
	return lent.Start(c)
}

// lend returns nil for a connection that was cut.
func (c *Conn) lend() (lent poll.Lent, err error) {
	c.mu.Lock() // whoever cuts it now must not close what is about to be watched
	defer c.mu.Unlock()
	if !c.ended {
		lent, err = c.mux.poller.Lend(c.Conn)
		c.watch = lent
	}
	return lent, err
}

// OnEvent implements poll.Handler.
func (c *Conn) OnEvent(ev poll.Events, _ []byte) {
	lent := c.watched()
	if lent == nil {
		return
	}
	if ev&poll.Readable != 0 && c.look(lent) {
		return
	}
	if ev&poll.Expired != 0 {
		if c.n == 0 {
			c.drop(silent)
		} else {
			c.drop(slow)
		}
	}
}

func (c *Conn) watched() poll.Lent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil
	}
	return c.watch
}

// look reads what came and reports whether that settled it.
func (c *Conn) look(lent poll.Lent) (settled bool) {
	n, err := lent.Read(c.head[c.n:])
	c.n += uint8(n)
	switch who, verdict := decide(c.table, c.head[:c.n]); {
	case verdict == Yes:
		c.release(who)
	case verdict == No:
		c.drop(unknown)
	case errors.Is(err, poll.ErrClosed):
	case err != nil && !errors.Is(err, poll.ErrAgain):
		c.drop(left)
	default:
		return false
	}
	return true
}

// release gives the connection to who claimed it.
func (c *Conn) release(who int) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	_ = c.watch.Close() // it is open: nothing else closes it unless ended
	to := c.table[who].To
	c.watch, c.table = nil, nil
	c.mu.Unlock()
	c.mux.forget(c)
	c.mux.claimed.Add(1)
	to(c)
}

// drop closes a connection that nobody claims.
func (c *Conn) drop(why reason) {
	if c.end() {
		c.mux.unclaimed[why].Add(1)
		_ = c.Conn.Close()
		c.mux.cfg.Gone(c)
	}
}

// Read implements net.Conn. What was looked at comes first.
func (c *Conn) Read(b []byte) (int, error) {
	if c.read < c.n {
		n := copy(b, c.head[c.read:c.n])
		c.read += uint8(n)
		return n, nil
	}
	return c.Conn.Read(b)
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	if !c.end() {
		return net.ErrClosed
	}
	defer c.mux.cfg.Gone(c)
	return c.Conn.Close()
}

// Cut closes the connection without a word to Config.Gone: for who counts them and
// does not count this one any more.
func (c *Conn) Cut() {
	if c.end() {
		_ = c.Conn.Close() // it ends either way
	}
}

// end reports whether c was open, and is to be closed by who asks. Nobody watches it
// any more: its descriptor may be another's in a moment.
func (c *Conn) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.ended = true
	if c.watch != nil {
		_ = c.watch.Close()
		c.watch = nil
	}
	c.mux.forget(c)
	return true
}

// CloseWrite ends the output; input goes on.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetWriteBuffer sets the size of the kernel's buffer, in bytes.
func (c *Conn) SetWriteBuffer(size int) error {
	if sized, ok := c.Conn.(interface{ SetWriteBuffer(int) error }); ok {
		return sized.SetWriteBuffer(size)
	}
	return errors.ErrUnsupported
}

// SyscallConn implements syscall.Conn, for who takes the descriptor over. While
// there are bytes that only Read knows it fails.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if c.read < c.n {
		return nil, errHeld
	}
	if sc, ok := c.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
