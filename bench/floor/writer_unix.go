//go:build unix

package floor

import (
	"net"

	"golang.org/x/sys/unix"
)

// writer holds the descriptors of the connections: one plain write each.
type writer struct{ fds []int }

func newWriter(l *net.TCPListener, n int) (*writer, error) {
	w := new(writer)
	for range n {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		raw, err := conn.SyscallConn()
		if err != nil {
			return nil, err
		}
		var dupErr error
		fd := -1
		err = raw.Control(func(s uintptr) { fd, dupErr = unix.Dup(int(s)) })
		if err == nil {
			err = dupErr
		}
		if err != nil {
			return nil, err
		}
		conn.Close()
		w.fds = append(w.fds, fd)
	}
	return w, nil
}

// write writes frame to every connection; one that is full or gone is left
// out.
func (w *writer) write(frame []byte) {
	for _, fd := range w.fds {
		unix.Write(fd, frame)
	}
}
