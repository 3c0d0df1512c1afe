package rtc

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/rtc/nego"
	"parley/media/rtc/path"
)

// Session is one participant's connection: ICE, DTLS, the sources it sends
// and the seats it receives. All methods may be called from any goroutine and
// none waits for a worker.
type Session struct {
	publisher // what it sends
	id        string
	server    *Server
	// feedbackSSRC is what our own RTCP to the session's sources goes by.
	feedbackSSRC media.SSRC

	path     path.Peer
	keys     atomic.Pointer[path.Keys] // nil until the handshake is done
	movedAt  atomic.Int64              // when a move was last asked for
	state    atomic.Uint32             // sessionState
	ready    atomic.Bool               // MediaConnected was sent for this generation
	driven   atomic.Bool               // the owner looks after what is sent to it, see drive
	counts   sendCounts
	quality  quality
	outgoing atomic.Pointer[outgoing]

	// mu serialises Offer, Place, Vacate and Close and guards nego and ssrcs.
	mu    sync.Mutex
	nego  nego.State
	ssrcs nego.SSRCs // of what the session is sent
}

// sendCounts are the numbers that several workers hand out for packets to one
// session.
type sendCounts struct {
	transport atomic.Uint32 // transport-wide sequence number of the last packet
	// log has what was sent under these, nil until the peer first reports on it. The
	// owner makes it and lets go of it.
	log atomic.Pointer[media.SendLog]
}

type sessionState uint32

const (
	stateOpen sessionState = iota
	stateFailed
	stateClosed
)

// moving is the owner of sessions on their way from one worker to another. It
// handles nothing.
var moving = &worker{}

// Open answers an offer and starts a session, which must be closed. id is for
// logs only. Errors that are the offer's fault are *media.SDPError.
func (s *Server) Open(ctx context.Context, id string, offer Offer, events Events) (*Session, Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, Answer{}, err
	}
	sess := &Session{id: id, server: s}
	sess.up, sess.to = sess, events
	sess.feedbackSSRC = sess.ssrcs.Next()
	sess.path.Init(s.paths, (*pathOwner)(sess))
	sess.touch(s.clock.now())
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
	if !s.running() {
		return Answer{}, ErrClosed
	}
	return s.negotiateLocked(offer)
}

// CanDecode reports whether a seat takes what from sends for a source: the
// codec and its profile that came last or, before any packet, that we answered
// first. Each section of an offer has codecs of its own, so seats may differ.
func (s *Session) CanDecode(index int, from Publisher, source string) bool {
	seat, t := s.seat(index), from.publishing().track(source)
	if seat == nil || t == nil {
		return false
	}
	if t.kind == media.KindVideo {
		return seat.video.takes(t.sending())
	}
	return seat.audio.takes(t.sending())
}

// SeatCodecs returns the encoding names of the codecs that a seat takes for
// pictures; none if it is for sound only, or the client has stopped that half.
// H264 stands for its Constrained Baseline.
func (s *Session) SeatCodecs(index int) (names []string) {
	seat := s.seat(index)
	if seat == nil || seat.video == nil || seat.video.idle.Load() {
		return nil
	}
	for _, c := range seat.video.shape.Load().decoders {
		general := media.General(c.Codec)
		if name := c.Codec.String(); !slices.Contains(names, name) && seat.video.takes(&general) {
			names = append(names, name)
		}
	}
	return names
}

// SeatHears reports whether a seat takes sound: not if the client has stopped that
// half of it.
func (s *Session) SeatHears(index int) bool {
	seat := s.seat(index)
	return seat != nil && seat.audio != nil && !seat.audio.idle.Load()
}

// LastSeen is when the last authentic packet came in, or when the session was
// opened.
func (s *Session) LastSeen() time.Time { return s.server.clock.time(s.lastSeen()) }

// LastSent is when the last packet of what its seats carry was sent to the
// session's peer, zero if none was.
func (s *Session) LastSent() time.Time {
	var last int64
	if out := s.outgoing.Load(); out != nil {
		for _, st := range out.streams {
			last = max(last, st.sentAt.Load())
		}
	}
	if last == 0 {
		return time.Time{}
	}
	return s.server.clock.time(media.Instant(last))
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

// releaseLocked unlinks the session from everything. Workers may go on using
// what they hold until the end of their batch; nothing is reused after.
func (s *Session) releaseLocked() {
	s.state.Store(uint32(stateClosed))
	s.path.Close()
	if out := s.outgoing.Load(); out != nil {
		for _, seat := range out.seats {
			seat.unlink()
		}
	}
	if in := s.incoming.Load(); in != nil {
		for _, t := range in.tracks {
			t.close()
		}
	}
	s.server.remove(s)
}

// fail ends the session from within. The engine is told once; it closes it.
func (s *Session) fail(err error) {
	if !s.state.CompareAndSwap(uint32(stateOpen), uint32(stateFailed)) {
		return
	}
	s.server.log.Debug("media session failed", "participant", s.id, "error", err)
	s.server.remove(s) // nothing is left to expire
	s.server.events.send(event{to: s.to, kind: eventFailed, err: err}, s.server.stop)
}

func (s *Session) running() bool { return sessionState(s.state.Load()) == stateOpen }

func (s *Session) connected() bool { return s.keys.Load() != nil && s.path.Selected() != nil }

// checkConnected tells the engine once that ICE and DTLS are both done. It
// never waits: the queue's room is checked by the control goroutine.
func (s *Session) checkConnected() {
	if !s.connected() || !s.running() || !s.ready.CompareAndSwap(false, true) {
		return
	}
	queued := s.server.control(s, func() {
		s.server.events.send(event{to: s.to, kind: eventConnected}, s.server.stop)
		s.greetSeats()
	})
	if !queued {
		s.ready.Store(false) // expire tries again
	}
}
