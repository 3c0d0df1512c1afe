package netloop

import (
	"crypto/tls"
	"errors"
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// Text is a WebSocket in a loop.
type Text struct {
	fd      int
	loop    *Loop
	handler TextHandler
	stream  stream
	unsent  []byte
	secure  *goText // set instead of fd for TLS
}

// AdoptText moves conn, on which the WebSocket handshake is done, into the
// loop; early is what came after the handshake. A TLS connection keeps a
// reading goroutine. Only on the loop's goroutine.
func (l *Loop) AdoptText(conn net.Conn, early []byte, h TextHandler) (*Text, error) {
	t := &Text{fd: -1, loop: l, handler: h}
	if _, ok := conn.(*tls.Conn); ok {
		t.secure = startGoText(l, conn, early, h)
		return t, nil
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.New("neither a TCP nor a TLS connection")
	}
	fd, err := dupFd(tcp)
	conn.Close()
	if err != nil {
		return nil, err
	}
	t.fd = fd
	if err = l.poll.add(fd, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP, t); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if len(early) > 0 {
		t.feed(early)
	}
	t.ready(l, unix.EPOLLIN)
	return t, nil
}

func (t *Text) ready(l *Loop, events uint32) {
	if len(t.unsent) > 0 {
		t.flush()
	}
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) == 0 {
		return
	}
	hangup := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	for t.fd >= 0 {
		n, err := unix.Read(t.fd, l.poll.text)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil:
			t.fail(err)
			return
		case n == 0:
			t.fail(io.EOF)
			return
		}
		t.feed(l.poll.text[:n])
		if n < len(l.poll.text) && !hangup {
			return
		}
	}
}

func (t *Text) feed(data []byte) {
	now := Now()
	err := t.stream.feed(data,
		func(msg []byte) { t.handler.OnText(msg, now) },
		func(op byte, payload []byte) { t.write(appendFrame(nil, op, payload)) })
	if err != nil {
		t.fail(err)
	}
}

func (t *Text) fail(err error) {
	if t.fd >= 0 {
		t.Close()
		t.handler.OnClosed(err)
	}
}

// Send sends msg as one text message; what the kernel does not take at once
// waits in memory. Only on the loop's goroutine.
func (t *Text) Send(msg []byte) {
	if t.secure != nil {
		t.secure.send(appendFrame(nil, opText, msg))
		return
	}
	t.write(appendFrame(nil, opText, msg))
}

func (t *Text) write(data []byte) {
	if t.fd < 0 {
		return
	}
	t.unsent = append(t.unsent, data...)
	t.flush()
}

func (t *Text) flush() {
	for len(t.unsent) > 0 && t.fd >= 0 {
		n, err := unix.Write(t.fd, t.unsent)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return // EAGAIN waits for EPOLLOUT; an error shows at the next read
		}
		t.unsent = t.unsent[n:]
	}
	t.unsent = nil
}

// Close ends the connection without a closing handshake. Only on the loop's
// goroutine.
func (t *Text) Close() {
	if t.secure != nil {
		t.secure.closing.Store(true)
		t.secure.conn.Close()
	}
	if t.fd >= 0 {
		t.loop.poll.drop(t.fd)
		t.fd = -1
	}
}

func (t *Text) close() {
	if t.fd >= 0 {
		unix.Close(t.fd)
		t.fd = -1
	}
}
