package engine

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parley/actors"
	"parley/engine/wire"
)

// ConnInfo is what a transport knows about a connection.
type ConnInfo struct {
	// Addr is the client's address, for limits; the zero Addr has none.
	Addr netip.Addr
	// Principal is who it comes from, for the Authority.
	Principal Principal
}

// Signal is the engine's side of one signalling connection. Its transport
// calls OnText, or OnRequest where it speaks something else than JSON, and OnClose,
// from one goroutine at a time. Before a join it costs no goroutine.
//
//	          join, resume             taken
//	fresh ───────────────▶ pending ──────────▶ bound
//	  ▲                       │ refused          │ leave, bye, OnClose
//	  └───────────────────────┘                  ▼
//	  └──────────── bye, OnClose ────────────▶ closed
type Signal struct {
	env     *env
	number  uint64 // tells connections apart
	conn    Conn
	info    ConnInfo
	limiter *rate.Limiter
	offers  *rate.Limiter // nil before the first; see offerlimit.go

	mu        sync.Mutex // guards the rest
	state     connState
	member    actors.Ref[participantMsg] // while bound
	media     MediaSession               // of the member, nil without; for ping only
	deadline  *time.Timer                // ends a connection that does not join
	asked     context.CancelFunc         // ends what the Authority is asked about it; nil: nothing
	refusals  int                        // in the window
	windowEnd time.Time
}

// refusalWindow is the time Limits.Refusals counts within.
const refusalWindow = 10 * time.Second

func newSignal(e *env, conn Conn, info ConnInfo) *Signal {
	s := &Signal{
		env: e, number: e.meters.accepted.Add(1), conn: conn, info: info,
		limiter: rate.NewLimiter(e.limits.MessageRate, e.limits.MessageBurst),
	}
	e.meters.connections.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = time.AfterFunc(e.times.Join, s.expire)
	return s
}

// OnText takes one text message. It does not keep data and does not block.
func (s *Signal) OnText(data []byte) {
	now := time.Now()
	if wait := s.takeMessage(now); wait > 0 {
		s.refuseFor(wait, wire.PeekID(data), wire.CodeRateLimited, tooManyMessages)
		return
	}
	if wait := s.takeUnread(len(data), now); wait > 0 {
		s.refuseOver("offers", wait, wire.PeekID(data), tooManyOffers)
		return
	}
	req, err := wire.ParseRequest(data)
	if err != nil {
		s.refuseUnread(err)
		return
	}
	s.take(req, len(data), now)
}

// OnRequest takes one request of a door that has made it of something else than
// JSON, within the same limits and in the same order. It does not block; req is the
// engine's from now on.
func (s *Signal) OnRequest(req wire.Request) {
	now := time.Now()
	if wait := s.takeMessage(now); wait > 0 {
		s.refuseFor(wait, req.RequestID(), wire.CodeRateLimited, tooManyMessages)
		return
	}
	size, err := wire.CheckRequest(req)
	if err != nil {
		s.refuseUnread(err)
		return
	}
	if wait := s.takeUnread(size, now); wait > 0 {
		s.refuseOver("offers", wait, req.RequestID(), tooManyOffers)
		return
	}
	s.take(req, size, now)
}

const tooManyMessages = "too many messages"

// takeMessage counts a message, whatever is in it.
func (s *Signal) takeMessage(now time.Time) (wait time.Duration) {
	if wait = take(s.limiter, now); wait > 0 {
		s.env.meters.limited.add("messages")
	}
	return wait
}

// refuseUnread answers what is no request that can be taken.
func (s *Signal) refuseUnread(err error) {
	var bad *wire.RequestError
	if errors.As(err, &bad) {
		s.refuse(bad.ID, bad.Code, bad.Message)
	}
}

// take does what every request goes through, as its row of actions says. size is
// what it took on the wire.
func (s *Signal) take(req wire.Request, size int, now time.Time) {
	id := req.RequestID()
	a, known := actions[req.RequestType()]
	if !known {
		s.refuse(id, wire.CodeUnknownType, "nobody handles it")
		return
	}
	if wait := s.takeRead(size, req, a.limit, now); wait > 0 {
		s.refuseOver("offers", wait, id, tooManyOffers)
		return
	}
	member, code := s.enter(a.when)
	if code != "" {
		s.refuse(id, code, "not in this state")
		return
	}
	if wait, ok := s.takeJoin(a.limit, now); !ok {
		s.refuseJoin(id, overLimit("joins", "too many joins from this address"), wait)
		return
	}
	if a.do.signal == nil {
		s.forward(member, req)
		return
	}
	a.do.signal(s, req, now)
}

// pong answers a ping, here and at once: a participant may be making an answer.
func (s *Signal) pong(req *wire.Ping, now time.Time) {
	s.mu.Lock()
	session := s.media
	s.mu.Unlock()
	ok := wire.OKTo(req.ID)
	if session != nil {
		if last := session.LastSent(); !last.IsZero() {
			ago := max(0, now.Sub(last).Milliseconds())
			ok.SentMS = &ago
		}
	}
	s.reply(ok)
}

// carries tells the connection whose media it is asked about.
func (s *Signal) carries(session MediaSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.media = session
}

// OnClose tells that the connection is gone. It may be called twice.
func (s *Signal) OnClose() {
	s.mu.Lock()
	was, member := s.state, s.member
	s.state = connClosed
	s.deadline.Stop()
	s.mu.Unlock()
	if was == connBound {
		s.tellLost(member)
	}
	s.uncount(was)
}

func (s *Signal) tellLost(member actors.Ref[participantMsg]) {
	// The mailbox keeps room for this: client messages fill only half of it.
	_ = member.Tell(signalLost{s}, actors.Coalesce(actors.Key{Class: keySignalLost, ID: s.number}))
}

// uncount runs when the state became closed; was is the state before.
func (s *Signal) uncount(was connState) {
	if was != connClosed {
		s.env.meters.connections.Add(-1)
		s.stopAsking()
	}
}

// asking says what ends the question that is asked about the connection, nil when
// it is answered. It reports false if the connection is gone.
func (s *Signal) asking(end context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = end
	return s.state != connClosed
}

func (s *Signal) stopAsking() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != nil {
		s.asked()
	}
}

// enter checks that a request is legal now. For a join or resume it enters
// pending, for others it returns whom to forward to.
func (s *Signal) enter(when order) (actors.Ref[participantMsg], wire.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := when.refuses(s.state)
	if code == "" && when == entering {
		s.state = connPending
	}
	return s.member, code
}

// takeJoin counts a request against its address's joins, if it is one of them.
func (s *Signal) takeJoin(l limit, now time.Time) (wait time.Duration, ok bool) {
	if l&limitJoins == 0 {
		return 0, true
	}
	if wait, ok = s.env.joins.AllowN(s.info.Addr, now, 1); !ok {
		s.env.meters.limited.add("joins")
	}
	return wait, ok
}

func (s *Signal) join(req *wire.Join, _ time.Time) {
	if len(req.Seats) > s.env.limits.Seats {
		s.refuseJoin(req.ID, refuse(wire.CodeTooManySeat, "more seats than the server gives"), 0)
		return
	}
	if int(s.env.meters.participants.Load()) >= s.env.limits.Participants {
		s.refuseJoin(req.ID, refuse(wire.CodeServerFull, "the server is full"), 0)
		return
	}
	switch s.env.registry.Tell(joinRoom{signal: s, req: req}, actors.Drop) {
	case nil:
	case actors.ErrFull:
		s.refuseJoin(req.ID, refuse(wire.CodeServerFull, "too many joins at once"), time.Second)
	default:
		s.refuseJoin(req.ID, refuse(wire.CodeDraining, "the server stops"), 0)
	}
}

func (s *Signal) resume(req *wire.Resume, _ time.Time) {
	token, ok := parseToken(req.Token)
	if !ok {
		s.refuseResume(req.ID)
		return
	}
	if s.env.registry.Tell(resumeSession{s, req, token}, actors.Drop) != nil {
		s.refuseResume(req.ID)
	}
}

func (s *Signal) forward(member actors.Ref[participantMsg], req wire.Request) {
	if member.Depth() >= participantMailbox/2 {
		s.refuseFor(time.Second, req.RequestID(), wire.CodeRateLimited, "busy")
		return
	}
	switch err := member.Tell(clientRequest{s, req}, actors.Drop); err {
	case nil:
	case actors.ErrFull:
		s.refuseFor(time.Second, req.RequestID(), wire.CodeRateLimited, "busy")
	default:
		s.refuse(req.RequestID(), wire.CodeNotJoined, "the session is over")
	}
}

// bind makes the connection speak for a participant. It reports false if the
// connection is gone already.
func (s *Signal) bind(member actors.Ref[participantMsg]) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != connPending {
		return false
	}
	s.state, s.member = connBound, member
	s.deadline.Stop()
	return true
}

// refuseJoin refuses a join and lets the client try again.
func (s *Signal) refuseJoin(id int64, err error, wait time.Duration) {
	code := CodeOf(err)
	s.env.meters.joins.code(code)
	s.release()
	e := wire.ErrorTo(id, code, developerText(err))
	e.Limit = limitOf(err)
	s.refuseWith(wait, e)
}

func (s *Signal) refuseResume(id int64) {
	s.env.meters.resumes.code(wire.CodeResumeGone)
	s.release()
	s.refuse(id, wire.CodeResumeGone, "the session is over, join anew")
}

// release takes a pending connection back to fresh.
func (s *Signal) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == connPending {
		s.state = connFresh
	}
}

func (s *Signal) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state != connClosed
}

// send queues a frame that others may share.
func (s *Signal) send(f *wire.Frame) {
	s.env.meters.frames.Add(1)
	s.conn.Send(f)
}

func (s *Signal) reply(m wire.Message) { s.send(wire.FrameOf(m)) }

func (s *Signal) ok(id int64) { s.reply(wire.OKTo(id)) }

func (s *Signal) refuse(id int64, code wire.Code, message string) { s.refuseFor(0, id, code, message) }

// refuseFor refuses a request, with the time after which trying again makes
// sense.
func (s *Signal) refuseFor(wait time.Duration, id int64, code wire.Code, message string) {
	s.refuseWith(wait, wire.ErrorTo(id, code, message))
}

// refuseOver refuses a request because the limit of that name is reached.
func (s *Signal) refuseOver(limit string, wait time.Duration, id int64, message string) {
	e := wire.ErrorTo(id, wire.CodeRateLimited, message)
	e.Limit = limit
	s.refuseWith(wait, e)
}

// refuseWith answers with e. A connection that collects too many refusals is
// ended.
func (s *Signal) refuseWith(wait time.Duration, e *wire.Error) {
	s.env.meters.errors.code(e.Code)
	if wait > 0 {
		e.RetryAfterMS = max(1, wait.Milliseconds())
	}
	if s.tooManyRefusals(time.Now()) {
		s.reply(e)
		s.abort(wire.CodeRateLimited, "too many refused messages")
		return
	}
	if s.alive() {
		s.reply(e)
	}
}

func (s *Signal) tooManyRefusals(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.After(s.windowEnd) {
		s.refusals, s.windowEnd = 0, now.Add(refusalWindow)
	}
	s.refusals++
	return s.refusals == s.env.limits.Refusals && s.state != connClosed
}

// expire ends a connection that did not join in time.
func (s *Signal) expire() {
	s.mu.Lock()
	waiting := s.state == connFresh || s.state == connPending
	s.mu.Unlock()
	if waiting {
		s.bye(wire.NewBye(wire.CodeTimeout, "no join in time"))
	}
}

// abort ends a connection for its own fault: its participant is as if the
// socket had been lost.
func (s *Signal) abort(code wire.Code, message string) {
	s.mu.Lock()
	was, member := s.state, s.member
	s.mu.Unlock()
	s.bye(wire.NewBye(code, message))
	if was == connBound {
		s.tellLost(member)
	}
}

// bye ends the connection with a last message. Only the first end counts.
func (s *Signal) bye(b *wire.Bye) {
	if s.finish() {
		s.env.meters.byes.code(b.Code)
		s.reply(b)
		s.conn.Close(wire.CloseStatus(b.Code), string(b.Code))
	}
}

// leave ends the connection after the reply to a leave.
func (s *Signal) leave(m wire.Message) {
	if s.finish() {
		s.reply(m)
		s.conn.Close(wire.StatusNormal, "left")
	}
}

// finish enters closed and reports whether it was not.
func (s *Signal) finish() bool {
	s.mu.Lock()
	was := s.state
	s.state = connClosed
	s.deadline.Stop()
	s.mu.Unlock()
	s.uncount(was)
	return was != connClosed
}
