package wsconn

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"parley/transport/poll"
)

// upgradeTime bounds the writing of the 101 response.
const upgradeTime = 5 * time.Second

// HandshakeError says why a request can not be upgraded. Nothing has been
// written to the client.
type HandshakeError struct {
	Status  int    // HTTP status to answer with
	Message string // for developers
}

func (e *HandshakeError) Error() string { return "wsconn: " + e.Message }

// Upgrade answers a WebSocket handshake (RFC 6455 §4.2) and takes the
// connection over. protocol is the subprotocol the client must offer; if it is
// empty none is chosen. from is the client's address as limits see it; an
// invalid one is exempt from limits per address. accept is called on the caller's goroutine with the
// new connection and returns its handler; it may already Send. Nil ends the
// connection with 1013.
//
// A *HandshakeError leaves the request to the caller to answer; after any other
// error the connection is gone.
func (s *Server) Upgrade(w http.ResponseWriter, r *http.Request, protocol string, from netip.Addr, accept func(c *Conn) Handler) error {
	if err := checkHandshake(r, protocol); err != nil {
		return err
	}
	s.upgrading.RLock()
	defer s.upgrading.RUnlock()
	if s.isClosed() {
		return &HandshakeError{Status: http.StatusServiceUnavailable, Message: "server is stopping"}
	}
	upgrader := ws.HTTPUpgrader{Timeout: upgradeTime}
	if protocol != "" {
		upgrader.Protocol = func(p string) bool { return p == protocol }
	}
	conn, rw, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return fmt.Errorf("upgrade: %w", err)
	}
	c := &Conn{server: s, source: from}
	c.remote, _ = netip.ParseAddrPort(r.RemoteAddr) // stays zero for unusual transports
	if n := rw.Reader.Buffered(); n > 0 {
		early, _ := rw.Reader.Peek(n) // can not fail: n bytes are there
		c.in.first = bytes.Clone(early)
	}
	if err := s.takeOver(c, conn); err != nil {
		return fmt.Errorf("take over connection: %w", err)
	}
	s.add(c)
	return c.start(accept)
}

// start lets the poller deliver events. c is registered with the server.
func (c *Conn) start(accept func(c *Conn) Handler) error {
	c.mu.Lock()
	c.timer.ping = poll.Now().After(c.server.limits.PingEvery)
	c.armLocked(c.timer.ping)
	c.mu.Unlock()
	defer func() {
		if c.handler == nil { // accept panicked: net/http will tell
			_ = c.fd.Close()
			c.server.remove(c, &CloseError{cause: causePanic})
		}
	}()
	h := accept(c)
	if h == nil {
		h = nobody{}
		c.Close(statusTryLater, "not accepted")
	}
	c.handler = h
	if err := c.fd.Start(c); err != nil {
		c.finish(err)
		return err
	}
	return nil
}

// nobody handles connections that were not accepted.
type nobody struct{}

func (nobody) OnText(*Conn, []byte) {}
func (nobody) OnClose(*Conn, error) {}

// takeOver moves the socket below conn to the poller.
func (s *Server) takeOver(c *Conn, conn net.Conn) error {
	var err error
	if secured, ok := conn.(*tls.Conn); ok {
		raw, ok := secured.NetConn().(*switchConn)
		if !ok {
			_ = conn.Close()
			return errors.New("the TLS connection is not made of what Movable returned")
		}
		s.prepare(raw.inner)
		c.tls = &secure{conn: secured, raw: raw}
		err = raw.move(s.poller)
		c.fd = raw.fd
		return err
	}
	if raw, ok := conn.(*switchConn); ok {
		conn = raw.inner
	}
	s.prepare(conn)
	c.fd, err = s.poller.Add(conn)
	return err
}

// prepare bounds the kernel's send buffer.
func (s *Server) prepare(conn net.Conn) {
	if sized, ok := conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = sized.SetWriteBuffer(s.limits.Socket) // without it only memory is lost
	}
}

// checkHandshake checks all that the RFC asks of a request.
func checkHandshake(r *http.Request, protocol string) error {
	switch {
	case r.Method != http.MethodGet:
		return &HandshakeError{http.StatusMethodNotAllowed, "a WebSocket handshake is a GET request"}
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return &HandshakeError{http.StatusHTTPVersionNotSupported, "a WebSocket handshake needs HTTP/1.1"}
	case !hasToken(r.Header["Connection"], "upgrade") || !hasToken(r.Header["Upgrade"], "websocket"):
		return &HandshakeError{http.StatusUpgradeRequired, "this address speaks WebSocket"}
	case len(r.Header["Sec-Websocket-Version"]) != 1 || r.Header.Get("Sec-WebSocket-Version") != "13":
		return &HandshakeError{http.StatusUpgradeRequired, "only WebSocket version 13 is spoken here"}
	case !validKey(r.Header["Sec-Websocket-Key"]):
		return &HandshakeError{http.StatusBadRequest, "Sec-WebSocket-Key is not 16 bytes in base64"}
	case r.ContentLength != 0:
		return &HandshakeError{http.StatusBadRequest, "a WebSocket handshake has no body"}
	case protocol != "" && !slices.Contains(tokens(r.Header["Sec-Websocket-Protocol"]), protocol):
		return &HandshakeError{http.StatusBadRequest, "the subprotocol " + protocol + " is required"}
	}
	return nil
}

func validKey(keys []string) bool {
	if len(keys) != 1 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(keys[0])
	return err == nil && len(key) == 16
}

// tokens splits header lines at commas.
func tokens(lines []string) []string {
	var all []string
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(t))
		}
	}
	return all
}

func hasToken(lines []string, want string) bool {
	return slices.ContainsFunc(tokens(lines), func(t string) bool { return strings.EqualFold(t, want) })
}
