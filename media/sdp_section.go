package media

import (
	"slices"
	"strconv"
	"strings"
)

// Section is one m= section of an offer, reduced to what we can use.
type Section struct {
	// MID is the section's name. One without a mid of its own is called by its
	// place among the m= lines, "0" for the first; while another has that
	// name, with an "m" before it.
	MID       string
	Kind      Kind
	Direction Direction // of the offerer
	// Rejected: the offerer gave it port 0, and not as bundle-only. The answer
	// must reject it too.
	Rejected bool
	// Fault says why a section that the offerer wants can not be used, nil if
	// it can. The answer rejects it.
	Fault *SDPError
	// Codecs are those we forward, in the order offered.
	Codecs []CodecParams
	// Exts are the header extensions we know, with usable ids.
	Exts []ExtMap
	// RIDs are the simulcast layers offered for sending, in their order.
	RIDs []string
	// Streams are the SSRCs the offerer announces to send; empty with
	// simulcast, where RID and MID extensions tell.
	Streams []StreamSSRC
	// Stream is the id of the media stream that the section belongs to, empty if
	// the offerer does not say (RFC 8830).
	Stream string

	named   bool   // MID stands in the offer
	media   string // of the m= line, as the answer has to mirror it
	proto   string
	formats []string
	rsize   bool
	mixed   bool // extmap-allow-mixed
	// longExts: takes both forms of header extensions (RFC 8285 §6).
	longExts bool
}

// StreamSSRC is a media SSRC and its repair SSRC, 0 if it has none.
type StreamSSRC struct {
	Media, RTX SSRC
}

// Bounds of one section.
const (
	MaxLayers     = 3  // simulcast layers per source
	MaxMID        = 32 // bytes of a mid
	maxRIDLen     = 16 // what a header extension of the one-byte form holds
	maxRIDs       = 8
	maxSSRCs      = 16
	maxFormatsLen = 128
	// maxCodecs is how many of the formats we take: browsers offer up to 20 that
	// we forward, and a session keeps them for as long as it lasts.
	maxCodecs = 32
	rtpProto  = "UDP/TLS/RTP/SAVPF"
)

// parseSection reads a section. Its MID is empty if it has none of its own.
func parseSection(m *mediaLines, session attributes) Section {
	s := Section{
		media: m.media, proto: m.proto, formats: m.formats,
		rsize:     m.has("rtcp-rsize"),
		mixed:     m.has("extmap-allow-mixed"),
		longExts:  m.has("extmap-allow-mixed") || session.has("extmap-allow-mixed"),
		Direction: direction(m.attributes, direction(session, SendRecv)),
	}
	switch m.media {
	case "audio":
		s.Kind = KindAudio
	case "video":
		s.Kind = KindVideo
	}
	// Port 0 rejects a section, except where bundle-only says that it merely
	// has no transport of its own (RFC 9143 §6).
	s.Rejected = m.port == 0 && !m.has("bundle-only")
	if mid, ok := m.get("mid"); isToken(mid) && len(mid) <= MaxMID {
		s.MID, s.named = mid, true
	} else if ok {
		s.fail(sdpErrorf(SDPBad, "its mid is not a token of 1 to %d bytes", MaxMID))
	}
	s.fail(s.check(m.attributes))
	if s.Rejected || s.Fault != nil {
		return s
	}
	s.Exts = parseExts(m.attributes)
	s.RIDs = parseRIDs(m.attributes)
	s.Streams = parseStreams(m.attributes)
	s.Stream = streamOf(m.attributes)
	if s.Codecs = parseCodecs(s.Kind, s.formats, m.attributes); len(s.Codecs) == 0 {
		s.fail(sdpErrorf(SDPNoCodec, "none of opus, VP8, H264 (packetization-mode=1), VP9, AV1"))
	}
	return s
}

// check says why a section can not be used whatever its codecs are, nil if it
// can.
func (s *Section) check(as attributes) *SDPError {
	switch {
	case s.Kind == KindOther:
		return sdpErrorf(SDPProfile, "%.40q is neither audio nor video", s.media)
	case s.proto != rtpProto:
		return sdpErrorf(SDPProfile, "%.40q is not %s", s.proto, rtpProto)
	case !as.has("rtcp-mux"):
		return sdpErrorf(SDPProfile, "no rtcp-mux")
	case len(s.formats) > maxFormatsLen:
		return sdpErrorf(SDPBad, "more than %d formats", maxFormatsLen)
	}
	return nil
}

// fail notes the first fault of a section that the offerer wants.
func (s *Section) fail(fault *SDPError) {
	if s.Fault == nil && !s.Rejected {
		s.Fault = fault
	}
}

// usable reports whether the offerer wants the section and we can use it.
func (s *Section) usable() bool { return !s.Rejected && s.Fault == nil }

func direction(as attributes, fallback Direction) Direction {
	for _, a := range as {
		switch a.Key {
		case "sendrecv":
			return SendRecv
		case "sendonly":
			return SendOnly
		case "recvonly":
			return RecvOnly
		case "inactive":
			return Inactive
		}
	}
	return fallback
}

// parseRIDs returns the layers of "a=simulcast:send q;h;f" that have an
// "a=rid:q send" line (RFC 8853, RFC 8851). Of alternatives ("q,x") the first
// counts; "~" marks a layer that starts paused and is dropped from the name.
// At most MaxLayers are taken, and only the first maxRIDs are looked at.
func parseRIDs(as attributes) []string {
	v, _ := as.get("simulcast")
	f := strings.Fields(v)
	// "send list", "recv list", or both in either order.
	if len(f) > 2 && f[0] != "send" {
		f = f[2:]
	}
	if len(f) < 2 || f[0] != "send" {
		return nil
	}
	var rids []string
	for _, alternatives := range strings.SplitN(f[1], ";", maxRIDs) {
		rid, _, _ := strings.Cut(alternatives, ",")
		rid = strings.TrimPrefix(rid, "~")
		if len(rids) < MaxLayers && len(rid) <= maxRIDLen && isRID(rid) && as.offersRID(rid) && !slices.Contains(rids, rid) {
			rids = append(rids, rid)
		}
	}
	return rids
}

// offersRID reports whether there is a line "a=rid:q send …". It walks all lines,
// of which there can be thousands, so it allocates nothing.
func (as attributes) offersRID(rid string) bool {
	for _, a := range as {
		if a.Key != "rid" || !strings.Contains(a.Value, rid) {
			continue
		}
		if name, rest := cutWord(a.Value); name == rid {
			if direction, _ := cutWord(rest); direction == "send" {
				return true
			}
		}
	}
	return false
}

// cutWord returns the first word of s and what follows it.
func cutWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// parseStreams pairs the SSRCs of a=ssrc lines by their FID groups (RFC 5576).
// Of several tracks in one section ("plan B") the first counts.
func parseStreams(as attributes) []StreamSSRC {
	rtx := make(map[SSRC]SSRC) // media → repair
	repair := make(map[SSRC]bool)
	for _, a := range as {
		if a.Key != "ssrc-group" || len(rtx) >= maxSSRCs {
			continue
		}
		f := strings.Fields(a.Value)
		if len(f) != 3 || f[0] != "FID" {
			continue
		}
		m, err1 := strconv.ParseUint(f[1], 10, 32)
		r, err2 := strconv.ParseUint(f[2], 10, 32)
		if err1 == nil && err2 == nil && m != r {
			rtx[SSRC(m)] = SSRC(r)
			repair[SSRC(r)] = true
		}
	}
	var out []StreamSSRC
	seen := make(map[SSRC]bool)
	tracks := tracksOf(as)
	for _, a := range as {
		if a.Key != "ssrc" || len(out) >= maxSSRCs {
			continue
		}
		num, _, _ := strings.Cut(a.Value, " ")
		n, err := strconv.ParseUint(num, 10, 32)
		ssrc := SSRC(n)
		if err != nil || ssrc == 0 || seen[ssrc] || repair[ssrc] {
			continue
		}
		seen[ssrc] = true
		if len(out) == 0 || tracks[ssrc] == tracks[out[0].Media] {
			out = append(out, StreamSSRC{ssrc, rtx[ssrc]})
		}
	}
	return out
}

// streamOf returns the stream that "a=msid:stream track" names; "-" stands for
// none.
func streamOf(as attributes) string {
	msid, _ := as.get("msid")
	if stream, _, _ := strings.Cut(msid, " "); stream != "-" {
		return stream
	}
	return ""
}

// tracksOf maps SSRCs to their tracks, as far as "a=ssrc:1 msid:stream track"
// tells.
func tracksOf(as attributes) map[SSRC]string {
	tracks := make(map[SSRC]string)
	for _, a := range as {
		if a.Key != "ssrc" {
			continue
		}
		num, msid, ok := strings.Cut(a.Value, " msid:")
		if n, err := strconv.ParseUint(num, 10, 32); ok && err == nil {
			tracks[SSRC(n)] = msid
		}
	}
	return tracks
}

// isToken reports whether s is a non-empty token of RFC 8866 §9: nothing that
// could end a line or a field when it is written back.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[]\\", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isRID reports whether s is a rid-id of RFC 8851 §10: alphanumerics, - and _.
func isRID(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// isICEChars reports whether s consists of ice-char (RFC 8839 §5.1). Browsers
// have been seen to use "-", "_" and "=" too; none of these can end a field.
func isICEChars(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && strings.IndexByte("+/-_=", c) < 0 {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
