package client

import (
	"context"
	"net"

	"parley/bench/netloop"
)

// socket is a WebSocket that joins nothing.
type socket struct {
	shard   *Shard
	signal  *signalConn // or
	plain   net.Conn    // nothing but frames
	text    *netloop.Text
	adopted chan error
}

// OpenSocket opens a WebSocket and keeps it.
func (s *Swarm) OpenSocket(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Config.Timeout)
	defer cancel()
	signal, err := dialSignal(ctx, s.Config.URL, s.Config.Path, subprotocol)
	if err != nil {
		return err
	}
	shard, _ := s.next()
	k := &socket{shard: shard, signal: signal, adopted: make(chan error, 1)}
	if !shard.Loop.Post(k) {
		signal.conn.Close()
		return errEnded
	}
	return <-k.adopted
}

// OpenPlain connects to a port of 127.0.0.1 that sends WebSocket frames without
// a handshake: the plain write loop.
func (s *Swarm) OpenPlain(port int) error {
	conn, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	shard, _ := s.next()
	k := &socket{shard: shard, plain: conn, adopted: make(chan error, 1)}
	if !shard.Loop.Post(k) {
		conn.Close()
		return errEnded
	}
	return <-k.adopted
}

// PlainTexts is how many messages have come on sockets that join nothing.
func (s *Swarm) PlainTexts() uint64 {
	n := uint64(0)
	s.each(func(sh *Shard) { n += sh.plainTexts })
	return n
}

// Do moves the socket into its loop: netloop.Command.
func (k *socket) Do(l *netloop.Loop) {
	conn, early := k.plain, []byte(nil)
	if k.signal != nil {
		conn, early = k.signal.release()
	}
	k.signal, k.plain = nil, nil
	var err error
	k.text, err = l.AdoptText(conn, early, k)
	k.shard.sockets++
	k.adopted <- err
}

// OnText counts what the server says.
func (k *socket) OnText([]byte, int64) { k.shard.plainTexts++ }

// OnClosed counts a socket that the server gave up.
func (k *socket) OnClosed(error) { k.shard.closedSockets++ }

// ClosedSockets is how many opened sockets the server has closed.
func (s *Swarm) ClosedSockets() int {
	n := 0
	s.each(func(sh *Shard) { n += sh.closedSockets })
	return n
}
