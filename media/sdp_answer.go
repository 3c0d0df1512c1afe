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
	// Codecs in our order of preference; never empty unless Use is UseNone.
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

// codecPreference orders what we answer, and so what is sent: all browsers
// encode VP8 simulcast, and of H264 everybody who knows it at all decodes
// Constrained Baseline. Chromium offers Baseline before it, which is contained
// in nothing but itself (RFC 6184 §8.1).
var codecPreference = [...]func(*CodecParams) bool{
	func(c *CodecParams) bool { return c.Codec == CodecOpus },
	func(c *CodecParams) bool { return c.Codec == CodecVP8 },
	func(c *CodecParams) bool { return c.Codec == CodecH264 && h264Constrained(c.Profile) },
	func(c *CodecParams) bool { return c.Codec == CodecH264 && !h264Constrained(c.Profile) },
	func(c *CodecParams) bool { return c.Codec == CodecVP9 },
	func(c *CodecParams) bool { return c.Codec == CodecAV1 },
}

// Accept chooses codecs, feedback, header extensions and layers of s for the
// given use. A section that the client rejects or keeps inactive is accepted
// as such. Errors are *SDPError: SDPMismatch if the client's direction does
// not fit, SDPNoCodec if nothing it offers can be forwarded.
func (s *Section) Accept(use Use) (Accepted, error) {
	if s.Rejected || use == UseNone {
		return Accepted{Direction: Inactive}, nil
	}
	a := Accepted{Use: use, Direction: RecvOnly}
	if use == UseSend {
		a.Direction = SendOnly
	}
	fits := s.Direction.Sends()
	if use == UseSend {
		fits = s.Direction.Receives()
	}
	switch {
	case s.Direction == Inactive:
		a.Direction = Inactive
	case !fits:
		return a, sdpErrorf(SDPMismatch, "section %q is %v", s.MID, s.Direction)
	}
	for _, wanted := range codecPreference {
		for i := range s.Codecs {
			if wanted(&s.Codecs[i]) {
				a.Codecs = append(a.Codecs, s.Codecs[i])
			}
		}
	}
	if len(a.Codecs) == 0 {
		return a, sdpErrorf(SDPNoCodec, "section %q: none of opus, VP8, H264 (packetization-mode=1), VP9, AV1", s.MID)
	}
	for _, m := range s.Exts {
		if m.Ext == ExtDependency && !s.wantsDependency(use, a.Codecs) {
			continue
		}
		if use == UseReceive && m.Direction.Sends() && wantedOnReceive(s.Kind, m.Ext) ||
			use == UseSend && m.Direction.Receives() && wantedOnSend(m.Ext) {
			a.Exts = append(a.Exts, m)
		}
	}
	if use == UseReceive && s.Kind == KindVideo {
		a.RIDs = slices.Clone(s.RIDs)
	}
	return a, nil
}

func wantedOnReceive(k Kind, e Ext) bool {
	switch e {
	case ExtRID, ExtRepairedRID:
		return k == KindVideo
	case ExtAudioLevel:
		return k == KindAudio
	}
	return true
}

func wantedOnSend(e Ext) bool {
	return e == ExtMID || e == ExtAbsSendTime || e == ExtTransportCC || e == ExtAudioLevel || e == ExtDependency
}

// AnswerSpec is everything of an answer that the offer does not determine.
type AnswerSpec struct {
	SessionID, Version uint64 // of the o= line; Version grows per answer
	Ufrag, Pwd         string
	Fingerprint        Fingerprint
	Lite               bool
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
	var mids []string
	for i := range o.Sections {
		if spec.Sections[i].Use != UseNone {
			mids = append(mids, o.Sections[i].MID)
		}
	}
	if len(mids) == 0 {
		return "", sdpErrorf(SDPMismatch, "no section is accepted")
	}
	w := &answerWriter{spec: spec}
	w.line("v=0")
	w.line("o=- %d %d IN IP4 127.0.0.1", spec.SessionID, spec.Version)
	w.line("s=-")
	w.line("t=0 0")
	w.line("a=group:BUNDLE %s", strings.Join(mids, " "))
	if spec.Lite {
		w.line("a=ice-lite")
	}
	if o.mixed(spec.Sections) {
		w.line("a=extmap-allow-mixed")
	}
	w.line("a=msid-semantic: WMS *")
	for i := range o.Sections {
		if spec.Sections[i].Use == UseNone {
			w.rejected(&o.Sections[i])
		} else {
			w.section(&o.Sections[i], &spec.Sections[i])
		}
	}
	return w.String(), nil
}

type answerWriter struct {
	strings.Builder
	spec           *AnswerSpec
	candidatesDone bool
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
	w.line("m=%v 0 %s %s", s.Kind, s.proto, format)
	w.line("c=IN IP4 0.0.0.0")
	w.line("a=mid:%s", s.MID)
	w.line("a=inactive")
}

func (w *answerWriter) section(s *Section, a *Accepted) {
	w.WriteString("m=" + s.Kind.String() + " 9 " + rtpProto)
	for _, c := range a.Codecs {
		fmt.Fprintf(w, " %d", c.PT)
		if c.RTX != 0 {
			fmt.Fprintf(w, " %d", c.RTX)
		}
	}
	w.line("")
	w.line("c=IN IP4 0.0.0.0")
	w.line("a=mid:%s", s.MID)
	w.line("a=%v", a.Direction)
	w.transport()
	w.line("a=rtcp-mux")
	if s.rsize {
		w.line("a=rtcp-rsize")
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

// transport writes the parameters of the BUNDLE group. Every section states
// the credentials; the candidates stand in the first section only, which is
// the one that counts (RFC 9143 §7.3).
func (w *answerWriter) transport() {
	w.line("a=ice-ufrag:%s", w.spec.Ufrag)
	w.line("a=ice-pwd:%s", w.spec.Pwd)
	w.line("a=fingerprint:%s %s", w.spec.Fingerprint.Hash, w.spec.Fingerprint.Value)
	w.line("a=setup:passive")
	if w.candidatesDone {
		return
	}
	w.candidatesDone = true
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
