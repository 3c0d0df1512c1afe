package engine

import (
	"context"
	"slices"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// offerTime bounds how long answering an offer may take.
const offerTime = 5 * time.Second

// opened is what an offer led to.
type opened struct {
	session MediaSession // nil without media
	answer  MediaAnswer
	codecs  map[wire.Source]string // of what the participant can send
	seats   int
	// pictures is what the seats take.
	pictures pictureSeats
}

// openMedia answers the offer of a join. Without an offer there is no session.
func (p *participantState) openMedia(offer MediaOffer) (opened, error) {
	if offer.SDP == "" {
		return opened{}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), offerTime)
	defer cancel()
	session, answer, err := p.env.media.Open(ctx, p.id, offer, p.events)
	if err != nil {
		return opened{}, err
	}
	p.session = session
	p.signal.carries(session)
	return p.opened(offer, answer), nil
}

// mediaOffer adds to an offer what the room knows of those who watch. Who named
// nothing, and did not ask to infer anything, means nothing.
func (p *participantState) mediaOffer(sdp string, sources map[wire.Source]wire.SourceSection, seats []wire.SeatMIDs, infer bool) MediaOffer {
	if sources == nil && !infer {
		sources = map[wire.Source]wire.SourceSection{}
	}
	return MediaOffer{SDP: sdp, Sources: sources, Seats: seats, Shared: p.watched.Load().shared(p.pictures)}
}

// opened is what the session has become by an offer. Seats beyond what the server
// gives, which only an inferred offer can have, stay empty.
func (p *participantState) opened(offer MediaOffer, answer MediaAnswer) opened {
	sources, seats := offer.Sources, offer.Seats
	if sources == nil && seats == nil {
		sources, seats = answer.Sources, answer.Seats
	}
	n := min(len(seats), p.env.limits.Seats)
	p.pictures = picturesOf(p.session, n)
	return opened{p.session, answer, p.codecs(sources), n, p.pictures}
}

// codecs returns what the participant can send, of the sources it named.
func (p *participantState) codecs(sources map[wire.Source]wire.SourceSection) map[wire.Source]string {
	out := make(map[wire.Source]string, len(sources))
	for s := range sources {
		if codec := p.session.Codec(s); codec != "" {
			out[s] = codec
		}
	}
	return out
}

// muteAllBut mutes what the participant can send but does not send yet.
func (p *participantState) muteAllBut(codecs map[wire.Source]string, unmuted []wire.Source) {
	for s := range codecs {
		if !slices.Contains(unmuted, s) {
			p.session.SetMuted(s, true)
		}
	}
}

// onMute stops what is forwarded of a source before anybody is told, and lets it
// go on.
func (p *participantState) onMute(s *Signal, req *wire.Mute) bool {
	if p.session == nil || p.session.Codec(req.Source) == "" {
		s.refuse(req.ID, wire.CodeNoSource, "you do not have this source")
		return false
	}
	p.session.SetMuted(req.Source, req.Muted)
	return true
}

// onOffer renegotiates, or opens the media of one who joined without.
func (p *participantState) onOffer(s *Signal, req *wire.Offer) {
	if len(req.Seats) > p.env.limits.Seats {
		s.refuse(req.ID, wire.CodeTooManySeat, "more seats than the server gives")
		return
	}
	result, err := p.answer(req)
	if err != nil {
		s.refuse(req.ID, CodeOf(err), developerText(err))
		return
	}
	if p.room.Tell(mediaOffered{p.id, s, req.ID, result}, actors.Wait(controlWait)) != nil {
		s.refuseFor(time.Second, req.ID, wire.CodeRateLimited, "the room is overloaded")
	}
}

func (p *participantState) answer(req *wire.Offer) (opened, error) {
	offer := p.mediaOffer(req.Offer, req.Sources, req.Seats, req.Infer)
	if p.session == nil {
		result, err := p.openMedia(offer)
		if err == nil {
			p.muteAllBut(result.codecs, nil)
		}
		return result, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), offerTime)
	defer cancel()
	before := make(map[wire.Source]bool, len(wire.Sources))
	for _, s := range wire.Sources {
		before[s] = p.session.Codec(s) != ""
	}
	answer, err := p.session.Offer(ctx, offer)
	if err != nil {
		return opened{}, err
	}
	result := p.opened(offer, answer)
	for s := range result.codecs {
		if !before[s] {
			p.session.SetMuted(s, true)
		}
	}
	return result, nil
}

// onSessionFailed tells the room, however busy it is. The room answers by
// stopping this actor.
func (p *participantState) onSessionFailed(ctx *actors.Context[participantMsg]) {
	if p.room.Tell(mediaFailed{p.id}, actors.Wait(controlWait)) != nil {
		ctx.After(controlWait, sessionFailed{})
	}
}

// mediaEvents passes what the packet side sees to the room. Nothing of it ever
// blocks a media worker: the latest state of each kind waits in the mailbox. The
// end, which is told once and must not be lost, goes to the participant first: it
// has room for that and can wait until the room has too.
type mediaEvents struct {
	room   actors.Ref[roomMsg]
	self   actors.Ref[participantMsg]
	id     string
	number uint64 // of the participant's actor
}

func (e mediaEvents) MediaConnected() {
	_ = e.room.Tell(mediaUp{e.id}, actors.Coalesce(actors.Key{Class: keyMediaUp, ID: e.number}))
}

func (e mediaEvents) MediaFailed(error) {
	_ = e.self.Tell(sessionFailed{}, actors.Coalesce(actors.Key{Class: keyMediaFailed}))
}

func (e mediaEvents) MediaSpeaking(speaking bool, level int) {
	_ = e.room.Tell(voiceChanged{e.id, speaking, level}, actors.Coalesce(actors.Key{Class: keyVoice, ID: e.number}))
}

func (e mediaEvents) MediaLimited(source string, limit uint64) {
	if s, key, ok := e.sourceKey(keyLimited, source); ok {
		_ = e.room.Tell(sourceLimited{e.id, s, limit}, actors.Coalesce(key))
	}
}

func (e mediaEvents) MediaMuted(source string) {
	if s, key, ok := e.sourceKey(keyWasted, source); ok {
		_ = e.room.Tell(sourceWasted{e.id, s}, actors.Coalesce(key))
	}
}

func (e mediaEvents) MediaProblem(source string) {
	if s, key, ok := e.sourceKey(keySource, source); ok {
		_ = e.room.Tell(sourceChanged{e.id, s}, actors.Coalesce(key))
	}
}

// sourceKey returns what messages about one source of this participant coalesce
// by.
func (e mediaEvents) sourceKey(class uint32, source string) (s wire.Source, key actors.Key, ok bool) {
	i := slices.Index(wire.Sources[:], wire.Source(source))
	if i < 0 {
		return "", key, false
	}
	return wire.Sources[i], actors.Key{Class: class, ID: e.number*uint64(len(wire.Sources)) + uint64(i)}, true
}

func (e mediaEvents) MediaLayer(seat int, layer string, width, height int, reason string) {
	key := actors.Key{Class: keyLayer, ID: e.number*(wire.MaxSeats+1) + uint64(seat)}
	_ = e.room.Tell(layerChanged{e.id, seat, layer, width, height, reason}, actors.Coalesce(key))
}
