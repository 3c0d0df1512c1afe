package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"parley/engine/wire"
)

// subprotocol is what the server must agree to.
const subprotocol = "parley.v1"

// RefusedError is a request the server answered with an error.
type RefusedError struct {
	Code    wire.Code
	Message string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused by the server: %s (%s)", e.Code, e.Message)
}

// NotParleyError says that what answers at the address is something else.
type NotParleyError struct {
	URL    string
	Detail string
}

func (e *NotParleyError) Error() string {
	return fmt.Sprintf("%s is not a Parley server: %s", e.URL, e.Detail)
}

// signalConn is a WebSocket used with blocking calls, until a loop has it.
type signalConn struct {
	conn net.Conn
	r    *bufio.Reader
}

// dialSignal opens the WebSocket at base (http or https) + path. protocol
// empty: none is asked for.
func dialSignal(ctx context.Context, base, path, protocol string) (*signalConn, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u.Path = path
	dialer := ws.Dialer{
		Timeout:   10 * time.Second,
		TLSConfig: &tls.Config{InsecureSkipVerify: true}, // a load tool meets self-signed certificates
	}
	if protocol != "" {
		dialer.Protocols = []string{protocol}
	}
	conn, early, hs, err := dialer.Dial(ctx, u.String())
	if err != nil {
		var status ws.StatusError
		if errors.As(err, &status) || errors.Is(err, ws.ErrHandshakeBadProtocol) || errors.Is(err, ws.ErrHandshakeBadUpgrade) {
			return nil, &NotParleyError{URL: base, Detail: err.Error()}
		}
		return nil, err
	}
	if protocol != "" && hs.Protocol != protocol {
		conn.Close()
		return nil, &NotParleyError{URL: base, Detail: "it does not speak " + protocol}
	}
	s := &signalConn{conn: conn, r: bufio.NewReader(conn)}
	if early != nil {
		head, _ := early.Peek(early.Buffered())
		s.r = bufio.NewReader(io.MultiReader(strings.NewReader(string(head)), conn))
		ws.PutReader(early)
	}
	return s, nil
}

func (s *signalConn) send(msg any) error {
	text, err := json.Marshal(msg)
	if err != nil {
		return err
	}
	return ws.WriteFrame(s.conn, ws.MaskFrameInPlace(ws.NewTextFrame(text)))
}

// await reads until the reply to request id comes. Events before it are
// given to event.
func (s *signalConn) await(id int64, event func(text []byte)) (wire.Message, error) {
	for {
		f, err := ws.ReadFrame(s.r)
		if err != nil {
			return nil, err
		}
		switch f.Header.OpCode {
		case ws.OpPing:
			if err = ws.WriteFrame(s.conn, ws.MaskFrameInPlace(ws.NewPongFrame(f.Payload))); err != nil {
				return nil, err
			}
			continue
		case ws.OpClose:
			code, reason := ws.ParseCloseFrameData(f.Payload)
			return nil, fmt.Errorf("server closed the connection: %d %s", code, reason)
		case ws.OpText:
		default:
			continue
		}
		m, err := wire.ParseMessage(f.Payload)
		if err != nil {
			continue // a type from a newer server
		}
		reply, ok := m.(wire.Reply)
		if !ok || reply.RequestID() != id {
			event(f.Payload)
			continue
		}
		if refused, ok := m.(*wire.Error); ok {
			return nil, &RefusedError{Code: refused.Code, Message: refused.Message}
		}
		return m, nil
	}
}

// release gives up the connection with what was read too much.
func (s *signalConn) release() (net.Conn, []byte) {
	early, _ := s.r.Peek(s.r.Buffered())
	return s.conn, append([]byte(nil), early...)
}
