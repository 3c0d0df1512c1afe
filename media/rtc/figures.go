package rtc

// Figures are a server's counters since its start.
type Figures struct {
	Workers  []WorkerFigures
	Sessions int
	// Connected is how many sessions have keys and an address.
	Connected int
	// Tracks is how many sources are being received.
	Tracks int
	// Problems is how many pictures that are on do not come, by problem; every
	// one is present.
	Problems map[string]int
	// Drops are datagrams, or packets to one subscriber, by reason. Every
	// reason is present.
	Drops map[string]uint64
	// GSO reports whether every socket sends runs as one message.
	GSO bool
}

// Figures returns the counters. It may be called at any time; workers do not
// notice.
func (s *Server) Figures() Figures {
	f := Figures{Drops: make(map[string]uint64), Problems: make(map[string]int), GSO: true}
	for _, w := range s.workers() {
		f.Workers = append(f.Workers, w.figures())
		f.GSO = f.GSO && w.sock.GSO()
	}
	s.countDrops(f.Drops)
	noProblems(f.Problems)
	s.mu.Lock()
	f.Sessions = len(s.sessions)
	for sess := range s.sessions {
		if sess.connected() {
			f.Connected++
		}
		f.Tracks += sess.activeTracks()
		sess.countProblems(f.Problems)
	}
	s.mu.Unlock()
	feeds, _ := s.inside.all()
	for _, feed := range feeds {
		f.Tracks += feed.activeTracks()
		feed.countProblems(f.Problems)
	}
	return f
}
