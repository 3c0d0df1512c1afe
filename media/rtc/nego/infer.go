package nego

import "parley/media"

// guess is what an offer means whose client names nothing, as those of WHIP and
// WHEP: its sections say what they are for by their kind, direction and order.
//
// What a section is in use for already it stays, whatever its order has become.
// Of the others the first that sends sound is the microphone, the first that
// sends a picture the camera, the second ones are the screen and its sound. What
// only receives, or sends more than there are sources, is half of a seat: of the
// first that lacks one, and of that whose other half has the same stream, where
// the client says so (a=msid).
type guess struct {
	sources map[string]string
	seats   []SeatMIDs
	streams []string // of what each seat has so far, empty where nobody says
}

// inferred are the sources of a kind, in the order in which sections take them.
func inferred(kind media.Kind) [2]string {
	if kind == media.KindVideo {
		return [2]string{media.Camera, media.Screen}
	}
	return [2]string{media.Microphone, media.ScreenAudio}
}

// infer completes an offer that names nothing. was is what is in use, seats how
// many there are already.
func (o *Offer) infer(parsed *media.Offer, was []namedUse, seats int) {
	if o.Sources != nil || o.Seats != nil {
		return
	}
	g := guess{sources: make(map[string]string), seats: make([]SeatMIDs, seats), streams: make([]string, seats)}
	known := make(map[string]bool, len(was))
	for _, use := range was {
		if section := parsed.Section(use.mid); use.goesOn(section) {
			known[use.mid] = true
			g.keep(section, use.Use)
		}
	}
	for i := range parsed.Sections {
		section := &parsed.Sections[i]
		if section.Rejected || section.Kind == media.KindOther || known[section.MID] {
			continue
		}
		if section.Direction.Sends() && g.source(section) {
			continue
		}
		if section.Direction.Receives() {
			g.seat(section)
		}
	}
	o.Sources, o.Seats = g.sources, g.seats
}

// goesOn reports whether a section may still be what it was. One of an offer that
// may have been rolled back can have become another.
func (u *namedUse) goesOn(section *media.Section) bool {
	switch {
	case section == nil || section.Rejected || section.Kind != u.Kind:
		return false
	case !u.unsure || section.Direction == media.Inactive:
		return true
	case u.Source != "":
		return section.Direction.Sends()
	}
	return section.Direction.Receives()
}

// keep gives a section the use it has.
func (g *guess) keep(section *media.Section, use Use) {
	if use.Source != "" {
		g.sources[use.Source] = section.MID
		return
	}
	g.put(use.Seat, section)
}

// source makes a section the next source of its kind, and reports whether there
// was one.
func (g *guess) source(section *media.Section) bool {
	for _, source := range inferred(section.Kind) {
		if g.sources[source] == "" {
			g.sources[source] = section.MID
			return true
		}
	}
	return false
}

// seat makes a section half of a seat.
func (g *guess) seat(section *media.Section) {
	for i := range g.seats {
		if section.Stream != "" && g.streams[i] == section.Stream && *g.seats[i].half(section.Kind) == "" {
			g.put(i, section)
			return
		}
	}
	for i := range g.seats {
		alone := section.Stream == "" || g.streams[i] == ""
		if alone && *g.seats[i].half(section.Kind) == "" {
			g.put(i, section)
			return
		}
	}
	g.seats, g.streams = append(g.seats, SeatMIDs{}), append(g.streams, "")
	g.put(len(g.seats)-1, section)
}

// put makes a section that half of a seat which its kind says.
func (g *guess) put(seat int, section *media.Section) {
	*g.seats[seat].half(section.Kind) = section.MID
	if section.Stream != "" {
		g.streams[seat] = section.Stream
	}
}

// half returns the place of the mid of a seat's sound or picture.
func (s *SeatMIDs) half(kind media.Kind) *string {
	if kind == media.KindVideo {
		return &s.Video
	}
	return &s.Audio
}
