package rtc

import (
	"parley/media"
	"parley/media/rtc/path"
)

// pathOwner is a session as its path sees it.
type pathOwner Session

// sessionOf returns the session that a path belongs to.
func sessionOf(p *path.Peer) *Session { return (*Session)(p.Owner().(*pathOwner)) }

// Running implements path.Owner.
func (o *pathOwner) Running() bool { return (*Session)(o).running() }

// Heard implements path.Owner.
func (o *pathOwner) Heard(now media.Instant) { (*Session)(o).touch(now) }

// Failed implements path.Owner.
func (o *pathOwner) Failed(err error) { (*Session)(o).fail(err) }

// Go implements path.Owner.
func (o *pathOwner) Go(f func()) {
	s := (*Session)(o)
	s.server.wg.Go(func() {
		defer s.server.contain("handshake", s)
		f()
	})
}

// Keyed implements path.Owner. What was sent under the keys before, if there
// were any, was lost for a while.
func (o *pathOwner) Keyed(k *path.Keys) {
	s := (*Session)(o)
	if again := s.keys.Swap(k) != nil; again && s.ready.Load() {
		s.server.control(s, s.greetSeats)
	}
	s.checkConnected()
}

// Selected implements path.Owner. What went to the flow before was lost for a
// while, more of it than repairs reach.
func (o *pathOwner) Selected(by path.Worker, restarted bool) {
	s := (*Session)(o)
	s.owner.CompareAndSwap(nil, (*worker)(by.(*pathWorker)))
	if restarted {
		s.ready.Store(false)
	}
	if s.ready.Load() {
		s.server.control(s, s.greetSeats)
	}
	s.checkConnected()
}
