package portmux

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"parley/transport/poll"
)

// Config configures a Mux. All but Portable and Log must be set.
type Config struct {
	// Time is how long a connection may take until somebody claims it.
	Time time.Duration
	// Admit reports whether a connection may wait. It is called by Serve, before
	// anything is read.
	Admit func(conn *Conn) bool
	// Gone is told once of each connection that Admit let in and that was closed,
	// whoever did it; not of those that were Cut.
	Gone func(conn *Conn)
	// Portable asks for a goroutine per connection instead of epoll.
	Portable bool
	Log      *slog.Logger // default slog.Default()
}

// reason says why a connection was closed that nobody claimed.
type reason uint8

const (
	unknown reason = iota // its first bytes are nobody's
	silent                // it said nothing in time
	slow                  // it said something, but not enough
	left                  // the other side ended it before
	failed                // it could not be watched
	reasons
)

var reasonNames = [reasons]string{"unknown", "silent", "slow", "left", "failed"}

// Figures is a snapshot of what a Mux does.
type Figures struct {
	// Waiting is how many connections nobody has claimed yet.
	Waiting int
	// Claimed counts those that somebody has, since the start.
	Claimed uint64
	// Unclaimed counts those that were closed because nobody did, by reason. Those
	// that were Cut, or that Close found, are none of them.
	Unclaimed map[string]uint64
}

// Mux looks at the first bytes of connections.
type Mux struct {
	cfg       Config
	poller    poll.Poller
	claimed   atomic.Uint64
	unclaimed [reasons]atomic.Uint64
	serving   sync.WaitGroup
	stop      chan struct{} // closed by Close

	mu      sync.Mutex // guards all below; nothing is called while it is held
	closed  bool
	ports   map[*net.Listener]struct{}
	waiting map[*Conn]struct{}
}

// New makes a Mux that serves nothing yet.
func New(cfg Config) (*Mux, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	// One loop is enough for what is done once per connection, and nobody uses its
	// buffer.
	p, err := poll.New(poll.Options{Loops: 1, Scratch: 64, Portable: cfg.Portable, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	return &Mux{cfg: cfg, poller: p, stop: make(chan struct{}), ports: map[*net.Listener]struct{}{}, waiting: map[*Conn]struct{}{}}, nil
}

// Figures returns the present figures.
func (m *Mux) Figures() Figures {
	f := Figures{Claimed: m.claimed.Load(), Unclaimed: make(map[string]uint64, reasons)}
	for i, name := range reasonNames {
		f.Unclaimed[name] = m.unclaimed[i].Load()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f.Waiting = len(m.waiting)
	return f
}

// Serve takes what comes in over ln, which it closes, until Close. Who is first in
// the table is asked first.
func (m *Mux) Serve(ln net.Listener, table []Matcher) error {
	defer ln.Close()
	if !m.enter(&ln) {
		return nil
	}
	defer m.leave(&ln)
	for wait := time.Duration(0); ; {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			wait = 0
			m.take(conn, table)
		case m.isClosed():
			return nil
		case passes(err):
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			m.cfg.Log.Debug("accept", "err", err, "again", wait)
			select {
			case <-time.After(wait):
			case <-m.stop:
			}
		default:
			return fmt.Errorf("accept: %w", err)
		}
	}
}

// passes reports whether Accept may work again, as net/http judges it: when there
// are descriptors again, or another peer.
func passes(err error) bool {
	var ne interface{ Temporary() bool }
	return errors.As(err, &ne) && ne.Temporary()
}

// enter reports whether ln may be served. It is known by its place: not every
// net.Listener can be a key.
func (m *Mux) enter(ln *net.Listener) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.serving.Add(1)
	m.ports[ln] = struct{}{}
	return true
}

func (m *Mux) leave(ln *net.Listener) {
	m.mu.Lock()
	delete(m.ports, ln)
	m.mu.Unlock()
	m.serving.Done()
}

func (m *Mux) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// take lets a connection wait, if it may.
func (m *Mux) take(conn net.Conn, table []Matcher) {
	c := &Conn{Conn: conn, mux: m, table: table}
	if !m.cfg.Admit(c) {
		_ = conn.Close()
		return
	}
	if !m.remember(c) {
		_ = c.Close()
		return
	}
	if err := c.wait(); err != nil {
		m.cfg.Log.Debug("watch a connection", "err", err)
		c.drop(failed)
	}
}

// remember counts c among those that wait, unless it was cut since it was let in:
// then it is forgotten already.
func (m *Mux) remember(c *Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	if !c.ended {
		m.waiting[c] = struct{}{}
	}
	return true
}

func (m *Mux) forget(c *Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.waiting, c)
}

// Close closes the listeners and what waits. Connections that were claimed are their
// owners'. It returns when every Serve has.
func (m *Mux) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return errors.New("portmux: already closed")
	}
	m.closed = true
	close(m.stop)
	ports, waiting := m.ports, m.waiting
	m.ports, m.waiting = nil, nil
	m.mu.Unlock()
	for ln := range ports {
		_ = (*ln).Close() // Serve tells
	}
	for c := range waiting {
		_ = c.Close()
	}
	m.serving.Wait()
	return m.poller.Close()
}
