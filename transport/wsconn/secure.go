package wsconn

import (
	"crypto/tls"
	"errors"

	"parley/transport/poll"
)

// sealChunk is how much is sealed at once, bytes: one TLS record.
const sealChunk = 16 << 10

// secure is a TLS connection whose socket belongs to a poller.
type secure struct {
	conn *tls.Conn
	raw  *switchConn
}

// read reads plaintext: poll.ErrAgain if no record is complete.
func (s *secure) read(b []byte) (int, error) {
	n, err := s.conn.Read(b)
	if err != nil && errors.As(err, &errAgain{}) {
		err = poll.ErrAgain
	}
	return n, err
}

// write seals b and sends it. It returns how much was sealed. poll.ErrAgain:
// the socket is full, the rest of b comes later, and flush has work, even if
// all of b was sealed.
func (s *secure) write(b []byte) (n int, err error) {
	for {
		if err := s.raw.flush(); err != nil {
			return n, err
		}
		if n == len(b) {
			return n, nil
		}
		m, err := s.conn.Write(b[n:min(n+sealChunk, len(b))])
		n += m
		if err != nil {
			return n, err
		}
	}
}
