package httpd

import (
	"errors"
	"net/http"
	"net/netip"
	"time"

	"parley/transport/wsconn"
)

// protocol is the subprotocol that clients of /api/v1/ws must offer.
const protocol = "parley.v1"

// socket answers /api/v1/ws.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	s.upgrade(w, r, protocol, func(c *wsconn.Conn) wsconn.Handler { return s.cfg.Accept(c, r) })
}

// echo answers /debug/echo.
func (s *Server) echo(w http.ResponseWriter, r *http.Request) {
	s.upgrade(w, r, "", func(*wsconn.Conn) wsconn.Handler { return wsconn.Echo{} })
}

// upgrade checks origin and limits and makes r a WebSocket.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, protocol string, accept func(*wsconn.Conn) wsconn.Handler) {
	from := remoteAddr(r)
	if e := s.mayConnect(r, from); e != nil {
		s.metrics.refused.WithLabelValues(e.Code).Inc()
		fail(w, e)
		return
	}
	taken := true
	defer func() {
		if taken {
			s.giveSocket(from)
		}
	}()
	counted := from // by limits on what a connection may hold
	if from.IsLoopback() && !s.cfg.PerAddress.Loopback {
		counted = netip.Addr{}
	}
	err := s.conns.Upgrade(w, r, protocol, counted, func(c *wsconn.Conn) wsconn.Handler {
		taken = false // given back when the connection is removed
		return accept(c)
	})
	var refused *wsconn.HandshakeError
	if errors.As(err, &refused) {
		s.metrics.refused.WithLabelValues("handshake").Inc()
		fail(w, handshakeAnswer(w, refused))
	} else if err != nil {
		s.cfg.Log.Debug("upgrade", "err", err)
	} else if rec, ok := w.(*statusRecorder); ok {
		rec.status = http.StatusSwitchingProtocols // was not written through it
	}
}

// mayConnect decides before anything is upgraded. Without an error one
// connection of from is counted.
func (s *Server) mayConnect(r *http.Request, from netip.Addr) *apiError {
	if !s.origins.allow(r) {
		return refuse(http.StatusForbidden, codeOrigin, "pages of this origin may not connect; the server's owner can allow it")
	}
	if wait, ok := s.opens.allow(from, time.Now()); !ok {
		e := refuse(http.StatusTooManyRequests, codeRate, "too many new connections from this address")
		e.retry = wait
		return e
	}
	within := s.sockets.add(from)
	switch total := s.total.Add(1); {
	case !within:
		s.giveSocket(from)
		e := refuse(http.StatusTooManyRequests, codeRate, "too many connections from this address")
		e.retry = time.Minute
		return e
	case total > int64(s.cfg.MaxConnections):
		s.giveSocket(from)
		e := refuse(http.StatusServiceUnavailable, codeFull, "the server has all the connections it may have")
		e.retry = 10 * time.Second
		return e
	}
	return nil
}

// giveSocket returns what mayConnect took.
func (s *Server) giveSocket(from netip.Addr) {
	s.total.Add(-1)
	s.sockets.give(from)
}

// handshakeAnswer turns a refused handshake into an answer.
func handshakeAnswer(w http.ResponseWriter, e *wsconn.HandshakeError) *apiError {
	code := codeBadRequest
	switch e.Status {
	case http.StatusUpgradeRequired:
		code = codeUpgrade
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
	case http.StatusMethodNotAllowed:
		code = codeMethod
		w.Header().Set("Allow", http.MethodGet)
	}
	return refuse(e.Status, code, e.Message)
}

// remoteAddr is the address r came from, invalid if it has none.
func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
