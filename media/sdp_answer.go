package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Use says what we do with a section of an offer.
type Use uint8

// The uses.
const (
	UseNone    Use = iota // rejected
	UseReceive            // a source: the client sends, we receive
	UseSend               // half a seat: we send, the client receives
)

// Accepted is what we take of one section. The caller may shorten Codecs,
// Exts and RIDs and fills in the fields of sending before Answer writes it.
type Accepted struct {
	Use       Use
	Direction Direction // ours
	// Codecs in our order, see also Section.Prefer; never empty unless Use is
	// UseNone. Of a source the client sends the first.
	Codecs []CodecParams
	Exts   []ExtMap
	RIDs   []string
	// Stereo asks the sender of a UseReceive audio section for two channels.
	Stereo bool
	// Of UseSend: what the client will receive. Stream ties the halves of a
	// seat together for lip sync. RTX may be 0.
	Stream, Track, CNAME string
	SSRC, RTX            SSRC
}

// ExtIDs returns the ids of Exts by name.
func (a *Accepted) ExtIDs() ExtIDs { return extIDs(a.Exts) }

// Accept chooses codecs, feedback, header extensions and layers of s for the
// given use. A section that the client rejects or keeps inactive is accepted
// as such. With an error, which says why s can not be used so, what is returned
// rejects the section, and the caller goes on with the next one: the section's
// Fault, or SDPMismatch if the client's direction does not fit.
func (s *Section) Accept(use Use) (Accepted, *SDPError) {
	rejected := Accepted{Direction: Inactive}
	switch {
	case s.Rejected:
		return rejected, nil
	case s.Fault != nil:
		return rejected, s.Fault
	case use == UseNone:
		return rejected, nil
	}
	a := Accepted{Use: use, Direction: RecvOnly}
	fits := s.Direction.Sends()
	if use == UseSend {
		a.Direction, fits = SendOnly, s.Direction.Receives()
	}
	switch {
	case s.Direction == Inactive:
		a.Direction = Inactive
	case !fits:
		return rejected, sdpErrorf(SDPMismatch, "it is %v", s.Direction)
	}
	a.Codecs = inOurOrder(s.Codecs)
	a.Exts = s.wantedExts(use, a.Codecs)
	if use == UseReceive && s.Kind == KindVideo {
		a.RIDs = slices.Clone(s.RIDs)
	}
	if use == UseSend {
		for i := range a.Codecs {
			a.Codecs[i].ParamSets = nil // theirs, and they send nothing
		}
	}
	return a, nil
}

// wantedExts chooses header extensions for a section that is answered with codecs
// in this order.
func (s *Section) wantedExts(use Use, codecs []CodecParams) (exts []ExtMap) {
	for _, m := range s.Exts {
		if m.Ext == ExtDependency && !s.wantsDependency(use, codecs) {
			continue
		}
		if use == UseReceive && m.Direction.Sends() && s.wantedOnReceive(m.Ext) ||
			use == UseSend && m.Direction.Receives() && s.wantedOnSend(m.Ext) {
			exts = append(exts, m)
		}
	}
	return exts
}

func (s *Section) wantedOnReceive(e Ext) bool {
	switch e {
	case ExtMID:
		return s.named
	case ExtRID, ExtRepairedRID:
		return s.Kind == KindVideo
	case ExtAudioLevel:
		return s.Kind == KindAudio
	}
	return true
}

// wantedOnSend leaves out a mid that is too long for our headers: the SSRCs in
// the answer tell as much.
func (s *Section) wantedOnSend(e Ext) bool {
	switch e {
	case ExtMID:
		return s.named && len(s.MID) <= maxElement
	case ExtAbsSendTime, ExtTransportCC, ExtAudioLevel, ExtDependency:
		return true
	}
	return false
}

// AnswerSpec is everything of an answer that the offer does not determine.
type AnswerSpec struct {
	SessionID, Version uint64 // of the o= line; Version grows per answer
	Ufrag, Pwd         string
	Fingerprint        Fingerprint
	// Client: we send the ClientHello, which the offer's Setup must allow.
	Client bool
	Lite   bool
	// Candidates are host candidates, most reachable first.
	Candidates []netip.AddrPort
	// Sections stand in the order of Offer.Sections.
	Sections []Accepted
}

// Answer writes the answer to o. Error: SDPMismatch if spec.Sections does not
// line up with the offer or accepts nothing.
func (o *Offer) Answer(spec *AnswerSpec) (string, error) {
	if len(spec.Sections) != len(o.Sections) {
		return "", sdpErrorf(SDPMismatch, "%d sections answered, %d offered", len(spec.Sections), len(o.Sections))
	}
	// The group has the order of the offer's, for its first section is the one
	// whose candidates count (RFC 9143 §7.3).
	var mids []string
	first := -1
	for _, i := range o.bundle {
		if spec.Sections[i].Use == UseNone {
			continue
		}
		if first < 0 {
			first = i
		}
		mids = append(mids, o.Sections[i].MID)
	}
	if first < 0 {
		return "", sdpErrorf(SDPMismatch, "no section is accepted")
	}
	w := &answerWriter{spec: spec}
	w.line("v=0")
	w.line("o=- %d %d IN IP4 127.0.0.1", spec.SessionID, spec.Version)
	w.line("s=-")
	w.line("t=0 0")
	if o.bundled {
		w.line("a=group:BUNDLE %s", strings.Join(mids, " "))
	}
	if spec.Lite {
		w.line("a=ice-lite")
	}
	// We read both forms of header extensions (RFC 8285 §4.1.2). A sender that is
	// not told so has to leave out what does not fit the one-byte form: mids, and
	// descriptors of AV1, of more than 16 bytes.
	if o.mixed {
		w.line("a=extmap-allow-mixed")
	}
	w.line("a=msid-semantic: WMS *")
	for i := range o.Sections {
		if spec.Sections[i].Use == UseNone {
			w.rejected(&o.Sections[i])
		} else {
			w.section(&o.Sections[i], &spec.Sections[i], i == first)
		}
	}
	return w.String(), nil
}

type answerWriter struct {
	strings.Builder
	spec *AnswerSpec
}

func (w *answerWriter) line(format string, args ...any) {
	fmt.Fprintf(w, format, args...)
	w.WriteString("\r\n")
}

// rejected writes a section with port 0 (RFC 3264 §6). It must still list a
// format; the first offered one will do.
func (w *answerWriter) rejected(s *Section) {
	format := "0"
	if len(s.formats) > 0 && isToken(s.formats[0]) {
		format = s.formats[0]
	}
	w.line("m=%s 0 %s %s", s.media, s.proto, format)
	w.line("c=IN IP4 0.0.0.0")
	w.mid(s)
	w.line("a=inactive")
}

// mid names the section if the offer does (RFC 5888 §9.2).
func (w *answerWriter) mid(s *Section) {
	if s.named {
		w.line("a=mid:%s", s.MID)
	}
}

func (w *answerWriter) section(s *Section, a *Accepted, first bool) {
	w.WriteString("m=" + s.Kind.String() + " 9 " + rtpProto)
	for _, c := range a.Codecs {
		fmt.Fprintf(w, " %d", c.PT)
		if c.RTX != 0 {
			fmt.Fprintf(w, " %d", c.RTX)
		}
	}
	w.line("")
	w.line("c=IN IP4 0.0.0.0")
	w.mid(s)
	w.line("a=%v", a.Direction)
	w.transport()
	if first {
		w.candidates()
	}
	w.line("a=rtcp-mux")
	if s.rsize {
		w.line("a=rtcp-rsize")
	}
	if s.mixed {
		w.line("a=extmap-allow-mixed")
	}
	for _, m := range a.Exts {
		dir := ""
		if m.Direction != SendRecv {
			dir = "/" + m.Direction.Mirror().String()
		}
		w.line("a=extmap:%d%s %s", m.ID, dir, m.Ext.URI())
	}
	for _, c := range a.Codecs {
		w.codec(a, c)
	}
	if len(a.RIDs) > 0 {
		for _, rid := range a.RIDs {
			w.line("a=rid:%s recv", rid)
		}
		w.line("a=simulcast:recv %s", strings.Join(a.RIDs, ";"))
	}
	if a.Use == UseSend && a.SSRC != 0 {
		w.streams(a)
	}
}

// transport writes the parameters of the BUNDLE group, which every section
// states.
func (w *answerWriter) transport() {
	w.line("a=ice-ufrag:%s", w.spec.Ufrag)
	w.line("a=ice-pwd:%s", w.spec.Pwd)
	w.line("a=fingerprint:%s %s", w.spec.Fingerprint.Hash, w.spec.Fingerprint.Value)
	if w.spec.Client {
		w.line("a=setup:active")
	} else {
		w.line("a=setup:passive")
	}
}

// candidates writes them all. They stand in one section only.
func (w *answerWriter) candidates() {
	for i, c := range w.spec.Candidates {
		w.line("a=candidate:%d 1 udp %d %s %d typ host", i+1, CandidatePriority(i), c.Addr().Unmap().WithZone(""), c.Port())
	}
	w.line("a=end-of-candidates")
}

// CandidatePriority returns the ICE priority of the i-th host candidate for
// component 1 (RFC 8445 §5.1.2.1): type preference 126, falling local
// preference.
func CandidatePriority(i int) uint32 {
	return 126<<24 | uint32(65535-min(i, 65535))<<8 | 255
}

// codec writes the lines of one payload type and of its repairs.
func (w *answerWriter) codec(a *Accepted, c CodecParams) {
	channels := ""
	if c.Codec == CodecOpus {
		channels = "/2"
	}
	w.line("a=rtpmap:%d %v/%d%s", c.PT, c.Codec, c.Codec.ClockRate(), channels)
	switch {
	case c.Codec == CodecOpus && a.Stereo:
		w.line("a=fmtp:%d minptime=10;stereo=1;useinbandfec=1", c.PT)
	case c.Codec == CodecOpus:
		w.line("a=fmtp:%d minptime=10;useinbandfec=1", c.PT)
	case c.Codec == CodecH264:
		w.line("a=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s", c.PT, c.Profile)
	case c.Codec == CodecVP9, c.Codec == CodecAV1:
		w.format(&c)
	}
	for _, f := range feedbackNames {
		if c.Feedback&f.bit != 0 {
			w.line("a=rtcp-fb:%d %s", c.PT, f.name)
		}
	}
	if c.RTX != 0 {
		w.line("a=rtpmap:%d rtx/%d", c.RTX, c.Codec.ClockRate())
		w.line("a=fmtp:%d apt=%d", c.RTX, c.PT)
	}
}

// streams announces what a seat's half sends.
func (w *answerWriter) streams(a *Accepted) {
	w.line("a=msid:%s %s", a.Stream, a.Track)
	if a.RTX != 0 {
		w.line("a=ssrc-group:FID %d %d", uint32(a.SSRC), uint32(a.RTX))
	}
	w.line("a=ssrc:%d cname:%s", uint32(a.SSRC), a.CNAME)
	if a.RTX != 0 {
		w.line("a=ssrc:%d cname:%s", uint32(a.RTX), a.CNAME)
	}
}
