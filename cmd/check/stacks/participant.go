package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/engine/wire"
)

// participant is one as the server knows it: a WebSocket. The driver speaks parley.v1 for the
// stacks: what differs between them is what stands in offers and on the wire.
type participant struct {
	conn    net.Conn
	replies chan wire.Message
	reader  sync.WaitGroup
	id      int64
}

// replyWithin is how long the server may take for a reply.
const replyWithin = 10 * time.Second

func dialParticipant(ctx context.Context, server string) (*participant, error) {
	d := ws.Dialer{Timeout: replyWithin, Protocols: []string{"parley.v1"}}
	conn, early, _, err := d.Dial(ctx, strings.Replace(server, "http", "ws", 1)+"/api/v1/ws")
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	if early != nil {
		head, _ := early.Peek(early.Buffered())
		r = bufio.NewReader(io.MultiReader(strings.NewReader(string(head)), conn))
		ws.PutReader(early)
	}
	s := &participant{conn: conn, replies: make(chan wire.Message, 1)}
	s.reader.Go(func() { s.read(r) })
	return s, nil
}

// read gives replies on; events are not needed.
func (s *participant) read(r io.Reader) {
	defer close(s.replies)
	for {
		text, err := wsutil.ReadServerText(struct {
			io.Reader
			io.Writer
		}{r, s.conn})
		if err != nil {
			return
		}
		m, err := wire.ParseMessage(text)
		if err != nil {
			continue // from a newer server
		}
		if _, ok := m.(wire.Reply); ok {
			s.replies <- m
		}
	}
}

// request sends m and waits for its reply.
func (s *participant) request(m wire.Request) (wire.Message, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if err := wsutil.WriteClientText(s.conn, text); err != nil {
		return nil, err
	}
	select {
	case reply, ok := <-s.replies:
		if refused, is := reply.(*wire.Error); is {
			return nil, fmt.Errorf("refused: %s (%s)", refused.Code, refused.Message)
		}
		if !ok {
			return nil, errors.New("the server closed the connection")
		}
		return reply, nil
	case <-time.After(replyWithin):
		return nil, errors.New("no reply")
	}
}

func (s *participant) head(kind string) wire.Head {
	s.id++
	return wire.Head{Type: kind, ID: s.id}
}

// join enters the room and returns the answer.
func (s *participant) join(room, name string, o *offer) (string, error) {
	reply, err := s.request(&wire.Join{Head: s.head(wire.TypeJoin), Room: room, Name: name,
		Offer: o.sdp, Sources: o.sources, Seats: o.seats, Unmuted: o.unmuted()})
	if err != nil {
		return "", fmt.Errorf("join: %w", err)
	}
	joined, ok := reply.(*wire.Joined)
	if !ok {
		return "", fmt.Errorf("join: answered with %T", reply)
	}
	return joined.Answer, nil
}

// offer sends a later offer and returns the answer.
func (s *participant) offer(o *offer) (string, error) {
	reply, err := s.request(&wire.Offer{Head: s.head(wire.TypeOffer), Offer: o.sdp, Sources: o.sources, Seats: o.seats})
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	answer, ok := reply.(*wire.Answer)
	if !ok {
		return "", fmt.Errorf("offer: answered with %T", reply)
	}
	return answer.Answer, nil
}

func (s *participant) close() {
	s.conn.Close()
	for range s.replies { // what nobody waited for
	}
	s.reader.Wait()
}
