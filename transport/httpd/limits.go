package httpd

import (
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"

	"parley/transport/limit"
	"parley/transport/portmux"
)

// maxPending is how many connections may be there that are no WebSockets; no
// more than half of the descriptors.
const maxPending = 4096

// limits count who has and does how much.
type limits struct {
	crowd   *crowd       // connections that are no WebSockets
	proxied *limit.Tally // requests that trusted proxies passed on
	opens   *limit.Rate
	sockets *limit.Tally
	records *limit.Rate
	guesses *limit.Rate  // wrong API tokens
	total   atomic.Int64 // WebSockets, those being opened included
}

// setLimits makes the limits.
func (s *Server) setLimits(each PerAddress) {
	all := maxPending
	if half := s.descriptors.limit / 2; half > 0 {
		// Nobody alone, and nothing of a kind, may take them all.
		all, each.Sockets = min(all, half), min(each.Sockets, half)
	}
	s.limits.crowd = newCrowd(each.Requests, all, cut)
	s.limits.proxied = limit.NewTally(each.Requests)
	s.limits.opens = limit.PerMinute(each.OpensPerMinute)
	s.limits.sockets = limit.NewTally(each.Sockets)
	s.limits.records = limit.PerMinute(each.RecordsPerMinute)
	s.limits.guesses = limit.PerMinute(guessesPerMinute)
}

// connState tells the crowd what http.Server does with a connection: what was
// hijacked is counted elsewhere, what is closed has left by itself.
func (s *Server) connState(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive, http.StateIdle:
		s.crowd.work(accepted(conn), state == http.StateActive)
	case http.StateHijacked:
		s.crowd.leave(accepted(conn))
	}
}

// accepted is the connection below one that TLS or a WebSocket may be made of.
func accepted(conn net.Conn) net.Conn {
	for {
		above, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = above.NetConn()
	}
}

// newConn lets a connection in, if it may. Those of trusted proxies have no share:
// they bring others.
func (s *Server) newConn(conn *portmux.Conn) bool {
	var from netip.Addr
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		from = plainAddr(a.AddrPort().Addr())
	}
	scarce := s.descriptors.scarce()
	in, made := s.crowd.enter(conn, from, s.exempt(from) || s.trusted.has(from), scarce)
	switch {
	case !in:
		s.metrics.cut.WithLabelValues(cutShare).Inc()
	case made && scarce:
		s.metrics.cut.WithLabelValues(cutDescriptors).Inc()
	case made:
		s.metrics.cut.WithLabelValues(cutOldest).Inc()
	}
	return in
}

// shed makes room when no connection can be accepted.
func (s *Server) shed() bool {
	s.tellBusy()
	made := s.crowd.shed()
	if made {
		s.metrics.cut.WithLabelValues(cutDescriptors).Inc()
	}
	return made
}

// cut ends a connection without a word: TLS would wait for the peer to take one.
// Who asks has it out of the crowd.
func cut(conn net.Conn) { conn.(*portmux.Conn).Cut() }
