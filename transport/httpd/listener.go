package httpd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"parley/transport/portmux"
	"parley/transport/wsconn"
)

// Listener is a TCP port and what is spoken there. Whatever it is, it comes with the
// rules of the main port: TLS and plain are told apart by the first byte where there
// is a certificate, who says nothing is closed in time and costs no goroutine, all
// listeners share one count of connections for each address and in all, HTTP goes
// through the rules of Host and Origin, and Shutdown ends it in order.
type Listener struct {
	// Name is one word for log and metrics, such as "chat".
	Name string
	Net  net.Listener
	// Handler answers HTTP, Stream serves what is not HTTP. With neither it is the main
	// port: pages, API and doors.
	Handler http.Handler
	Stream  Stream
}

// Serve answers what comes in over l, whose Net it closes, until Shutdown.
func (s *Server) Serve(l Listener) error {
	if a, ok := l.Net.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		s.exposed.Store(true)
	}
	s.listens.Add(1)
	ln := numbered{l.Net, &s.descriptors, s.shed}
	var err error
	if l.Stream != nil {
		err = s.mux.Serve(ln, table(s.tlsConfig(), portmux.Any, func(conn *portmux.Conn, over *tls.Config) { s.stream(&l, conn, over) }))
	} else {
		err = s.serveHTTP(ln, l.Handler)
	}
	if err != nil {
		return fmt.Errorf("serve %s: %w", l.Name, err)
	}
	return nil
}

// table tells TLS and plain apart; without over there is no TLS. to is given over
// with what speaks it.
func table(over *tls.Config, plain func(head []byte) portmux.Verdict, to func(conn *portmux.Conn, over *tls.Config)) []portmux.Matcher {
	bare := portmux.Matcher{Match: plain, To: func(conn *portmux.Conn) { to(conn, nil) }}
	if over == nil {
		return []portmux.Matcher{bare}
	}
	return []portmux.Matcher{{Match: portmux.TLS, To: func(conn *portmux.Conn) { to(conn, over) }}, bare}
}

// protocols are what HTTP is called in ALPN.
var protocols = []string{"h2", "http/1.1"}

// serveHTTP gives what speaks HTTP, with TLS or without, to a server of its own. A
// request without TLS to a port of TLS is led there, see plain.go.
func (s *Server) serveHTTP(ln net.Listener, h http.Handler) error {
	rules := s.main
	if h != nil {
		rules = s.ruled(h)
	}
	web := s.newWeb(rules)
	if !s.webs.add(web) {
		return ln.Close()
	}
	spoken := portmux.NewQueue(ln.Addr())
	served := make(chan error, 1)
	go func() { served <- web.Serve(spoken) }() // ends with Shutdown, or below
	// Where there is nothing else, who speaks no HTTP learns it by a 400.
	over, plain := s.tlsConfig(protocols...), portmux.Any
	if over != nil {
		plain = portmux.HTTP
	}
	err := s.mux.Serve(ln, table(over, plain, func(conn *portmux.Conn, over *tls.Config) {
		if movable := wsconn.Movable(conn); over != nil {
			spoken.Push(tls.Server(movable, over))
		} else {
			spoken.Push(movable)
		}
	}))
	if err != nil {
		_ = spoken.Close() // who is being answered still is
	}
	if end := <-served; err == nil && !errors.Is(end, http.ErrServerClosed) {
		err = end
	}
	return err
}

func (s *Server) newWeb(h http.Handler) *http.Server {
	return &http.Server{
		Handler:                      h,
		TLSConfig:                    s.tlsConfig(protocols...),
		ReadHeaderTimeout:            s.cfg.HeaderTime,
		ReadTimeout:                  3 * s.cfg.HeaderTime,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  60 * time.Second,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is under our rules, too
		ConnState:                    s.connState,
		ErrorLog:                     slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), // remote mistakes
	}
}

// tlsConfig is for a port where these protocols are spoken (ALPN), nil without a
// certificate.
func (s *Server) tlsConfig(protocols ...string) *tls.Config {
	if s.certs == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certs.get, NextProtos: protocols}
}

// webs are the HTTP servers of all listeners.
type webs struct {
	mu     sync.Mutex // guards all below
	all    []*http.Server
	closed bool
}

// add reports whether web may serve.
func (w *webs) add(web *http.Server) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.all = append(w.all, web)
	}
	return !w.closed
}

// close returns those that are to be shut down.
func (w *webs) close() []*http.Server {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return w.all
}
