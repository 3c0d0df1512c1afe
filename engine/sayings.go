package engine

import (
	"net/netip"
	"slices"
	"time"

	"parley/engine/wire"
)

// maxSaying bounds the texts of one room that wait for the disk, and those who
// wait for them.
const maxSaying = 256

// sayings are the texts of a room that are on their way to disk, and the requests
// that wait to hear of them. A text outlives its requests: who has waited long
// enough is told that nobody knows, and may ask again. The zero sayings are ready
// for use.
type sayings struct {
	texts map[sayingKey]*saying
	asks  []ask // oldest first
}

// sayingKey is what makes a text the same text.
type sayingKey struct{ identity, key string }

// saying is one text on its way to disk.
type saying struct {
	key  sayingKey
	from netip.Addr
}

// ask is a request that waits for a text.
type ask struct {
	text   *saying
	signal *Signal
	reqID  int64
	dueBy  time.Time
}

// unknown answers that nobody knows yet.
func (a ask) unknown() {
	a.signal.refuse(a.reqID, wire.CodeUnknownOutcome, "the text is not on disk yet; it may be said later, the same key settles it")
}

// full reports whether there is no place for another request, of a text that is on
// its way or of a new one.
func (s *sayings) full(known bool) bool {
	return len(s.asks) >= maxSaying || !known && len(s.texts) >= maxSaying
}

// ask adds a request, and its text if that is new.
func (s *sayings) ask(a ask) {
	if s.texts == nil {
		s.texts = make(map[sayingKey]*saying)
	}
	s.texts[a.text.key] = a.text
	s.asks = append(s.asks, a)
}

// decided takes a text out: what becomes of it is known. Its requests stay until
// they are answered.
func (s *sayings) decided(w *saying) {
	if s.texts[w.key] == w {
		delete(s.texts, w.key)
	}
}

// of takes out the requests of a text.
func (s *sayings) of(w *saying) []ask { return s.take(func(a ask) bool { return a.text == w }) }

// overdue takes out those who have waited long enough.
func (s *sayings) overdue(now time.Time) []ask {
	return s.take(func(a ask) bool { return !now.Before(a.dueBy) })
}

// abandon answers those of a connection that ends, and takes them out.
func (s *sayings) abandon(signal *Signal) {
	for _, a := range s.take(func(a ask) bool { return a.signal == signal }) {
		a.unknown()
	}
}

// forget takes out those of a connection that is gone.
func (s *sayings) forget(signal *Signal) {
	s.take(func(a ask) bool { return a.signal == signal })
}

func (s *sayings) take(these func(ask) bool) (out []ask) {
	s.asks = slices.DeleteFunc(s.asks, func(a ask) bool {
		mine := these(a)
		if mine {
			out = append(out, a)
		}
		return mine
	})
	return out
}
