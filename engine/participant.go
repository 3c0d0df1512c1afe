package engine

import (
	"time"

	"golang.org/x/time/rate"

	"parley/actors"
	"parley/engine/access"
	"parley/engine/wire"
)

const participantMailbox = 128

// controlWait is how long a participant waits to hand its room something that
// must not be lost.
const controlWait = 5 * time.Second

// participantState is the actor of one participant, a child of its room. It
// owns the media session and knows which connection speaks for it; the room
// owns all that others can see. It does what takes time (answering offers), so
// that the room need not.
type participantState struct {
	env  *env
	id   string
	room actors.Ref[roomMsg]
	join *wire.Join // until Init is done

	may     access.Right
	signal  *Signal // who speaks for it, also when lost
	away    *awayState
	chats   *rate.Limiter
	shows   *rate.Limiter
	session MediaSession // nil without media
	events  mediaEvents
	// watched is the room's, pictures what this one's seats take.
	watched  *watched
	pictures pictureSeats
}

// spawnParticipant starts the participant of a join; its first message to the
// room is mediaOpened.
func spawnParticipant(ctx *actors.Context[roomMsg], e *env, seen *watched, m *member, s *Signal, join *wire.Join) (actors.Ref[participantMsg], error) {
	room, id, may := ctx.Self(), m.id, m.may // the member is the room's
	return actors.Spawn(ctx, actors.Spec[participantMsg]{
		Kind: "participant", Name: id, Mailbox: participantMailbox,
		New: func() actors.Handler[participantMsg] {
			p := &participantState{
				env: e, id: id, room: room, join: join, may: may, signal: s, watched: seen,
				chats: rate.NewLimiter(e.limits.ChatRate, e.limits.ChatBurst),
				shows: rate.NewLimiter(e.limits.ShowRate, e.limits.ShowBurst),
			}
			join = nil // this function lives as long as the actor; an offer is 30 KB
			return p
		},
	})
}

// Init opens the media session.
func (p *participantState) Init(ctx *actors.Context[participantMsg]) error {
	p.events = mediaEvents{room: p.room, self: ctx.Self(), id: p.id, number: ctx.Self().ID()}
	join := p.join
	p.join = nil
	result, err := p.openMedia(p.mediaOffer(join.Offer, join.Sources, join.Seats, join.Infer))
	if err == nil {
		p.muteAllBut(result.codecs, join.Unmuted)
	}
	return p.room.Tell(mediaOpened{p.id, result, err}, actors.Wait(controlWait))
}

func (p *participantState) Handle(ctx *actors.Context[participantMsg], msg participantMsg) {
	switch msg := msg.(type) {
	case clientRequest:
		p.onClientRequest(ctx, msg)
	case signalLost:
		p.onSignalLost(ctx, msg)
	case signalAttached:
		p.onSignalAttached(msg)
	case awayCheck:
		p.onAwayCheck(ctx)
	case sessionFailed:
		p.onSessionFailed(ctx)
	case panicPlease:
		panic("asked to")
	}
}

// Stopped ends the media session. The room has taken it out of all seats.
func (p *participantState) Stopped(_ *actors.Context[participantMsg], _ error) {
	if p.session != nil {
		p.session.Close()
	}
}

func (p *participantState) onClientRequest(ctx *actors.Context[participantMsg], msg clientRequest) {
	a, id := actions[msg.req.RequestType()], msg.req.RequestID()
	if !p.may.Has(a.needs) {
		msg.signal.refuse(id, wire.CodeNotAllowed, "without the right to: "+(a.needs&^p.may).String())
		return
	}
	if limiter, name, what := p.limiterOf(a.limit); limiter != nil {
		if wait := take(limiter, ctx.Now()); wait > 0 {
			p.env.meters.limited.add(name)
			msg.signal.refuseFor(wait, id, wire.CodeRateLimited, what)
			return
		}
	}
	if a.do.participant != nil && !a.do.participant(p, msg.signal, msg.req) {
		return
	}
	if p.room.Tell(memberRequest{p.id, msg.signal, msg.req}, actors.Drop) != nil {
		msg.signal.refuseFor(time.Second, id, wire.CodeRateLimited, "the room is overloaded")
	}
}

// limiterOf returns the participant's limit that a request takes, nil for none.
func (p *participantState) limiterOf(l limit) (limiter *rate.Limiter, name, refusal string) {
	switch {
	case l&limitChats != 0:
		return p.chats, "texts", "too many texts"
	case l&limitShows != 0:
		return p.shows, "shows", "too many changes for all others to see"
	}
	return nil, "", ""
}

// take takes one from a limiter, or returns how long to wait for it.
func take(l *rate.Limiter, now time.Time) (wait time.Duration) { return takeN(l, now, 1) }

// takeN takes n, or as many as there can be at once.
func takeN(l *rate.Limiter, now time.Time, n int) (wait time.Duration) {
	r := l.ReserveN(now, min(n, max(1, l.Burst())))
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
