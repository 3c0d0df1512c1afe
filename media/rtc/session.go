package rtc

import (
	"context"
	"sync"
	"sync/atomic"

	"parley/media/rtc/forward"
	"parley/media/rtc/nego"
)

// Session is one participant's connection: ICE, DTLS, the sources it sends
// and the seats it receives. All methods may be called from any goroutine and
// none waits for a worker.
type Session struct {
	remote // what the workers know of it
	id     string
	server *Server
	events teller
	state  atomic.Uint32 // sessionState
	ready  atomic.Bool   // MediaConnected was sent for this generation

	mu    sync.Mutex // serialises Offer and Close and guards what follows
	nego  nego.State
	ssrcs nego.SSRCs // of what the session is sent
}

// remote is embedded for its methods that say who sees whom: Place, Vacate and all
// that tells how it goes.
type remote = forward.Remote

// media is the remote as a session sees it.
func (s *Session) media() *forward.Control { return (*forward.Control)(&s.remote) }

type sessionState uint32

const (
	stateOpen sessionState = iota
	stateFailed
	stateClosed
)

// Open answers an offer and starts a session, which must be closed. id is for
// logs only. Errors that are the offer's fault are *media.SDPError.
func (s *Server) Open(ctx context.Context, id string, offer Offer, events Events) (*Session, Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, Answer{}, err
	}
	sess := &Session{id: id, server: s, events: s.teller(events)}
	sess.media().Init(s.group, (*owner)(sess), &sess.events, sess.ssrcs.Next())
	sess.mu.Lock()
	defer sess.mu.Unlock()
	answer, err := sess.negotiateLocked(offer)
	if err != nil {
		return nil, Answer{}, err
	}
	if err := s.add(sess); err != nil {
		sess.releaseLocked()
		return nil, Answer{}, err
	}
	return sess, answer, nil
}

// Offer renegotiates: sources and seats that come, go or get other codecs, an ICE
// restart; see the package's comment. What it leaves as it was keeps running, and
// all does if the offer is not taken. The DTLS identity can not change.
func (s *Session) Offer(ctx context.Context, offer Offer) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.media().Running() {
		return Answer{}, ErrClosed
	}
	return s.negotiateLocked(offer)
}

// Close ends the session and frees all it holds. It may be called twice.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sessionState(s.state.Swap(uint32(stateClosed))) == stateClosed {
		return
	}
	s.releaseLocked()
}

// releaseLocked unlinks the session from everything.
func (s *Session) releaseLocked() {
	s.state.Store(uint32(stateClosed))
	s.media().Release()
	s.server.remove(s)
}

// fail ends the session from within. The engine is told once; it closes it.
func (s *Session) fail(err error) {
	if !s.state.CompareAndSwap(uint32(stateOpen), uint32(stateFailed)) {
		return
	}
	s.media().End()
	s.server.config.Log.Debug("media session failed", "participant", s.id, "error", err)
	s.server.remove(s) // nothing is left to expire
	s.events.Failed(err)
}

// checkConnected tells the engine once that ICE and DTLS are both done. It
// never waits: the queue's room is checked by the control goroutine.
func (s *Session) checkConnected() {
	if m := s.media(); !m.Connected() || !m.Running() || !s.ready.CompareAndSwap(false, true) {
		return
	}
	queued := s.server.control(s, func() {
		s.events.connected()
		s.media().Greet()
	})
	if !queued {
		s.ready.Store(false) // expire tries again
	}
}
