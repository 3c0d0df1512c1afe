package rtc

// remoteSession is a session as its remote sees it.
type remoteSession Session

func (o *remoteSession) fail(err error) { (*Session)(o).fail(err) }

func (o *remoteSession) start(f func()) {
	s := (*Session)(o)
	s.server.wg.Go(func() {
		defer s.server.contain("handshake", &s.remote)
		f()
	})
}

// keyed implements session. What was sent under the keys before, if there were
// any, was lost for a while.
func (o *remoteSession) keyed(again bool) {
	s := (*Session)(o)
	if again && s.ready.Load() {
		s.server.control(&s.remote, s.greetSeats)
	}
	s.checkConnected()
}

// selected implements session. What went to the flow before was lost for a while,
// more of it than repairs reach.
func (o *remoteSession) selected(restarted bool) {
	s := (*Session)(o)
	if restarted {
		s.ready.Store(false)
	}
	if s.ready.Load() {
		s.server.control(&s.remote, s.greetSeats)
	}
	s.checkConnected()
}
