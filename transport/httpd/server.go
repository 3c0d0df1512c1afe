package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/transport/httpd/web"
	"parley/transport/wsconn"
)

// maxPending is how many connections may be there that are no WebSockets.
const maxPending = 4096

// Server is everything that is served over TCP.
type Server struct {
	cfg      Config
	origins  origins
	certs    *certs // nil without TLS
	conns    *wsconn.Server
	web      *http.Server
	metrics  *metrics
	sockets  *tally // WebSockets by address
	requests *tally // other connections by address
	opens    *pace
	byToken  *pace        // ratings and records
	total    atomic.Int64 // WebSockets, those being opened included
	pending  atomic.Int64 // connections that are no WebSockets
	loopback atomic.Bool  // we listen on a loopback address
	draining atomic.Bool
}

// New makes a Server that does not listen yet.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	each := cfg.PerAddress
	s := &Server{
		cfg:      cfg,
		origins:  newOrigins(cfg.Origins, cfg.CertFile != ""),
		metrics:  newMetrics(),
		sockets:  newTally(each.Sockets, each.Loopback),
		requests: newTally(each.Requests, each.Loopback),
		opens:    newPace(each.OpensPerMinute, each.Loopback),
		byToken:  newPace(each.ByTokenPerMinute, each.Loopback),
	}
	if cfg.CertFile != "" {
		var err error
		if s.certs, err = loadCerts(cfg.CertFile, cfg.KeyFile, cfg.Log); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
		}
	}
	routes, err := s.routes()
	if err != nil {
		return nil, err
	}
	if s.conns, err = wsconn.New(s.socketConfig()); err != nil {
		return nil, err
	}
	s.metrics.registry.MustRegister(socketCollector{s.conns})
	for _, c := range cfg.Collectors {
		if err := s.metrics.registry.Register(c); err != nil {
			_ = s.conns.Close(context.Background()) // it has no connections
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	s.web = &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: cfg.HeaderTime,
		ReadTimeout:       3 * cfg.HeaderTime,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.connState,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug), // remote mistakes
	}
	return s, nil
}

// socketConfig is what wsconn is told; the count per address is given back
// there.
func (s *Server) socketConfig() wsconn.Config {
	c := s.cfg.Socket
	removed := c.Removed
	c.Removed = func(conn *wsconn.Conn) {
		s.giveSocket(conn.RemoteAddr().Addr().Unmap())
		if removed != nil {
			removed(conn)
		}
	}
	return c
}

// Registry takes more metrics.
func (s *Server) Registry() prometheus.Registerer { return s.metrics.registry }

// Serve answers what comes in over ln, which it closes, until Shutdown.
func (s *Server) Serve(ln net.Listener) error {
	if a, ok := ln.Addr().(*net.TCPAddr); ok {
		s.loopback.Store(a.IP.IsLoopback())
	}
	ln = wsconn.Listener(ln)
	var err error
	if s.certs != nil {
		s.web.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certs.get}
		err = s.web.ServeTLS(ln, "", "")
	} else {
		err = s.web.Serve(ln)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP: %w", err)
}

// Drain makes /readyz say that no new meetings are taken.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops to listen, lets requests finish, closes all WebSockets with
// 1001 and cuts what is left when ctx ends. It must be called once, also when
// Serve was never called.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	requests := make(chan error, 1)
	go func() {
		err := s.web.Shutdown(ctx)
		if err != nil {
			err = s.web.Close()
		}
		requests <- err
	}()
	err := s.conns.Close(ctx)
	return errors.Join(err, <-requests)
}

// Sockets are the figures of the WebSockets.
func (s *Server) Sockets() wsconn.Figures { return s.conns.Figures() }

// connState bounds the connections that are no WebSockets.
func (s *Server) connState(conn net.Conn, state http.ConnState) {
	var from netip.Addr
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		from = a.AddrPort().Addr()
	}
	switch state {
	case http.StateNew:
		total := s.pending.Add(1)
		if !s.requests.add(from) || total > maxPending {
			s.metrics.crowded.Inc()
			_ = conn.Close()
		}
	case http.StateHijacked, http.StateClosed:
		s.pending.Add(-1)
		s.requests.give(from)
	}
}

// routes builds the whole tree of handlers.
func (s *Server) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	static, err := s.static()
	if err != nil {
		return nil, err
	}
	mux.Handle("/", method(http.MethodGet, static))
	mux.Handle("/healthz", method(http.MethodGet, s.healthz))
	mux.Handle("/readyz", method(http.MethodGet, s.readyz))
	mux.Handle("/metrics", method(http.MethodGet, s.guard(s.metrics.handler())))
	mux.HandleFunc("/api/v1/ws", s.socket)
	mux.Handle("/api/v1/meetings", method(http.MethodGet, s.guard(s.getMeetings)))
	mux.Handle("/api/v1/meetings/{id}", method(http.MethodGet, s.guard(s.getMeeting)))
	mux.Handle("/api/v1/meetings/{id}/rating", s.shared(method(http.MethodPost, s.postRating)))
	mux.Handle("/api/v1/meetings/{id}/record", s.shared(method(http.MethodGet, s.getRecord)))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, refuse(http.StatusNotFound, codeNotFound, "there is no such address"))
	})
	if s.cfg.Debug {
		mux.HandleFunc("/debug/echo", s.guard(s.echo))
		s.profiles(mux)
	}
	cross := http.NewCrossOriginProtection()
	for _, o := range s.cfg.Origins {
		if err := cross.AddTrustedOrigin(o); err != nil {
			return nil, err
		}
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fail(w, refuse(http.StatusForbidden, codeOrigin, "pages of this origin may not do this"))
	}))
	return s.metrics.count(s.recovered(headers(s.cfg.FrameAncestors, bounded(cross.Handler(mux))))), nil
}

// static returns the handler of the client.
func (s *Server) static() (http.HandlerFunc, error) {
	if s.cfg.Dev != "" {
		return serveDev(s.cfg.Dev), nil
	}
	built, err := embedded()
	if err != nil {
		return nil, err
	}
	return built.serve, nil
}

// embedded is the client in the binary, built once: it never changes.
var embedded = sync.OnceValues(func() (*site, error) { return buildSite(web.Files, true) })

// bounded limits bodies.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}
