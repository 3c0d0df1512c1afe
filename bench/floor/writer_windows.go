package floor

import "net"

// writer holds the connections: one write each.
type writer struct{ conns []*net.TCPConn }

func newWriter(l *net.TCPListener, n int) (*writer, error) {
	w := new(writer)
	for range n {
		conn, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		w.conns = append(w.conns, conn)
	}
	return w, nil
}

func (w *writer) write(frame []byte) {
	for _, c := range w.conns {
		c.Write(frame)
	}
}
