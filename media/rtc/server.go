package rtc

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media/rtc/path"
)

// Server is the packet side of a Parley process: its sockets, workers and
// sessions. All methods may be called from any goroutine.
type Server struct {
	group  // the workers
	config Config
	binder *binder
	events *dispatcher
	// candidates are the addresses that answers name; replaced as a whole.
	candidates atomic.Pointer[[]netip.AddrPort]

	// mu guards sessions and closed.
	mu       sync.Mutex
	sessions map[*Session]struct{}
	closed   bool

	// jobs is the control queue; see control.
	jobs    chan job
	binding sync.WaitGroup // until no worker is added any more
	wg      sync.WaitGroup
}

// Listen opens the sockets and starts the workers.
func Listen(c Config) (*Server, error) {
	s, err := open(c)
	if err != nil {
		return nil, err
	}
	s.run()
	return s, nil
}

// run starts the goroutines, which Close ends. Besides the workers there are three,
// for each waits for what the others must not wait for: control for room among the
// events, handovers for workers' batches and for sessions that are being
// negotiated, events for the engine. One of them would let a slow engine keep a
// moved session from its worker, or wait for itself. The binder's ends when all
// addresses are bound.
func (s *Server) run() {
	startWorkers(s.workers())
	s.binding.Go(func() { s.binder.run(s.config.bindAgain) })
	s.wg.Go(s.runControl)
	s.wg.Go(s.runHandovers)
	s.wg.Go(func() { s.events.run(s.deliver) })
}

// open makes a server whose goroutines do not run yet.
func open(c Config) (*Server, error) {
	c.setDefaults()
	s := &Server{config: c, sessions: make(map[*Session]struct{}), jobs: make(chan job, 1024)}
	s.group.init(c.Log, newSourceRate(c.SourceRate))
	s.onControl = s.control
	s.candidates.Store(new([]netip.AddrPort))
	s.binder = &binder{server: s, bound: make(map[netip.AddrPort]bool), failed: make(map[netip.AddrPort]bool)}
	var err error
	if s.paths, err = path.NewHost(s.clock.now, c.handshakeTime); err != nil {
		return nil, err
	}
	s.events = newDispatcher(&s.drops[dropEvent], s.stop)
	if err := s.binder.open(); err != nil {
		s.closeSockets()
		return nil, err
	}
	return s, nil
}

// Close ends all sessions without telling anyone and stops the workers. It
// returns when every goroutine has ended.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	for _, sess := range s.all() {
		sess.Close()
	}
	s.inside.close()
	close(s.stop)
	s.binding.Wait()
	s.closeSockets()
	s.group.wait()
	s.wg.Wait()
	return nil
}

// job is work for the control goroutine that is about one party, which fails
// if the work panics.
type job struct {
	of  party
	run func()
}

// control runs f on the control goroutine: work that takes locks or waits,
// for callers that must do neither. It reports false if the queue is full.
func (s *Server) control(of party, f func()) bool {
	select {
	case s.jobs <- job{of, f}:
		return true
	default:
		s.drops[dropCommand].Add(1)
		return false
	}
}

// sweepEvery is how often workers look through their flows for sessions that
// ended while their command queue was full.
const sweepEvery = time.Minute

// runControl runs jobs and, once a second, ends the sessions that fell silent
// and judges the pictures of the others. It is one goroutine for the whole
// server.
func (s *Server) runControl() {
	tick, sweep := time.NewTicker(time.Second), time.NewTicker(sweepEvery)
	defer tick.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-s.stop:
			return
		case j := <-s.jobs:
			s.runJob(j)
		case <-tick.C:
			s.runJob(job{run: s.expire})
		case <-sweep.C:
			s.sweep()
		}
	}
}

func (s *Server) runJob(j job) {
	defer s.contain("control", j.of)
	j.run()
}

// deliver calls the engine.
func (s *Server) deliver(e event) {
	defer s.contain("event", nil)
	e.deliver()
}

// expire fails the sessions from which nothing authentic came for too long, and
// those that have an address but were not connected in time. The others are
// looked after.
func (s *Server) expire() {
	now := s.clock.now()
	for _, sess := range s.all() {
		switch {
		case sess.lastSeen() < now.Add(-s.config.Timeout):
			sess.fail(ErrTimeout)
		case sess.ready.Load():
			sess.lookAfter(now)
		case sess.connected():
			sess.checkConnected() // the control queue was full
		default:
			if err := sess.path.Overdue(now); err != nil {
				sess.fail(err)
			}
		}
	}
	feeds, _ := s.inside.all()
	for _, f := range feeds {
		f.lookAfter(now)
	}
}

// all returns the sessions there are now.
func (s *Server) all() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}

// add registers a session to be ended with the server, unless that is closed.
func (s *Server) add(sess *Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("media server: %w", ErrClosed)
	}
	s.sessions[sess] = struct{}{}
	return nil
}

func (s *Server) remove(sess *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sess)
}
