package rtc

import (
	"fmt"
	"log/slog"
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
	config     Config
	log        *slog.Logger
	clock      clock
	sourceRate sourceRate
	network    atomic.Pointer[network]
	binder     *binder
	paths      *path.Host
	events     *dispatcher
	links      atomic.Uint32 // that were ever attached
	// drops are those that no worker counts.
	drops [dropCount]atomic.Uint64

	fed atomic.Uint64 // feeds that were opened, to spread them

	// mu guards sessions, feeds, taps and closed.
	mu       sync.Mutex
	sessions map[*Session]struct{}
	feeds    map[*Feed]struct{}
	taps     map[*Tap]struct{}
	closed   bool

	// jobs is the control queue; see control.
	jobs      chan job
	handovers *handovers
	stop      chan struct{}
	binding   sync.WaitGroup // until no worker is added any more
	wg        sync.WaitGroup
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
	s.wg.Go(func() { s.events.run(s.stop, s.deliver) })
}

// startWorkers starts workers that are published already: quiesce must not miss
// one that holds a table.
func startWorkers(group []*worker) {
	for _, w := range group {
		go w.runLoop()
	}
}

// open makes a server whose goroutines do not run yet.
func open(c Config) (*Server, error) {
	c.setDefaults()
	s := &Server{
		config: c, log: c.Log, clock: newClock(), sourceRate: newSourceRate(c.SourceRate),
		sessions: make(map[*Session]struct{}), feeds: make(map[*Feed]struct{}), taps: make(map[*Tap]struct{}),
		jobs: make(chan job, 1024), handovers: newHandovers(),
		stop: make(chan struct{}),
	}
	s.network.Store(&network{})
	s.binder = &binder{server: s, bound: make(map[netip.AddrPort]bool), failed: make(map[netip.AddrPort]bool)}
	var err error
	if s.paths, err = path.NewHost(s.clock.now, c.handshakeTime); err != nil {
		return nil, err
	}
	s.events = newDispatcher(&s.drops[dropEvent])
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
	feeds, taps := s.inside()
	for _, f := range feeds {
		f.Close()
	}
	for _, t := range taps {
		t.Close()
	}
	close(s.stop)
	s.binding.Wait()
	s.closeSockets()
	for _, w := range s.workers() {
		<-w.done
	}
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
			for _, w := range s.workers() {
				w.post(command{kind: cmdSweep})
			}
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
			sess.lookAfter(now, s.events)
		case sess.connected():
			sess.checkConnected() // the control queue was full
		default:
			if err := sess.path.Overdue(now); err != nil {
				sess.fail(err)
			}
		}
	}
	feeds, _ := s.inside()
	for _, f := range feeds {
		f.lookAfter(now, s.events)
	}
}

// all returns the sessions there are now.
func (s *Server) all() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}

// add, addFeed and addTap register who is to be ended with the server, unless it
// is closed.
func (s *Server) add(sess *Session) error { return register(s, s.sessions, sess) }
func (s *Server) addFeed(f *Feed) error   { return register(s, s.feeds, f) }
func (s *Server) addTap(t *Tap) error     { return register(s, s.taps, t) }

func register[K comparable](s *Server, in map[K]struct{}, k K) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("media server: %w", ErrClosed)
	}
	in[k] = struct{}{}
	return nil
}

func (s *Server) remove(sess *Session) { unregister(s, s.sessions, sess) }
func (s *Server) removeFeed(f *Feed)   { unregister(s, s.feeds, f) }
func (s *Server) removeTap(t *Tap)     { unregister(s, s.taps, t) }

func unregister[K comparable](s *Server, in map[K]struct{}, k K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(in, k)
}

// inside returns the feeds and taps there are now.
func (s *Server) inside() ([]*Feed, []*Tap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.feeds)), slices.Collect(maps.Keys(s.taps))
}
