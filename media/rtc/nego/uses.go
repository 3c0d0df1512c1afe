package nego

import (
	"fmt"
	"strings"

	"parley/media"
)

// namedUse is a section's use. A list of them takes half of what a map does,
// in every session for good.
type namedUse struct {
	mid string
	Use
	// unsure: the latest offer was the first to have it. If its answer got lost
	// the client may have rolled that offer back, and the section with it.
	unsure bool
}

// Use says what a section of the offer is for.
type Use struct {
	Source string // of a source
	Seat   int    // of a seat, when Source is empty
	Kind   media.Kind
}

// uses gives every section its use and checks that sources and seats name
// existing sections of the right kind, each once.
func (o *Offer) uses(parsed *media.Offer) (map[string]Use, error) {
	uses := make(map[string]Use, len(parsed.Sections))
	claim := func(mid, what string, u Use) error {
		section := parsed.Section(mid)
		switch _, taken := uses[mid]; {
		case section == nil:
			return Mismatch("%s: no section %q", what, mid)
		case taken:
			return Mismatch("%s: section %q is used twice", what, mid)
		case section.Kind != u.Kind:
			return Mismatch("%s: section %q is %v", what, mid, section.Kind)
		}
		uses[mid] = u
		return nil
	}
	for source, mid := range o.Sources {
		kind := media.KindOf(source)
		if kind == media.KindOther {
			return nil, Mismatch("unknown source %.40q", source)
		}
		if err := claim(mid, source, Use{Source: source, Kind: kind}); err != nil {
			return nil, err
		}
	}
	for i, seat := range o.Seats {
		what := fmt.Sprintf("seat %d", i)
		for _, half := range [...]namedUse{
			{mid: seat.Audio, Use: Use{Seat: i, Kind: media.KindAudio}},
			{mid: seat.Video, Use: Use{Seat: i, Kind: media.KindVideo}},
		} {
			if half.mid == "" {
				continue // out of use
			}
			if err := claim(half.mid, what, half.Use); err != nil {
				return nil, err
			}
		}
	}
	return uses, nil
}

// Mismatch is the fault of an offer that does not fit what was before, or itself.
func Mismatch(format string, args ...any) error {
	return &media.SDPError{Code: media.SDPMismatch, Detail: fmt.Sprintf(format, args...)}
}

// detach copies the strings of an offer that a session keeps, which would
// otherwise keep the whole SDP text alive: more than all the rest of an idle
// session.
func detach(o *media.Offer) {
	o.Ufrag, o.Pwd = strings.Clone(o.Ufrag), strings.Clone(o.Pwd)
	for i := range o.Fingerprints {
		f := &o.Fingerprints[i]
		f.Hash, f.Value = strings.Clone(f.Hash), strings.Clone(f.Value)
	}
	for i := range o.Sections {
		s := &o.Sections[i]
		s.MID = strings.Clone(s.MID)
		for j := range s.Codecs {
			s.Codecs[j].Profile = strings.Clone(s.Codecs[j].Profile)
		}
		for j := range s.RIDs {
			s.RIDs[j] = strings.Clone(s.RIDs[j])
		}
	}
}

// mode says what Accept shall do with a section; used is false for one that
// the client gave no meaning.
func (u Use) mode(used bool) media.Use {
	switch {
	case !used:
		return media.UseNone
	case u.Source != "":
		return media.UseReceive
	}
	return media.UseSend
}

// checkKept refuses an offer that takes away what is in use, or gives it another
// use. What the client stops stays where it is, rejected (RFC 8829 §5.2.2); it
// need not be named any more. From then on the section is free: it may come back
// as what it was, get another use, or be gone because a section with another mid
// took its place. The number of seats never falls: what is left of a seat that
// has no section is its number, under which the room knows it.
func (s *State) checkKept(o *media.Offer, uses map[string]Use, seats int) error {
	for _, was := range s.uses {
		section := o.Section(was.mid)
		switch now, named := uses[was.mid]; {
		case was.unsure && (section == nil || !named || now != was.Use):
		case section == nil:
			return Mismatch("section %q is missing", was.mid)
		case named && now != was.Use:
			return Mismatch("section %q was used for something else", was.mid)
		case !named && !section.Rejected:
			return Mismatch("section %q is not named any more", was.mid)
		}
	}
	if seats < s.seats {
		return Mismatch("%d seats, there were %d", seats, s.seats)
	}
	return nil
}
