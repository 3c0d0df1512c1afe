package media

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Section is one m= section of an offer, reduced to what we can use.
type Section struct {
	MID       string
	Kind      Kind
	Direction Direction // of the offerer
	// Rejected: the offerer gave it port 0 (and not as bundle-only), or it is
	// of no kind we speak. The answer must reject it too.
	Rejected bool
	// Codecs are those we forward, in the order offered.
	Codecs []CodecParams
	// Exts are the header extensions we know, with usable ids.
	Exts []ExtMap
	// RIDs are the simulcast layers offered for sending, in their order.
	RIDs []string
	// Streams are the SSRCs the offerer announces to send; empty with
	// simulcast, where RID and MID extensions tell.
	Streams []StreamSSRC

	proto   string
	formats []string
	rsize   bool
	mixed   bool // takes both forms of header extensions (RFC 8285 §6)
}

// StreamSSRC is a media SSRC and its repair SSRC, 0 if it has none.
type StreamSSRC struct {
	Media, RTX SSRC
}

// Bounds of one section.
const (
	MaxLayers     = 3 // simulcast layers per source
	maxTokenLen   = 16
	maxRIDs       = 8
	maxSSRCs      = 16
	rtpProto      = "UDP/TLS/RTP/SAVPF"
	dataProtoUDP  = "UDP/DTLS/SCTP"
	dataProtoOld  = "DTLS/SCTP"
	maxFormatsLen = 128
)

// attributes is an attribute list with look-ups.
type attributes []sdp.Attribute

func (as attributes) get(key string) (string, bool) {
	for _, a := range as {
		if a.Key == key {
			return a.Value, true
		}
	}
	return "", false
}

func (as attributes) has(key string) bool { _, ok := as.get(key); return ok }

// getOr looks in as, then in session.
func (as attributes) getOr(key string, session attributes) string {
	v, ok := as.get(key)
	if !ok {
		v, _ = session.get(key)
	}
	return v
}

func parseSection(m *sdp.MediaDescription, session attributes) (Section, error) {
	as := attributes(m.Attributes)
	mid, _ := as.get("mid")
	if !isToken(mid) || len(mid) > maxTokenLen {
		return Section{}, sdpErrorf(SDPBad, "missing or malformed mid %.20q", mid)
	}
	s := Section{
		MID:       mid,
		proto:     strings.Join(m.MediaName.Protos, "/"),
		formats:   m.MediaName.Formats,
		rsize:     as.has("rtcp-rsize"),
		mixed:     as.has("extmap-allow-mixed") || session.has("extmap-allow-mixed"),
		Direction: direction(as, direction(session, SendRecv)),
	}
	// Port 0 rejects a section, except where bundle-only says that it merely
	// has no transport of its own (RFC 9143 §6).
	s.Rejected = m.MediaName.Port.Value == 0 && !as.has("bundle-only")
	switch m.MediaName.Media {
	case "audio":
		s.Kind = KindAudio
	case "video":
		s.Kind = KindVideo
	case "application":
		if s.proto != dataProtoUDP && s.proto != dataProtoOld {
			return s, sdpErrorf(SDPProfile, "section %q: %.40q is not supported", mid, s.proto)
		}
		s.Rejected = true
		return s, nil
	}
	if s.Kind == KindOther || s.proto != rtpProto {
		return s, sdpErrorf(SDPProfile, "section %q: %.40q is not %s", mid, s.proto, rtpProto)
	}
	if s.Rejected {
		return s, nil
	}
	if !as.has("rtcp-mux") {
		return s, sdpErrorf(SDPProfile, "section %q: no rtcp-mux", mid)
	}
	if len(s.formats) > maxFormatsLen {
		return s, sdpErrorf(SDPBad, "section %q: too many formats", mid)
	}
	s.Codecs = parseCodecs(s.Kind, s.formats, as)
	s.Exts = parseExts(as)
	s.RIDs = parseRIDs(as)
	s.Streams = parseStreams(as)
	return s, nil
}

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
// At most MaxLayers are taken, and only the first maxRIDs are looked at, for
// each look-up walks the whole section.
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
		if len(rids) < MaxLayers && len(rid) <= maxTokenLen && isRID(rid) && as.offersRID(rid) && !slices.Contains(rids, rid) {
			rids = append(rids, rid)
		}
	}
	return rids
}

func (as attributes) offersRID(rid string) bool {
	for _, a := range as {
		if a.Key != "rid" {
			continue
		}
		if f := strings.Fields(a.Value); len(f) >= 2 && f[0] == rid && f[1] == "send" {
			return true
		}
	}
	return false
}

// parseStreams pairs the SSRCs of a=ssrc lines by their FID groups (RFC 5576).
func parseStreams(as attributes) []StreamSSRC {
	rtx := make(map[SSRC]SSRC) // media → repair
	repair := make(map[SSRC]bool)
	for _, a := range as {
		f := strings.Fields(a.Value)
		if a.Key != "ssrc-group" || len(f) != 3 || f[0] != "FID" || len(rtx) >= maxSSRCs {
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
		out = append(out, StreamSSRC{ssrc, rtx[ssrc]})
	}
	return out
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
