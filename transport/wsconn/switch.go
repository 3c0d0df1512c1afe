package wsconn

import (
	"errors"
	"net"
	"sync"
	"time"

	"parley/transport/poll"
)

// Movable wraps a connection that was accepted so that it can later move to a
// poller. Under TLS it must be what the tls.Conn is made of.
func Movable(conn net.Conn) net.Conn { return &switchConn{inner: conn} }

// switchConn is a connection that first is net's and after move a poller's.
// Before the move every method is inner's. After it, Read never blocks and
// Write takes everything into out, for a tls.Conn above that must not see
// write errors it would never forget.
type switchConn struct {
	inner net.Conn // nil after move
	fd    poll.FD  // nil before move

	mu  sync.Mutex // guards out and off; the last lock in any order
	out []byte     // pooled; nil when nothing waits
	off int        // bytes of out already sent
}

// errAgain is ErrAgain in the form that crypto/tls takes as "come again": a
// net.Error that is temporary.
type errAgain struct{}

func (errAgain) Error() string   { return "wsconn: no more input now" }
func (errAgain) Timeout() bool   { return false }
func (errAgain) Temporary() bool { return true }

// move gives the socket to p. Nobody may be using s.
func (s *switchConn) move(p poll.Poller) error {
	inner := s.inner
	s.inner = nil
	fd, err := p.Add(inner)
	s.fd = fd
	return err
}

// NetConn is what is below, nil after move.
func (s *switchConn) NetConn() net.Conn { return s.inner }

func (s *switchConn) Read(b []byte) (int, error) {
	if s.inner != nil {
		return s.inner.Read(b)
	}
	n, err := s.fd.Read(b)
	if errors.Is(err, poll.ErrAgain) {
		err = errAgain{}
	}
	return n, err
}

func (s *switchConn) Write(b []byte) (int, error) {
	if s.inner != nil {
		return s.inner.Write(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = sealed.grow(s.out, b)
	return len(b), nil
}

// flush sends what Write took. poll.ErrAgain: some is left.
func (s *switchConn) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return nil
	}
	n, err := s.fd.Write(s.out[s.off:])
	s.off += n
	if s.off == len(s.out) {
		sealed.put(s.out)
		s.out, s.off = nil, 0
	}
	return err
}

// waiting returns how many bytes flush has to send.
func (s *switchConn) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.out) - s.off
}

func (s *switchConn) Close() error {
	if s.inner != nil {
		return s.inner.Close()
	}
	return s.fd.Close()
}

// CloseWrite lets http.Server end a response before the connection.
func (s *switchConn) CloseWrite() error {
	if s.inner == nil {
		return s.fd.CloseWrite()
	}
	if half, ok := s.inner.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (s *switchConn) LocalAddr() net.Addr {
	if s.inner != nil {
		return s.inner.LocalAddr()
	}
	return &net.TCPAddr{}
}

func (s *switchConn) RemoteAddr() net.Addr {
	if s.inner != nil {
		return s.inner.RemoteAddr()
	}
	return &net.TCPAddr{}
}

func (s *switchConn) SetDeadline(t time.Time) error {
	if s.inner != nil {
		return s.inner.SetDeadline(t)
	}
	return nil // nothing blocks any more
}

func (s *switchConn) SetReadDeadline(t time.Time) error {
	if s.inner != nil {
		return s.inner.SetReadDeadline(t)
	}
	return nil
}

func (s *switchConn) SetWriteDeadline(t time.Time) error {
	if s.inner != nil {
		return s.inner.SetWriteDeadline(t)
	}
	return nil
}
