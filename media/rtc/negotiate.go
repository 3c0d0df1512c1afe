package rtc

import (
	"parley/media"
	"parley/media/rtc/forward"
	"parley/media/rtc/nego"
	"parley/media/rtc/path"
)

// What is negotiated, see package nego.
type (
	Offer    = nego.Offer
	SeatMIDs = nego.SeatMIDs
	Answer   = nego.Answer
	Problem  = nego.Problem
)

// What a participant sends. Camera and Microphone share a seat, so do Screen
// and ScreenAudio.
const (
	Microphone  = media.Microphone
	Camera      = media.Camera
	Screen      = media.Screen
	ScreenAudio = media.ScreenAudio
)

// negotiateLocked reads an offer, makes the tracks and streams it adds, publishes
// them and writes the answer. On an error nothing has changed.
func (s *Session) negotiateLocked(o Offer) (Answer, error) {
	view, err := s.nego.Read(o)
	if err != nil {
		return Answer{}, err
	}
	plan, err := s.plan(view)
	if err != nil {
		return Answer{}, err
	}
	way := s.media().Path()
	way.Identify(view.Fingerprints, view.Client)
	creds := way.Credentials()
	if view.Restarts {
		creds = way.Draw(view.Ufrag, view.Pwd)
	}
	answer, err := view.Answer(s.transport(creds))
	if err != nil {
		if view.Restarts {
			way.Withdraw(creds)
		}
		return Answer{}, err
	}
	if view.Restarts {
		way.Restart(creds)
	}
	s.nego.Keep(view)
	s.media().GoBy(plan)
	return answer, nil
}

// transport is what an answer says of us.
func (s *Session) transport(c *path.Credentials) *nego.Transport {
	return &nego.Transport{
		Ufrag: c.Ufrag, Pwd: c.Pwd, Fingerprint: s.server.group.Paths().Fingerprint(), Candidates: s.server.Candidates(),
	}
}

// plan makes of all sections what the remote is to go by, and fills in what the
// answer must say about streams.
func (s *Session) plan(v *nego.View) (*forward.Plan, error) {
	plan := s.media().Plan(v.Seats, func(mid string, seat int, kind media.Kind) bool {
		use, named := v.Use(mid)
		return v.Has(mid) && !(named && use != nego.Use{Seat: seat, Kind: kind})
	}, s.ssrcs.Next)
	for i := range v.Sections {
		section := &v.Sections[i]
		switch section.Accepted.Use {
		case media.UseReceive:
			a := &section.Accepted
			plan.Source(&forward.SourceSpec{
				Source: section.For.Source, MID: section.MID,
				Codecs: a.Codecs, RIDs: a.RIDs, Exts: a.ExtIDs(), Streams: section.Streams,
			})
		case media.UseSend:
			if err := seatSection(plan, section); err != nil {
				return nil, err
			}
		}
	}
	return plan, nil
}

// seatSection adds a seat's section and says in the answer what it is sent. Both
// halves of a seat share stream id and CNAME, so that they are played in sync.
func seatSection(plan *forward.Plan, section *nego.Section) error {
	a, use := &section.Accepted, section.For
	half, err := plan.Half(forward.HalfSpec{
		Seat: use.Seat, Kind: use.Kind, MID: section.MID,
		Codecs: a.Codecs, Exts: a.ExtIDs(), Active: a.Direction.Sends(),
	})
	if err != nil {
		return nego.Mismatch("section %q: %v", section.MID, err)
	}
	a.Codecs = half.Codecs // the list that is shared
	a.Stream, a.CNAME, a.Track = half.CNAME, half.CNAME, half.CNAME+"-"+use.Kind.String()
	a.SSRC, a.RTX = half.SSRC, half.RTX
	return nil
}
