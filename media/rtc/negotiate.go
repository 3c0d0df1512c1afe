package rtc

import (
	"parley/media"
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
	in, out, err := s.plan(view)
	if err != nil {
		return Answer{}, err
	}
	s.path.Identify(view.Fingerprints, view.Client)
	creds := s.path.Credentials()
	if view.Restarts {
		creds = s.path.Draw(view.Ufrag, view.Pwd)
	}
	answer, err := view.Answer(s.transport(creds))
	if err != nil {
		if view.Restarts {
			s.path.Withdraw(creds)
		}
		return Answer{}, err
	}
	if view.Restarts {
		s.path.Restart(creds)
	}
	s.nego.Keep(view)
	s.goBy(in, out)
	return answer, nil
}

// transport is what an answer says of us.
func (s *Session) transport(c *path.Credentials) *nego.Transport {
	return &nego.Transport{
		Ufrag: c.Ufrag, Pwd: c.Pwd, Fingerprint: s.server.paths.Fingerprint(), Candidates: s.server.Candidates(),
	}
}

// plan builds the tracks and streams of all sections, taking over those that
// exist, and fills in what the answer must say about streams.
func (s *Session) plan(v *nego.View) (*incoming, *outgoing, error) {
	in, old := newIncoming(), s.incoming.Load()
	out := newOutgoing(s.outgoing.Load(), v.Seats, func(st *stream) bool {
		use, named := v.Use(st.mid)
		return v.Has(st.mid) && !(named && use != nego.Use{Seat: st.seat, Kind: st.kind})
	})
	for i := range v.Sections {
		section := &v.Sections[i]
		switch section.Accepted.Use {
		case media.UseReceive:
			a := &section.Accepted
			in.take(&s.publisher, old, &sourceSpec{
				source: section.For.Source, mid: section.MID,
				codecs: a.Codecs, rids: a.RIDs, exts: a.ExtIDs(), streams: section.Streams,
			})
		case media.UseSend:
			if err := s.seatSection(out, section); err != nil {
				return nil, nil, err
			}
		}
	}
	return in, out, nil
}

// seatSection adds a seat's section and says in the answer what it is sent. Both
// halves of a seat share stream id and CNAME, so that they are played in sync.
func (s *Session) seatSection(out *outgoing, section *nego.Section) error {
	a, use := &section.Accepted, section.For
	half := halfSpec{
		seat: use.Seat, kind: use.Kind, mid: section.MID,
		codecs: a.Codecs, exts: a.ExtIDs(), active: a.Direction.Sends(), draw: s.ssrcs.Next,
	}
	st, err := out.take(&s.remote, &half)
	if err != nil {
		return nego.Mismatch("section %q: %v", section.MID, err)
	}
	a.Codecs = half.codecs // the list that is shared
	a.Stream, a.CNAME, a.Track = st.cname, st.cname, st.cname+"-"+st.kind.String()
	a.SSRC = st.ssrc
	if hasRTX(a.Codecs) {
		a.RTX = st.rtx
	}
	return nil
}
