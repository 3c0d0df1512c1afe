package rtc

import "parley/media/rtc/forward"

// Figures are a server's counters since its start.
type Figures struct {
	forward.Figures
	Sessions int
	// Connected is how many sessions have keys and an address.
	Connected int
}

// What control does not get done, among the reasons of Figures.Drops.
const (
	dropCommand = "command_full" // too many jobs wait, or commands of workers
	dropEvent   = "event_full"   // the engine did not take an event in time
)

// Figures returns the counters. It may be called at any time; workers do not
// notice.
func (s *Server) Figures() Figures {
	f := Figures{Figures: s.group.Figures()}
	f.Drops[dropCommand] += s.refused.Load()
	f.Drops[dropEvent] = s.events.dropped.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Sessions = len(s.sessions)
	for sess := range s.sessions {
		if sess.media().Connected() {
			f.Connected++
		}
		f.Count(sess.media())
	}
	return f
}
