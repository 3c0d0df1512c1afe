package rtc

import "runtime/debug"

// contain ends a panic on a goroutine that others depend on: it is counted
// and logged, and the session it was about, if any, fails. To be deferred.
func (s *Server) contain(during string, sess *Session) {
	r := recover()
	if r == nil {
		return
	}
	s.drops[dropPanic].Add(1)
	s.log.Error("media goroutine panicked", "during", during, "panic", r, "stack", string(debug.Stack()))
	if sess != nil {
		sess.fail(ErrPanicked)
	}
}
