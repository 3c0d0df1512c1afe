//go:build !linux

package netloop

import (
	"errors"
	"net"
	"sync"
	"time"
)

// poller is a bell: sockets have reading goroutines here.
type poller struct {
	bell chan struct{}
	mu   sync.Mutex // guards open
	open map[net.Conn]struct{}
}

func newPoller() (*poller, error) {
	return &poller{bell: make(chan struct{}, 1), open: make(map[net.Conn]struct{})}, nil
}

func (p *poller) wake() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

func (p *poller) wait(_ *Loop, ns int64) error {
	t := time.NewTimer(time.Duration(ns))
	defer t.Stop()
	select {
	case <-p.bell:
	case <-t.C:
	}
	return nil
}

func (p *poller) keep(c net.Conn) {
	p.mu.Lock()
	p.open[c] = struct{}{}
	p.mu.Unlock()
}

func (p *poller) drop(c net.Conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	c.Close()
}

func (p *poller) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}

// UDP is a connected socket in a loop.
type UDP struct {
	conn    *net.UDPConn
	loop    *Loop
	handler PacketHandler
	closed  bool
}

// packet is a datagram on its way to the loop.
type packet struct {
	to   *UDP
	data []byte
	at   int64
}

// AdoptUDP moves conn, which must be connected, into the loop. gro is not
// known on this system. Only on the loop's goroutine.
func (l *Loop) AdoptUDP(conn *net.UDPConn, _ bool, h PacketHandler) (*UDP, error) {
	u := &UDP{conn: conn, loop: l, handler: h}
	conn.SetReadDeadline(time.Time{})
	conn.SetReadBuffer(4 << 20)
	l.poll.keep(conn)
	go u.read()
	return u, nil
}

func (u *UDP) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := u.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil && !u.loop.Post(&packet{to: u, data: append([]byte(nil), buf[:n]...), at: Now()}) {
			return
		}
	}
}

// Do hands the datagram over, on the loop's goroutine.
func (p *packet) Do(l *Loop) {
	if !p.to.closed {
		l.Counters.Receives++
		l.Counters.Runs++
		l.Counters.Packets++
		p.to.handler.OnPacket(p.data, p.at)
	}
}

// Send sends pkts, each one datagram. What can not be sent is counted.
func (u *UDP) Send(pkts ...[]byte) {
	for _, p := range pkts {
		if _, err := u.conn.Write(p); err != nil {
			u.loop.Counters.Unsent++
		}
	}
}

// Drops is not known on this system.
func (u *UDP) Drops() uint64 { return 0 }

// Close takes the socket out of the loop.
func (u *UDP) Close() {
	u.closed = true
	u.loop.poll.drop(u.conn)
}

// Text is a WebSocket in a loop.
type Text struct{ inner *goText }

// AdoptText moves conn, on which the WebSocket handshake is done, into the
// loop; early is what came after the handshake.
func (l *Loop) AdoptText(conn net.Conn, early []byte, h TextHandler) (*Text, error) {
	l.poll.keep(conn)
	return &Text{inner: startGoText(l, conn, early, h)}, nil
}

// Send sends msg as one text message.
func (t *Text) Send(msg []byte) { t.inner.send(appendFrame(nil, opText, msg)) }

// Close ends the connection without a closing handshake.
func (t *Text) Close() {
	t.inner.closing.Store(true)
	t.inner.loop.poll.drop(t.inner.conn)
}
