package httpd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"parley/transport/portmux"
	"parley/transport/wsconn"
)

// Server is everything that is served over TCP.
type Server struct {
	cfg         Config
	origins     origins
	cross       *http.CrossOriginProtection
	hosts       *hosts
	trusted     trusted
	certs       *certs       // nil without TLS
	mux         *portmux.Mux // what connections speak
	conns       *wsconn.Server
	main        http.Handler // pages, API and doors
	webs        webs
	streams     *streams
	metrics     *metrics
	limits      // what addresses may do
	descriptors descriptors
	listens     atomic.Int32 // listeners that were served
	exposed     atomic.Bool  // one of them is not on loopback
	drainEnd    atomic.Int64 // Unix nanoseconds; 0: not draining
	stopping    atomic.Bool

	// What strangers do, and what is noticed of proxies, is told to the log once,
	// and slowly: each has a pace of its own.
	foreign, told *told
	shortage      *rate.Limiter
}

// New makes a Server that does not listen yet.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:      cfg,
		origins:  newOrigins(cfg.Origins),
		streams:  newStreams(),
		metrics:  newMetrics(),
		told:     newTold(10*time.Second, 20),
		foreign:  newTold(10*time.Second, 20),
		shortage: rate.NewLimiter(rate.Every(time.Minute), 1),
	}
	s.descriptors.limit = descriptorLimit()
	s.setLimits(cfg.PerAddress)
	var err error
	if cfg.CertFile != "" {
		if s.certs, err = loadCerts(cfg.CertFile, cfg.KeyFile, cfg.Log); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
		}
	}
	if s.hosts, err = newHosts(cfg.Hosts, s.certs); err != nil {
		return nil, err
	}
	if s.trusted, err = newTrusted(cfg.TrustedProxies); err != nil {
		return nil, err
	}
	if s.cross, err = newCross(cfg.Origins); err != nil {
		return nil, err
	}
	if s.main, err = s.routes(); err != nil {
		return nil, err
	}
	if err = s.open(); err != nil {
		return nil, err
	}
	if err := s.collect(); err != nil {
		_ = errors.Join(s.mux.Close(), s.conns.Close(context.Background())) // they have no connections
		return nil, err
	}
	return s, nil
}

// open makes what has pollers.
func (s *Server) open() (err error) {
	s.mux, err = portmux.New(portmux.Config{
		Time:  s.cfg.HeaderTime,
		Admit: s.newConn,
		Gone:  func(conn *portmux.Conn) { s.crowd.leave(conn) },
		Log:   s.cfg.Log,
	})
	if err != nil {
		return err
	}
	if s.conns, err = wsconn.New(s.socketConfig()); err != nil {
		_ = s.mux.Close() // it has no connections
	}
	return err
}

// collect registers everybody's metrics.
func (s *Server) collect() error {
	s.metrics.registry.MustRegister(socketCollector{s.conns}, portCollector{s.mux})
	for _, c := range s.cfg.Collectors {
		if err := s.metrics.registry.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

// socketConfig is what wsconn is told; the count per address is given back
// there.
func (s *Server) socketConfig() wsconn.Config {
	c := s.cfg.Socket
	removed := c.Removed
	c.Removed = func(conn *wsconn.Conn) {
		s.giveSocket(conn.Source())
		if removed != nil {
			removed(conn)
		}
	}
	return c
}

// onLoopback reports whether nobody can reach us but this machine's own programs.
func (s *Server) onLoopback() bool { return s.listens.Load() > 0 && !s.exposed.Load() }

// Drain makes /readyz say that no new meetings are taken, and that the server ends
// in that time at the latest.
func (s *Server) Drain(in time.Duration) { s.drainEnd.Store(time.Now().Add(in).UnixNano()) }

// Shutdown stops to listen, lets requests finish, closes all WebSockets with
// 1001 and cuts what is left when ctx ends. It must be called once, also when
// Serve was never called.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain(0)
	s.stopping.Store(true)
	err := s.mux.Close()
	webs := s.webs.close()
	errs := make([]error, len(webs))
	var parts sync.WaitGroup
	for i, web := range webs {
		parts.Go(func() { errs[i] = shut(ctx, web) })
	}
	parts.Go(func() { s.streams.close(ctx) })
	err = errors.Join(err, s.conns.Close(ctx))
	parts.Wait()
	return errors.Join(append(errs, err)...)
}

// shut lets requests finish until ctx ends.
func shut(ctx context.Context, web *http.Server) error {
	if web.Shutdown(ctx) == nil {
		return nil
	}
	return web.Close()
}

// routes builds the whole tree of handlers.
func (s *Server) routes() (http.Handler, error) {
	mux := &routes{ServeMux: http.NewServeMux()}
	client, err := clientFor(s.cfg.Dev, s.cfg.Site)
	if err != nil {
		return nil, err
	}
	mux.Handle("/", method(http.MethodGet, s.pages(client)))
	mux.Handle("/healthz", method(http.MethodGet, s.healthz))
	mux.Handle("/readyz", method(http.MethodGet, s.readyz))
	mux.Handle("/metrics", method(http.MethodGet, s.guard(s.metrics.handler())))
	mux.Handle(reachPath, s.shared(method(http.MethodPost, s.reach)))
	mux.Handle("/api/v1/room", method(http.MethodGet, s.getRoom))
	mux.Handle("/api/v1/meetings", method(http.MethodGet, s.guard(s.getMeetings)))
	mux.Handle("/api/v1/meetings/{id}", method(http.MethodGet, s.guard(s.getMeeting)))
	mux.Handle("/api/v1/meetings/{id}/rating", s.shared(method(http.MethodPost, s.postRating)))
	mux.Handle("/api/v1/meetings/{id}/record", s.shared(method(http.MethodGet, s.getRecord)))
	mux.Handle("/api/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fail(w, refuse(http.StatusNotFound, codeNotFound, "there is no such address"))
	}))
	if s.cfg.Debug {
		mux.Handle("/debug/echo", s.guard(s.echo))
		s.profiles(mux)
	}
	for _, d := range s.cfg.Doors {
		if err := mux.open(d, s.enter(d)); err != nil {
			return nil, err
		}
	}
	return s.ruled(mux), nil
}

// ruled puts h under the rules that hold for all that is asked by HTTP.
func (s *Server) ruled(h http.Handler) http.Handler {
	inner := headers(s.cfg.FrameAncestors, s.certs != nil, s.proxiedShare(s.named(bounded(s.ownPages(h)))))
	return s.led(s.cfg.Site.below(s.identified(s.metrics.count(s.recovered(inner)))))
}

// newCross makes the rule about pages of other sites.
func newCross(origins []string) (*http.CrossOriginProtection, error) {
	cross := http.NewCrossOriginProtection()
	for _, o := range origins {
		if err := cross.AddTrustedOrigin(o); err != nil {
			return nil, err
		}
	}
	return cross, nil
}

// ownPages refuses what pages of other sites would change (CSRF), by the rule
// that also holds for the WebSocket where browsers name the page. What only asks
// how we would answer is let through.
func (s *Server) ownPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		named := len(r.Header["Origin"]) > 0 && s.origins.allow(r, visitorFrom(r))
		if r.URL.Path != reachPath && !named && s.cross.Check(r) != nil {
			s.metrics.refusedHTTP.WithLabelValues(codeOrigin).Inc()
			fail(w, refuse(http.StatusForbidden, codeOrigin, "pages of this origin may not do this"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bounded limits bodies.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}
