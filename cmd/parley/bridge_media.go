package main

import (
	"context"
	"errors"
	"time"

	"parley/engine"
	"parley/engine/wire"
	"parley/media"
	"parley/media/rtc"
)

// mediaBridge is the packet side as the engine sees it. Engine and media do
// not know each other; the types they share are translated here.
type mediaBridge struct{ server *rtc.Server }

// Open implements engine.Media.
func (b mediaBridge) Open(ctx context.Context, id string, offer engine.MediaOffer, events engine.MediaEvents) (engine.MediaSession, engine.MediaAnswer, error) {
	session, answer, err := b.server.Open(ctx, id, bridgeOffer(offer), events)
	if err != nil {
		return nil, engine.MediaAnswer{}, bridgeError(err)
	}
	return sessionBridge{session}, bridgeAnswer(answer), nil
}

// sessionBridge is one session as the engine sees it.
type sessionBridge struct{ *rtc.Session }

// Offer implements engine.MediaSession.
func (b sessionBridge) Offer(ctx context.Context, offer engine.MediaOffer) (engine.MediaAnswer, error) {
	answer, err := b.Session.Offer(ctx, bridgeOffer(offer))
	return bridgeAnswer(answer), bridgeError(err)
}

// Codec implements engine.MediaSession.
func (b sessionBridge) Codec(source wire.Source) string { return b.Session.Codec(string(source)) }

// CanDecode implements engine.MediaSession.
func (b sessionBridge) CanDecode(seat int, from engine.MediaSession, source wire.Source) bool {
	f, ok := from.(sessionBridge)
	return ok && b.Session.CanDecode(seat, f.Session, string(source))
}

// PictureProblem implements engine.MediaSession.
func (b sessionBridge) PictureProblem(seat int, from engine.MediaSession, source wire.Source) wire.Problem {
	f, ok := from.(sessionBridge)
	if !ok {
		return ""
	}
	return wire.Problem(b.Session.PictureProblem(seat, f.Session, string(source)))
}

// SetMuted implements engine.MediaSession.
func (b sessionBridge) SetMuted(source wire.Source, muted bool) {
	b.Session.SetMuted(string(source), muted)
}

// Place implements engine.MediaSession.
func (b sessionBridge) Place(seat int, p engine.Placement) {
	from, ok := p.From.(sessionBridge)
	if !ok {
		return // a participant without media sends nothing
	}
	b.Session.Place(seat, rtc.Placement{
		From: from.Session, Source: string(p.Source), Video: p.Video, Width: p.Width, Height: p.Height, Rank: p.Rank,
	})
}

// LastSent implements engine.MediaSession.
func (b sessionBridge) LastSent() time.Time { return b.Session.LastSent() }

// LastSeen implements engine.MediaSession.
func (b sessionBridge) LastSeen() time.Time { return b.Session.LastSeen() }

// Quality implements engine.MediaSession.
func (b sessionBridge) Quality() engine.MediaQuality {
	q := b.Session.Quality()
	return engine.MediaQuality{UpLoss: q.UpLoss, DownLoss: q.DownLoss, RTT: q.RTT, Packets: q.Packets}
}

func bridgeOffer(o engine.MediaOffer) rtc.Offer {
	offer := rtc.Offer{SDP: o.SDP, Shared: o.Shared, Codecs: make(map[string]string)}
	if o.Sources != nil { // nil, with no seats, leaves it to the offer
		offer.Sources = make(map[string]string, len(o.Sources))
	}
	for source, section := range o.Sources {
		offer.Sources[string(source)] = section.MID
		if section.Codec != "" {
			offer.Codecs[string(source)] = section.Codec
		}
	}
	for _, s := range o.Seats {
		offer.Seats = append(offer.Seats, rtc.SeatMIDs{Audio: s.Audio, Video: s.Video})
	}
	return offer
}

func bridgeAnswer(a rtc.Answer) engine.MediaAnswer {
	answer := engine.MediaAnswer{SDP: a.SDP, Sources: make(map[wire.Source]wire.SourceSection, len(a.Sources))}
	for source, mid := range a.Sources {
		answer.Sources[wire.Source(source)] = wire.SourceSection{MID: mid}
	}
	for _, s := range a.Seats {
		answer.Seats = append(answer.Seats, wire.SeatMIDs{Audio: s.Audio, Video: s.Video})
	}
	for _, p := range a.Problems {
		problem := wire.SectionProblem{MID: p.MID, Source: wire.Source(p.Source), Code: wire.Code(p.Code), Message: p.Detail}
		if p.Seat >= 0 {
			problem.Seat = &p.Seat
		}
		answer.Problems = append(answer.Problems, problem)
	}
	return answer
}

// codedError gives an offer's fault the code that clients are told.
type codedError struct {
	error
	code wire.Code
}

// WireCode implements engine.Coded.
func (e codedError) WireCode() wire.Code { return e.code }
func (e codedError) Unwrap() error       { return e.error }

func bridgeError(err error) error {
	var fault *media.SDPError
	if errors.As(err, &fault) {
		return codedError{err, wire.Code(fault.Code)}
	}
	return err
}
