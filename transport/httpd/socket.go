package httpd

import (
	"errors"
	"net/http"
	"net/netip"

	"parley/transport/wsconn"
)

// echo answers /debug/echo.
func (s *Server) echo(w http.ResponseWriter, r *http.Request) {
	s.upgrade(w, r, "", func(*wsconn.Conn) wsconn.Handler { return wsconn.Echo{} })
}

// upgrade checks origin and limits and makes r a WebSocket.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, protocol string, accept func(*wsconn.Conn) wsconn.Handler) {
	v := visitorFrom(r)
	if e := s.admit(r, v); e != nil {
		s.metrics.refused.WithLabelValues(e.reason()).Inc()
		if r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close") // it was made for this
		}
		fail(w, e)
		return
	}
	taken := true
	defer func() {
		if taken {
			s.giveSocket(v.limited)
		}
	}()
	err := s.conns.Upgrade(w, r, protocol, v.limited, func(c *wsconn.Conn) wsconn.Handler {
		taken = false // given back when the connection is removed
		return accept(c)
	})
	var refused *wsconn.HandshakeError
	if errors.As(err, &refused) {
		s.metrics.refused.WithLabelValues("handshake").Inc()
		s.hintUpgrade(r, v)
		fail(w, handshakeAnswer(w, refused))
	} else if err != nil {
		s.cfg.Log.Debug("upgrade", "err", err)
	} else if rec, ok := w.(*statusRecorder); ok {
		rec.status = http.StatusSwitchingProtocols // was not written through it
	}
}

// hintUpgrade tells the log of a page whose WebSocket comes as an ordinary
// request: pages make none by themselves, so a proxy takes the upgrade away.
func (s *Server) hintUpgrade(r *http.Request, v *visitor) {
	if r.Header.Get("Sec-WebSocket-Key") != "" && (r.ProtoMinor == 0 || r.Header.Get("Upgrade") == "") {
		s.tellOnce("upgrade "+v.remote.String(), "a proxy passes on no WebSockets: it needs HTTP/1.1 and the headers Upgrade and Connection "+
			"(nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\")", "proxy", v.remote)
	}
}

// giveSocket returns what admit took.
func (s *Server) giveSocket(from netip.Addr) {
	s.total.Add(-1)
	s.sockets.Give(from)
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
	case http.StatusServiceUnavailable:
		return stopping()
	}
	return refuse(e.Status, code, e.Message)
}
