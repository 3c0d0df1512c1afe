package wsconn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"parley/transport/poll"
)

// Config configures a Server. The zero value is good.
type Config struct {
	Limits Limits
	Poll   poll.Options
	Log    *slog.Logger // default slog.Default()
	// Removed is called after a connection is gone, on a loop's goroutine.
	Removed func(c *Conn)
}

// Server holds what the connections of one poller share.
type Server struct {
	limits  Limits
	poller  poll.Poller
	log     *slog.Logger
	removed func(c *Conn)
	stats   stats
	input   *budget // for messages that are not complete

	// upgrading is held for reading during an upgrade. Close takes it, so that
	// whoever got a 101 also gets a close frame.
	upgrading sync.RWMutex

	mu     sync.Mutex // guards all below
	conns  map[*Conn]struct{}
	closed bool
	empty  chan struct{} // closed when closed and conns is empty
}

// stats are the figures of a Server, see Figures.
type stats struct {
	open, secure, queued             atomic.Int64
	accepted, received, sent, panics atomic.Uint64
	ended                            [causes]atomic.Uint64
}

// Figures is a snapshot of what a Server does.
type Figures struct {
	// Open counts connections, Secure those of them with TLS.
	Open, Secure int64
	// Queued is how many bytes wait for peers. Bytes shared by several
	// connections count for each.
	Queued int64
	// Held is how many bytes are held for incomplete messages.
	Held int64
	// Accepted, Received, Sent and Panics count connections, messages in,
	// frames out and handlers that panicked since the start.
	Accepted, Received, Sent, Panics uint64
	// Ended counts connections that are gone, by reason.
	Ended map[string]uint64
}

// New makes a Server with a poller of its own.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Poll.Log == nil {
		cfg.Poll.Log = cfg.Log
	}
	p, err := poll.New(cfg.Poll)
	if err != nil {
		return nil, err
	}
	s := &Server{
		limits:  cfg.Limits.withDefaults(),
		poller:  p,
		log:     cfg.Log,
		removed: cfg.Removed,
		conns:   map[*Conn]struct{}{},
		empty:   make(chan struct{}),
	}
	s.input = newBudget(s.limits)
	return s, nil
}

// Figures returns the present figures.
func (s *Server) Figures() Figures {
	f := Figures{
		Open: s.stats.open.Load(), Secure: s.stats.secure.Load(),
		Queued: s.stats.queued.Load(), Held: s.input.held(),
		Accepted: s.stats.accepted.Load(), Received: s.stats.received.Load(),
		Sent: s.stats.sent.Load(), Panics: s.stats.panics.Load(),
		Ended: make(map[string]uint64, causes),
	}
	for i, name := range causeNames {
		f.Ended[name] = s.stats.ended[i].Load()
	}
	return f
}

// isClosed reports whether Close was called.
func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// add takes c in, during an upgrade.
func (s *Server) add(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	s.stats.accepted.Add(1)
	s.stats.open.Add(1)
	if c.tls != nil {
		s.stats.secure.Add(1)
	}
}

// remove forgets c, which ended because of err.
func (s *Server) remove(c *Conn, err error) {
	s.stats.open.Add(-1)
	if c.tls != nil {
		s.stats.secure.Add(-1)
	}
	s.stats.ended[causeOfErr(err)].Add(1)
	if s.removed != nil {
		s.removed(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.closed && len(s.conns) == 0 {
		close(s.empty)
	}
}

// Close takes no more connections, closes all with 1001, waits for them until
// ctx ends, cuts the rest and stops the poller. Every handler's OnClose has
// been called when it returns.
func (s *Server) Close(ctx context.Context) error {
	conns, err := s.refuse()
	if err != nil {
		return err
	}
	for _, c := range conns {
		c.Close(statusGoingAway, "server is stopping")
	}
	select {
	case <-s.empty:
	case <-ctx.Done():
		for _, c := range conns {
			c.mu.Lock()
			c.end.err = ErrServerClosed
			c.abortLocked(ErrServerClosed)
			c.mu.Unlock()
		}
		<-s.empty // the loops only have to close descriptors
	}
	return s.poller.Close()
}

// refuse marks the server closed and returns its connections.
func (s *Server) refuse() ([]*Conn, error) {
	s.upgrading.Lock()
	defer s.upgrading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("wsconn: server is already closed")
	}
	s.closed = true
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	if len(conns) == 0 {
		close(s.empty)
	}
	return conns, nil
}
