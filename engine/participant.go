package engine

import (
	"time"

	"golang.org/x/time/rate"

	"parley/actors"
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

	signal  *Signal // who speaks for it, also when lost
	away    *awayState
	chats   *rate.Limiter
	session MediaSession // nil without media
	events  mediaEvents
}

// spawnParticipant starts the participant of a join; its first message to the
// room is mediaOpened.
func spawnParticipant(ctx *actors.Context[roomMsg], e *env, id string, s *Signal, join *wire.Join) (actors.Ref[participantMsg], error) {
	room := ctx.Self()
	return actors.Spawn(ctx, actors.Spec[participantMsg]{
		Kind: "participant", Name: id, Mailbox: participantMailbox,
		New: func() actors.Handler[participantMsg] {
			p := &participantState{
				env: e, id: id, room: room, join: join, signal: s,
				chats: rate.NewLimiter(e.limits.ChatRate, e.limits.ChatBurst),
			}
			join = nil // this function lives as long as the actor; an offer is 30 KB
			return p
		},
	})
}

// Init opens the media session.
func (p *participantState) Init(ctx *actors.Context[participantMsg]) error {
	p.events = mediaEvents{room: p.room, id: p.id, number: ctx.Self().ID()}
	join := p.join
	p.join = nil
	result, err := p.openMedia(join.Offer, join.Sources, join.Seats)
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
	switch req := msg.req.(type) {
	case *wire.Offer:
		p.onOffer(msg.signal, req)
		return
	case *wire.Mute:
		if p.session == nil || p.session.Codec(req.Source) == "" {
			msg.signal.refuse(req.ID, wire.CodeNoSource, "you do not have this source")
			return
		}
		p.session.SetMuted(req.Source, req.Muted)
	case *wire.Chat:
		now := ctx.Now()
		if take := p.chats.ReserveN(now, 1); take.DelayFrom(now) > 0 {
			wait := take.DelayFrom(now)
			take.CancelAt(now)
			msg.signal.refuseFor(wait, req.ID, wire.CodeRateLimited, "too many texts")
			return
		}
	}
	if p.room.Tell(memberRequest{p.id, msg.signal, msg.req}, actors.Drop) != nil {
		msg.signal.refuseFor(time.Second, msg.req.RequestID(), wire.CodeRateLimited, "the room is overloaded")
	}
}
