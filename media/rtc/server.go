package rtc

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media/rtc/forward"
)

// Server is the packet side of a Parley process: its sockets, workers and
// sessions. All methods may be called from any goroutine.
type Server struct {
	group  *forward.Group // the workers
	config Config
	binder *binder
	events *dispatcher
	// candidates are the addresses that answers name; replaced as a whole.
	candidates atomic.Pointer[[]netip.AddrPort]

	// mu guards sessions and closed.
	mu       sync.Mutex
	sessions map[*Session]struct{}
	closed   bool

	// jobs is the control queue, see control; refused those it had no room for.
	jobs    chan job
	refused atomic.Uint64
	stop    chan struct{}
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

// run starts the goroutines, which Close ends. Besides the group's there are two,
// for each waits for what the others must not wait for: control for room among the
// events, events for the engine. One of them would let a slow engine keep a
// moved session from its worker, or wait for itself. The binder's ends when all
// addresses are bound.
func (s *Server) run() {
	s.group.Start()
	s.binding.Go(func() { s.binder.run(s.config.bindAgain) })
	s.wg.Go(s.runControl)
	s.wg.Go(func() { s.events.run(s.deliver) })
}

// open makes a server whose goroutines do not run yet.
func open(c Config) (*Server, error) {
	c.setDefaults()
	s := &Server{config: c, sessions: make(map[*Session]struct{}), jobs: make(chan job, 1024), stop: make(chan struct{})}
	var err error
	if s.group, err = forward.New(forward.Config{
		Log: c.Log, SourceRate: c.SourceRate, HandshakeTime: c.handshakeTime,
		OnControl: func(f func()) bool { return s.queue(job{run: f}) },
	}); err != nil {
		return nil, err
	}
	s.candidates.Store(new([]netip.AddrPort))
	s.binder = &binder{server: s, bound: make(map[netip.AddrPort]bool), failed: make(map[netip.AddrPort]bool)}
	s.events = newDispatcher(s.stop)
	if err := s.binder.open(); err != nil {
		s.group.Close()
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
	close(s.stop)
	s.binding.Wait()
	s.group.Close()
	s.wg.Wait()
	return nil
}

// job is work for the control goroutine. fail ends whom it is about, if it panics;
// nil for nobody.
type job struct {
	run  func()
	fail func(error)
}

// control runs f, which is about a session, on the control goroutine: work that
// takes locks or waits, for callers that must do neither. It reports false if the
// queue is full.
func (s *Server) control(of *Session, f func()) bool {
	queued := s.queue(job{f, of.fail})
	if !queued {
		s.refused.Add(1)
	}
	return queued
}

func (s *Server) queue(j job) bool {
	select {
	case s.jobs <- j:
		return true
	default:
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
			s.group.Sweep()
		}
	}
}

func (s *Server) runJob(j job) {
	defer s.group.Contain("control", j.fail)
	j.run()
}

// deliver calls the engine.
func (s *Server) deliver(e event) {
	defer s.group.Contain("event", nil)
	e.deliver()
}

// expire fails the sessions from which nothing authentic came for too long, and
// those that have an address but were not connected in time. The others are
// looked after.
func (s *Server) expire() {
	now := s.group.Now()
	for _, sess := range s.all() {
		m := sess.media()
		switch {
		case m.Silent(now.Add(-s.config.Timeout)):
			sess.fail(ErrTimeout)
		case sess.ready.Load():
			m.LookAfter(now)
		case m.Connected():
			sess.checkConnected() // the control queue was full
		default:
			if err := m.Path().Overdue(now); err != nil {
				sess.fail(err)
			}
		}
	}
	s.group.LookAfterFeeds()
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
