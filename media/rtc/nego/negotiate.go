package nego

import (
	"net/netip"
	"slices"

	"parley/media"
)

// Offer is an SDP offer with the meaning of its sections. If both Sources and
// Seats are nil the offer itself has to say, see guess.
type Offer struct {
	SDP string
	// Sources maps what the client sends (Microphone, Camera, Screen,
	// ScreenAudio) to the mid of its section.
	Sources map[string]string
	// Codecs are the encoding names of those that the client asks to send, by
	// source; Shared those of the pictures' codecs that all take who may watch
	// (see rtc.Session.SeatCodecs), of which the order in the offer counts. Both may
	// be empty, and names nobody knows mean nothing.
	Codecs map[string]string
	Shared []string
	// Seats are the receive sections in seat order.
	Seats []SeatMIDs
}

// SeatMIDs names the two sections of one seat. A half that is out of use may be
// empty: that of an audio-only seat, and one whose section was stopped.
type SeatMIDs struct{ Audio, Video string }

// State is what is remembered between offers: what is in use, and by whom.
type State struct {
	sessionID, version uint64
	remoteUfrag        string
	fingerprints       []media.Fingerprint
	client             bool // we say ClientHello
	// uses are those of the sections that are in use, by the latest offer: none
	// is rejected. The next offer has to repeat them or to reject them, which
	// bounds what many offers can make us hold by what one may have:
	// media.MaxSDPSections.
	uses  []namedUse
	seats int
}

// InUse is how many sections are.
func (s *State) InUse() int { return len(s.uses) }

// View is what an offer comes to. Nobody changes it but who fills in how the
// sections are sent what they receive, before the answer is written.
type View struct {
	// Sections are those of the offer, in its order.
	Sections []Section
	Seats    int
	// Ufrag and Pwd are the peer's; Restarts says that they are new.
	Ufrag, Pwd string
	Restarts   bool
	// Fingerprints are of the peer's certificates; Client: we say ClientHello.
	Fingerprints []media.Fingerprint
	Client       bool

	offer    *media.Offer
	problems []Problem
	uses     map[string]Use // by mid, of those that have one
	now      State          // when the offer is taken
}

// Section is what was accepted of a section, if anything, and for what.
type Section struct {
	MID     string
	Streams []media.StreamSSRC // that the client announces
	For     Use
	media.Accepted
}

// Use returns what the offer has a section for.
func (v *View) Use(mid string) (use Use, named bool) {
	use, named = v.uses[mid]
	return use, named
}

// Has reports whether the offer has a section of a name.
func (v *View) Has(mid string) bool { return v.offer.Section(mid) != nil }

// Read checks an offer and says what it comes to. Nothing has changed by that until
// Keep.
func (s *State) Read(o Offer) (*View, error) {
	parsed, err := media.ParseOffer(o.SDP)
	if err != nil {
		return nil, err
	}
	detach(parsed)
	o.infer(parsed, s.uses, s.seats)
	uses, err := o.uses(parsed)
	if err != nil {
		return nil, err
	}
	if err := s.checkIdentity(parsed); err != nil {
		return nil, err
	}
	if err := s.checkKept(parsed, uses, len(o.Seats)); err != nil {
		return nil, err
	}
	accepted, problems, err := o.accept(parsed, uses)
	if err != nil {
		return nil, err
	}
	v := &View{
		Seats: len(o.Seats), Ufrag: parsed.Ufrag, Pwd: parsed.Pwd,
		Restarts:     s.version == 0 || parsed.Ufrag != s.remoteUfrag,
		Fingerprints: s.fingerprints, Client: s.client,
		offer: parsed, problems: problems, uses: uses,
	}
	if s.fingerprints == nil {
		v.Fingerprints, v.Client = parsed.Fingerprints, !parsed.Setup.Client
	}
	for i := range parsed.Sections {
		section := &parsed.Sections[i]
		v.Sections = append(v.Sections, Section{section.MID, section.Streams, uses[section.MID], accepted[i]})
	}
	v.now = s.with(v)
	return v, nil
}

// with is what is remembered when an offer is taken.
func (s *State) with(v *View) State {
	next := *s
	if next.sessionID == 0 {
		next.sessionID = uint64(randomSSRC())
	}
	next.version++
	next.remoteUfrag, next.seats = v.Ufrag, v.Seats
	next.fingerprints, next.client = v.Fingerprints, v.Client
	next.uses = make([]namedUse, 0, len(v.uses))
	for i := range v.Sections {
		section := &v.Sections[i]
		if use, named := v.uses[section.MID]; named && section.Accepted.Use != media.UseNone {
			// Who did not get the answer to a join joins anew.
			unsure := next.version > 1 && !slices.ContainsFunc(s.uses, func(was namedUse) bool { return was.mid == section.MID })
			next.uses = append(next.uses, namedUse{section.MID, use, unsure})
		}
	}
	return next
}

// Keep takes an offer that was read last, for its answer goes out.
func (s *State) Keep(v *View) { *s = v.now }

// Transport is what an answer says of us.
type Transport struct {
	Ufrag, Pwd  string
	Fingerprint media.Fingerprint
	Candidates  []netip.AddrPort
}

// Answer writes the answer.
func (v *View) Answer(t *Transport) (Answer, error) {
	spec := &media.AnswerSpec{
		SessionID: v.now.sessionID, Version: v.now.version,
		Fingerprint: t.Fingerprint, Client: v.Client, Lite: true, Ufrag: t.Ufrag, Pwd: t.Pwd,
		Candidates: t.Candidates,
	}
	for i := range v.Sections {
		spec.Sections = append(spec.Sections, v.Sections[i].Accepted)
	}
	text, err := v.offer.Answer(spec)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{SDP: text, Problems: v.problems}
	answer.note(v.now.uses, v.Seats)
	return answer, nil
}

// checkIdentity refuses an offer by another DTLS identity than the session's, or
// with roles that would need another handshake (RFC 8842 §5.2).
func (s *State) checkIdentity(o *media.Offer) error {
	if s.fingerprints == nil {
		return nil
	}
	if s.client && !o.Setup.Server || !s.client && !o.Setup.Client {
		return Mismatch("setup has changed")
	}
	for _, f := range o.Fingerprints {
		if slices.Contains(s.fingerprints, f) {
			return nil
		}
	}
	return &media.SDPError{Code: media.SDPMismatch, Detail: ErrIdentityChanged.Error()}
}
