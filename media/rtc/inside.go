package rtc

import "net/netip"

// FeedOptions say what a feed sends.
type FeedOptions struct {
	// Sources are what it sends, each once; their payload types tell packets
	// apart.
	Sources []FeedSource
	// Events is told who speaks, and what is wrong with a source; nil for nobody.
	Events Events
	// Queue is how many packets may wait for the worker; 0 means 512. Each takes
	// 1.5 KiB while it waits.
	Queue int
}

// OpenFeed makes a feed, which must be closed. Errors: ErrFeed, ErrClosed.
func (s *Server) OpenFeed(o FeedOptions) (*Feed, error) {
	if o.Events == nil {
		o.Events = untold{}
	}
	to := s.teller(o.Events)
	return s.group.OpenFeed(o.Sources, o.Queue, &to)
}

// OpenTap makes a tap that carries nothing yet, and must be closed.
func (s *Server) OpenTap(o TapOptions) (*Tap, error) { return s.group.OpenTap(o) }

// Attach makes a connection one more way to the server, from a remote address.
func (s *Server) Attach(out PacketOut, remote netip.AddrPort) *Link {
	return s.group.Attach(out, remote)
}

// untold is the Events of who wants to hear nothing.
type untold struct{}

func (untold) MediaConnected()                          {}
func (untold) MediaFailed(error)                        {}
func (untold) MediaSpeaking(bool, int)                  {}
func (untold) MediaLayer(int, string, int, int, string) {}
func (untold) MediaLimited(string, uint64)              {}
func (untold) MediaMuted(string)                        {}
func (untold) MediaProblem(string)                      {}
