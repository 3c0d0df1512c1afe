package nego

import (
	"fmt"

	"parley/media"
)

// Answer is what an offer led to.
type Answer struct {
	SDP string
	// Sources and Seats are those of the offer, named or inferred, but for the
	// sections that were rejected.
	Sources map[string]string
	Seats   []SeatMIDs
	// Problems are the sections that the answer rejects although the client
	// wants them, in the order of the offer.
	Problems []Problem
}

// Problem says why a section was rejected. What it was for is as if it had not
// been offered: the source can not be sent, the seat has no such half.
type Problem struct {
	// MID is the section's, or its name if it has none (media.Section.MID).
	MID string
	// Source is what it was to carry, empty for none; Seat is of which seat it
	// was to be a half, -1 for none. A section without a use has neither.
	Source string
	Seat   int
	// Code is one of media.SDPError's; Detail is English, for developers.
	Code, Detail string
}

// note fills in what is in use.
func (a *Answer) note(uses []namedUse, seats int) {
	a.Sources, a.Seats = make(map[string]string), make([]SeatMIDs, seats)
	for _, u := range uses {
		if u.Source != "" {
			a.Sources[u.Source] = u.mid
		} else {
			*a.Seats[u.Seat].half(u.Kind) = u.mid
		}
	}
}

// accept chooses what to take of each section of an offer. One that can not be
// used costs the others nothing; only if none of them can the offer is refused.
func (o *Offer) accept(parsed *media.Offer, uses map[string]Use) (accepted []media.Accepted, problems []Problem, err error) {
	accepted = make([]media.Accepted, len(parsed.Sections))
	var refusal *media.SDPError
	taken := false
	for i := range parsed.Sections {
		section := &parsed.Sections[i]
		use, named := uses[section.MID]
		var fault *media.SDPError
		accepted[i], fault = section.Accept(use.mode(named))
		section.Prefer(&accepted[i], o.preference(use.Source))
		taken = taken || accepted[i].Use != media.UseNone
		if fault == nil {
			continue
		}
		problems = append(problems, use.problem(section.MID, named, fault))
		if refusal == nil && named {
			refusal = &media.SDPError{Code: fault.Code, Detail: fmt.Sprintf("section %q: %s", section.MID, fault.Detail)}
		}
	}
	if !taken && refusal != nil {
		return nil, nil, refusal
	}
	return accepted, problems, nil
}

// preference is what orders the codecs of a source.
func (o *Offer) preference(source string) media.Preference {
	p := media.Preference{Wanted: media.CodecByName(o.Codecs[source])}
	for _, name := range o.Shared {
		p.Shared = append(p.Shared, media.CodecByName(name))
	}
	return p
}

// problem tells of a section with this use, if it has one.
func (u Use) problem(mid string, used bool, fault *media.SDPError) Problem {
	p := Problem{MID: mid, Seat: -1, Code: fault.Code, Detail: fault.Detail}
	switch {
	case !used:
	case u.Source != "":
		p.Source = u.Source
	default:
		p.Seat = u.Seat
	}
	return p
}
