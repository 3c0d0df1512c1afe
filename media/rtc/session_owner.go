package rtc

// owner is a session as its remote sees it, a forward.Owner.
type owner Session

// Failed implements forward.Owner.
func (o *owner) Failed(err error) { (*Session)(o).fail(err) }

// Go implements forward.Owner.
func (o *owner) Go(f func()) {
	s := (*Session)(o)
	s.server.wg.Go(func() {
		defer s.server.group.Contain("handshake", s.fail)
		f()
	})
}

// Keyed implements forward.Owner. What was sent under the keys before, if there were
// any, was lost for a while.
func (o *owner) Keyed(again bool) {
	s := (*Session)(o)
	if again && s.ready.Load() {
		s.server.control(s, s.media().Greet)
	}
	s.checkConnected()
}

// Selected implements forward.Owner. What went to the flow before was lost for a while,
// more of it than repairs reach.
func (o *owner) Selected(restarted bool) {
	s := (*Session)(o)
	if restarted {
		s.ready.Store(false)
	}
	if s.ready.Load() {
		s.server.control(s, s.media().Greet)
	}
	s.checkConnected()
}
