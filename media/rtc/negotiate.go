package rtc

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"parley/media"
)

// Offer is an SDP offer with the meaning of its sections.
type Offer struct {
	SDP string
	// Sources maps what the client sends (Microphone, Camera, Screen,
	// ScreenAudio) to the mid of its section.
	Sources map[string]string
	// Codecs are the encoding names of those that the client asks to send, by
	// source; Shared those of the pictures' codecs that all take who may watch
	// (see Session.SeatCodecs), of which the order in the offer counts. Both may
	// be empty, and names nobody knows mean nothing.
	Codecs map[string]string
	Shared []string
	// Seats are the receive sections in seat order.
	Seats []SeatMIDs
}

// SeatMIDs names the two sections of one seat. A half that is out of use may be
// empty: that of an audio-only seat, and one whose section was stopped.
type SeatMIDs struct{ Audio, Video string }

// negotiation is what the control side remembers between offers.
type negotiation struct {
	sessionID, version uint64
	remoteUfrag        string
	// uses are those of the sections that are in use, by the latest offer: none
	// is rejected. The next offer has to repeat them or to reject them, which
	// bounds what many offers can make us hold by what one may have:
	// media.MaxSDPSections.
	uses  []namedUse
	ssrcs ssrcs // of what the session is sent
}

// namedUse is a section's use. A list of them takes half of what a map does,
// in every session for good.
type namedUse struct {
	mid string
	sectionUse
	// unsure: the latest offer was the first to have it. If its answer got lost
	// the client may have rolled that offer back, and the section with it.
	unsure bool
}

// sectionUse says what a section of the offer is for.
type sectionUse struct {
	source string // of a source
	seat   int    // of a seat, when source is empty
	kind   media.Kind
}

// negotiateLocked checks the offer, makes the tracks and streams it adds,
// publishes them and writes the answer. On an error nothing has changed.
func (s *Session) negotiateLocked(o Offer) (Answer, error) {
	parsed, err := media.ParseOffer(o.SDP)
	if err != nil {
		return Answer{}, err
	}
	detach(parsed)
	uses, err := o.uses(parsed)
	if err != nil {
		return Answer{}, err
	}
	if err := s.checkIdentity(parsed); err != nil {
		return Answer{}, err
	}
	if err := s.checkKept(parsed, uses, len(o.Seats)); err != nil {
		return Answer{}, err
	}
	accepted, problems, err := o.accept(parsed, uses)
	if err != nil {
		return Answer{}, err
	}
	if s.nego.sessionID == 0 {
		s.nego.sessionID = uint64(randomSSRC())
	}
	in, out, err := s.plan(parsed, accepted, uses, len(o.Seats))
	if err != nil {
		return Answer{}, err
	}
	if s.handshake.fingerprints == nil {
		// Before the peer can prove an address: the handshake reads them.
		s.handshake.fingerprints, s.handshake.client = parsed.Fingerprints, !parsed.Setup.Client
	}
	spec := &media.AnswerSpec{
		SessionID: s.nego.sessionID, Version: s.nego.version + 1,
		Fingerprint: s.server.cert.sdp(), Client: s.handshake.client, Lite: true,
		Candidates: s.server.Candidates(), Sections: accepted,
	}
	creds, fresh := s.credentialsFor(parsed)
	spec.Ufrag, spec.Pwd = creds.ufrag, creds.pwd
	answer, err := parsed.Answer(spec)
	if err != nil {
		if fresh {
			s.server.ufrags.remove(creds)
		}
		return Answer{}, err
	}
	s.nego.version++
	if fresh {
		s.nego.remoteUfrag = parsed.Ufrag
		s.server.ufrags.remove(s.ice.restart(creds))
	}
	s.nego.keep(parsed, accepted, uses)
	in.settle()
	if old := s.incoming.Swap(in); old != nil {
		old.closeReplaced(in)
	}
	out.settle()
	if old := s.outgoing.Swap(out); old != nil {
		s.server.reseatLocked(old.replaced(out))
	}
	return Answer{answer, problems}, nil
}

// keep remembers what is in use by an offer that passed checkKept.
func (n *negotiation) keep(o *media.Offer, accepted []media.Accepted, uses map[string]sectionUse) {
	next := make([]namedUse, 0, len(uses))
	for i := range o.Sections {
		mid := o.Sections[i].MID
		if use, named := uses[mid]; named && accepted[i].Use != media.UseNone {
			// Who did not get the answer to a join joins anew.
			unsure := n.version > 1 && !slices.ContainsFunc(n.uses, func(was namedUse) bool { return was.mid == mid })
			next = append(next, namedUse{mid, use, unsure})
		}
	}
	n.uses = next
}

// checkKept refuses an offer that takes away what is in use, or gives it another
// use. What the client stops stays where it is, rejected (RFC 8829 §5.2.2); it
// need not be named any more. From then on the section is free: it may come back
// as what it was, get another use, or be gone because a section with another mid
// took its place. The number of seats never falls: what is left of a seat that
// has no section is its number, under which the room knows it.
func (s *Session) checkKept(o *media.Offer, uses map[string]sectionUse, seats int) error {
	for _, was := range s.nego.uses {
		section := o.Section(was.mid)
		switch now, named := uses[was.mid]; {
		case was.unsure && (section == nil || !named || now != was.sectionUse):
		case section == nil:
			return mismatch("section %q is missing", was.mid)
		case named && now != was.sectionUse:
			return mismatch("section %q was used for something else", was.mid)
		case !named && !section.Rejected:
			return mismatch("section %q is not named any more", was.mid)
		}
	}
	if out := s.outgoing.Load(); out != nil && seats < len(out.seats) {
		return mismatch("%d seats, there were %d", seats, len(out.seats))
	}
	return nil
}

// credentialsFor returns the session's present credentials or, when the offer
// starts or restarts ICE (RFC 8839 §4.4.1.1.1: its fragment changed), fresh
// ones.
func (s *Session) credentialsFor(o *media.Offer) (c *credentials, fresh bool) {
	s.ice.mu.Lock()
	c = s.ice.current
	s.ice.mu.Unlock()
	if c != nil && o.Ufrag == s.nego.remoteUfrag {
		return c, false
	}
	generation := 0
	if c != nil {
		generation = c.generation + 1
	}
	return s.server.ufrags.add(s, o.Ufrag, o.Pwd, generation), true
}

// checkIdentity refuses an offer by another DTLS identity than the session's, or
// with roles that would need another handshake (RFC 8842 §5.2).
func (s *Session) checkIdentity(o *media.Offer) error {
	if s.handshake.fingerprints == nil {
		return nil
	}
	if s.handshake.client && !o.Setup.Server || !s.handshake.client && !o.Setup.Client {
		return mismatch("setup has changed")
	}
	for _, f := range o.Fingerprints {
		if slices.Contains(s.handshake.fingerprints, f) {
			return nil
		}
	}
	return &media.SDPError{Code: media.SDPMismatch, Detail: ErrIdentityChanged.Error()}
}

// uses gives every section its use and checks that sources and seats name
// existing sections of the right kind, each once.
func (o *Offer) uses(parsed *media.Offer) (map[string]sectionUse, error) {
	uses := make(map[string]sectionUse, len(parsed.Sections))
	claim := func(mid, what string, u sectionUse) error {
		section := parsed.Section(mid)
		switch _, taken := uses[mid]; {
		case section == nil:
			return mismatch("%s: no section %q", what, mid)
		case taken:
			return mismatch("%s: section %q is used twice", what, mid)
		case section.Kind != u.kind:
			return mismatch("%s: section %q is %v", what, mid, section.Kind)
		}
		uses[mid] = u
		return nil
	}
	for source, mid := range o.Sources {
		kind := sourceKind(source)
		if kind == media.KindOther {
			return nil, mismatch("unknown source %.40q", source)
		}
		if err := claim(mid, source, sectionUse{source: source, kind: kind}); err != nil {
			return nil, err
		}
	}
	for i, seat := range o.Seats {
		what := fmt.Sprintf("seat %d", i)
		for _, half := range [...]namedUse{
			{mid: seat.Audio, sectionUse: sectionUse{seat: i, kind: media.KindAudio}},
			{mid: seat.Video, sectionUse: sectionUse{seat: i, kind: media.KindVideo}},
		} {
			if half.mid == "" {
				continue // out of use
			}
			if err := claim(half.mid, what, half.sectionUse); err != nil {
				return nil, err
			}
		}
	}
	return uses, nil
}

func mismatch(format string, args ...any) error {
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
func (u sectionUse) mode(used bool) media.Use {
	switch {
	case !used:
		return media.UseNone
	case u.source != "":
		return media.UseReceive
	}
	return media.UseSend
}

// plan builds the tracks and streams of all sections, taking over those that
// exist, and fills in what accepted must say about streams.
func (s *Session) plan(o *media.Offer, accepted []media.Accepted, uses map[string]sectionUse, seats int) (*incoming, *outgoing, error) {
	in, old := newIncoming(), s.incoming.Load()
	out := newOutgoing(s.outgoing.Load(), o, uses, seats)
	for i := range o.Sections {
		section, a := &o.Sections[i], &accepted[i]
		use := uses[section.MID]
		switch a.Use {
		case media.UseReceive:
			in.take(&s.publisher, old, section, a, use.source)
		case media.UseSend:
			st, err := out.take(s, section, a, use)
			if err != nil {
				return nil, nil, err
			}
			st.describe(a)
		}
	}
	return in, out, nil
}

func randomSSRC() media.SSRC {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return media.SSRC(binary.BigEndian.Uint32(b[:]))
}

// sdp returns the certificate's fingerprint as it stands in answers.
func (c *certificate) sdp() media.Fingerprint {
	text := strings.ToUpper(hex.EncodeToString(c.fingerprint[:]))
	pairs := make([]string, 0, len(c.fingerprint))
	for i := 0; i < len(text); i += 2 {
		pairs = append(pairs, text[i:i+2])
	}
	return media.Fingerprint{Hash: "sha-256", Value: strings.Join(pairs, ":")}
}
