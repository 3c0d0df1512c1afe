package netloop

import (
	"net"
	"sync/atomic"
)

// goText reads a WebSocket on a goroutine of its own and hands what it read
// to the loop: for TLS, and for systems without epoll. The goroutine ends
// when the connection is closed.
type goText struct {
	conn    net.Conn
	loop    *Loop
	handler TextHandler
	stream  stream
	closing atomic.Bool
}

// textRead is what a goText has read, on its way to the loop. err set: the
// connection is over.
type textRead struct {
	from *goText
	data []byte
	err  error
}

func startGoText(l *Loop, conn net.Conn, early []byte, h TextHandler) *goText {
	g := &goText{conn: conn, loop: l, handler: h}
	if len(early) > 0 {
		(&textRead{from: g, data: early}).Do(l)
	}
	go g.read()
	return g
}

func (g *goText) read() {
	buf := make([]byte, 4<<10)
	for {
		n, err := g.conn.Read(buf)
		if n > 0 && !g.loop.Post(&textRead{from: g, data: append([]byte(nil), buf[:n]...)}) {
			g.conn.Close()
			return
		}
		if err != nil {
			g.conn.Close()
			g.loop.Post(&textRead{from: g, err: err})
			return
		}
	}
}

// Do hands the bytes to the stream, on the loop's goroutine.
func (r *textRead) Do(*Loop) {
	g := r.from
	err := r.err
	if err == nil {
		now := Now()
		err = g.stream.feed(r.data,
			func(msg []byte) { g.handler.OnText(msg, now) },
			func(op byte, payload []byte) { g.send(appendFrame(nil, op, payload)) })
	}
	if err != nil && g.closing.CompareAndSwap(false, true) {
		g.conn.Close()
		g.handler.OnClosed(err)
	}
}

// send writes a frame; a client's frames are few and small, so that this
// does not block for long.
func (g *goText) send(frame []byte) { g.conn.Write(frame) }
