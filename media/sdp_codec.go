package media

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// Feedback is a set of RTCP feedback kinds (RFC 4585, RFC 5104).
type Feedback uint8

// The feedback kinds we speak.
const (
	FeedbackNACK Feedback = 1 << iota
	FeedbackPLI
	FeedbackFIR
	FeedbackTransportCC
)

// feedbackNames are the a=rtcp-fb values in the order they are written.
var feedbackNames = [...]struct {
	bit  Feedback
	name string
}{
	{FeedbackTransportCC, "transport-cc"},
	{FeedbackFIR, "ccm fir"},
	{FeedbackNACK, "nack"},
	{FeedbackPLI, "nack pli"},
}

// CodecParams is one payload type of a section.
type CodecParams struct {
	Codec    Codec
	PT       uint8
	RTX      uint8 // payload type of its repairs (RFC 4588), 0: none
	Feedback Feedback
	// Level is one more than AV1's level-idx, 0 if none is told, and Tier its tier.
	Level, Tier uint8
	// Profile is H264's profile-level-id, six lower-case hex digits, VP9's
	// profile-id or AV1's profile, one digit.
	Profile string
	// ParamSets are the H264 parameter sets that the sender tells in the offer
	// (sprop-parameter-sets, RFC 6184 §8.1): NAL units without start codes, each
	// an SPS (type 7) or a PPS (type 8), in the order told. A sender that tells
	// them here need not send them; whoever watches needs them before a key
	// frame. At most maxParamSets of maxParamBytes together; nil if there are
	// none, or what is told is malformed or too much. Of a UseReceive section
	// only. Never written to.
	ParamSets [][]byte
}

// defaultH264Profile is what a missing profile-level-id means: Constrained
// Baseline, level 3.1, as libwebrtc has it. RFC 6184 §8.1 says Baseline, level 1,
// which nobody means: most browsers do not decode Baseline, and level 1 is a
// picture of 176 × 144.
const defaultH264Profile = "42e01f"

// maxParamBytes bounds CodecParams.ParamSets: an SPS takes 10 … 60 bytes, a PPS 4 … 20.
const maxParamBytes = 1024

// CanDecode reports whether a receiver of c understands a sender of p. For
// H264 the receiver's profile must contain the sender's; levels are left to
// level-asymmetry, which all browsers allow. VP9's profiles contain none of the
// others, AV1's all below.
func (c CodecParams) CanDecode(p CodecParams) bool {
	if c.Codec != p.Codec {
		return false
	}
	switch c.Codec {
	case CodecH264:
		return h264Contains(c.Profile, p.Profile)
	case CodecVP9:
		return c.Profile == p.Profile
	case CodecAV1:
		return c.Profile >= p.Profile
	}
	return true
}

// SameFormat reports whether two entries name the same codec and profile. Levels
// of H264 do not count.
func (c *CodecParams) SameFormat(p *CodecParams) bool {
	if c.Codec == CodecH264 && p.Codec == CodecH264 {
		return h264Profile(c.Profile) == h264Profile(p.Profile)
	}
	return c.Codec == p.Codec && c.Profile == p.Profile
}

// DecoderFor picks from a receiver's list the payload type for what a sender
// sends: the same profile first, then one that contains it.
func DecoderFor(receiver []CodecParams, p CodecParams) (CodecParams, bool) {
	best := -1
	for i, c := range receiver {
		if !c.CanDecode(p) {
			continue
		}
		if c.SameFormat(&p) {
			return c, true
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return CodecParams{}, false
	}
	return receiver[best], true
}

// h264Profile returns profile_idc and profile_iop, four hex digits.
func h264Profile(levelID string) string {
	if len(levelID) != 6 {
		levelID = defaultH264Profile
	}
	return levelID[:4]
}

// h264Contains compares profile_idc and constraint_set1 (RFC 6184 §8.1 table
// 5): Constrained Baseline is a subset of all, Baseline of none but itself,
// Main of High.
func h264Contains(receiver, sender string) bool {
	constrained := h264Constrained(sender)
	receiver, sender = h264Profile(receiver), h264Profile(sender)
	if receiver == sender {
		return true
	}
	ridc, sidc := receiver[:2], sender[:2]
	if constrained {
		return ridc == "42" || ridc == "4d" || ridc == "64"
	}
	return ridc == sidc && sidc != "42" || sidc == "4d" && ridc == "64"
}

// h264Constrained reports whether a profile is Constrained Baseline.
func h264Constrained(levelID string) bool {
	profile := h264Profile(levelID)
	iop, _ := strconv.ParseUint(profile[2:4], 16, 8)
	return profile[:2] == "42" && iop&0x40 != 0
}

// codecDraft collects a payload type's attributes while reading.
type codecDraft struct {
	name     string // upper case
	clock    uint32
	channels string
	fmtp     map[string]string
	feedback Feedback
}

// parseCodecs returns the codecs of the m= line's formats that we forward. A
// payload type counts once, and the first maxCodecs count. Encoding names compare without case (RFC 8866
// §6.6 by way of the media type registry).
func parseCodecs(kind Kind, formats []string, as attributes) []CodecParams {
	drafts, every := draftCodecs(as)
	rtx := make(map[uint8]uint8) // apt → RTX payload type
	for pt, d := range drafts {
		if d.name != "RTX" || !slices.Contains(formats, strconv.Itoa(int(pt))) {
			continue
		}
		if apt, err := strconv.ParseUint(d.fmtp["apt"], 10, 7); err == nil {
			// The lowest wins where two repair the same, so that the outcome
			// does not depend on map order.
			if old, ok := rtx[uint8(apt)]; !ok || pt < old {
				rtx[uint8(apt)] = pt
			}
		}
	}
	var out []CodecParams
	for _, f := range formats {
		if len(out) == maxCodecs {
			break
		}
		n, err := strconv.ParseUint(f, 10, 7)
		pt := uint8(n)
		d := drafts[pt]
		if err != nil || d == nil || slices.ContainsFunc(out, func(c CodecParams) bool { return c.PT == pt }) {
			continue
		}
		if c, ok := d.params(kind, pt); ok {
			c.RTX = rtx[pt]
			c.Feedback |= every
			out = append(out, c)
		}
	}
	return out
}

// draftCodecs gathers rtpmap, fmtp and rtcp-fb lines by payload type. every
// is what "a=rtcp-fb:*" gives to all.
func draftCodecs(as attributes) (drafts map[uint8]*codecDraft, every Feedback) {
	drafts = make(map[uint8]*codecDraft)
	for _, a := range as { // rtpmap first: other lines may stand before it
		if a.Key != "rtpmap" {
			continue
		}
		head, rest, ok := strings.Cut(a.Value, " ")
		pt, err := strconv.ParseUint(head, 10, 7)
		if !ok || err != nil || pt == 0 {
			continue
		}
		f := strings.Split(strings.TrimSpace(rest), "/")
		if len(f) < 2 {
			continue
		}
		clock, err := strconv.ParseUint(f[1], 10, 32)
		if err != nil {
			continue
		}
		d := &codecDraft{name: strings.ToUpper(f[0]), clock: uint32(clock)}
		if len(f) > 2 {
			d.channels = f[2]
		}
		drafts[uint8(pt)] = d
	}
	for _, a := range as {
		if a.Key != "rtcp-fb" && a.Key != "fmtp" {
			continue
		}
		head, rest, _ := strings.Cut(a.Value, " ")
		if a.Key == "rtcp-fb" && head == "*" {
			every |= feedback(rest)
			continue
		}
		pt, err := strconv.ParseUint(head, 10, 7)
		d := drafts[uint8(pt)]
		if err != nil || d == nil {
			continue
		}
		switch a.Key {
		case "fmtp":
			d.fmtp = parseFmtp(rest)
		case "rtcp-fb":
			d.feedback |= feedback(rest)
		}
	}
	return drafts, every
}

// params checks that a draft is one of our codecs as RTP for WebRTC defines it.
func (d *codecDraft) params(kind Kind, pt uint8) (CodecParams, bool) {
	c := CodecParams{Codec: CodecByName(d.name), PT: pt, Feedback: d.feedback}
	if c.Codec == CodecNone || c.Codec.Kind() != kind || c.Codec.ClockRate() != d.clock {
		return c, false
	}
	switch c.Codec {
	case CodecOpus:
		return c, d.channels == "2" // RFC 7587 §7: always 2
	case CodecH264:
		c.Profile = strings.ToLower(d.fmtp["profile-level-id"])
		if c.Profile == "" {
			c.Profile = defaultH264Profile
		}
		hex := len(c.Profile) == 6
		for i := 0; hex && i < 6; i++ {
			hex = isHex(c.Profile[i])
		}
		c.ParamSets = parseParamSets(d.fmtp["sprop-parameter-sets"])
		return c, hex && d.fmtp["packetization-mode"] == "1"
	case CodecVP9:
		return c, c.vp9Format(d.fmtp)
	case CodecAV1:
		return c, c.av1Format(d.fmtp)
	}
	return c, true
}

// parseParamSets reads "Z0LA…,aM48…": NAL units in base64, padded or not.
func parseParamSets(s string) (sets [][]byte) {
	if len(s) > 2*maxParamBytes {
		return nil
	}
	size := 0
	for text := range strings.SplitSeq(s, ",") {
		nal, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
		if err != nil {
			return nil
		}
		// Units of other types no decoder needs. The first bit is always 0.
		if len(nal) == 0 || nal[0]&0x80 != 0 || nal[0]&0x1f != nalSPS && nal[0]&0x1f != nalPPS {
			continue
		}
		if size += len(nal); len(sets) == maxParamSets || size > maxParamBytes {
			return nil
		}
		sets = append(sets, nal)
	}
	return sets
}

// parseFmtp reads "a=1;b=2". Keys are lower-cased; at most 32 are kept.
func parseFmtp(s string) map[string]string {
	m := make(map[string]string)
	for _, p := range strings.Split(s, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if k != "" && len(m) < 32 {
			m[strings.ToLower(k)] = strings.TrimSpace(v)
		}
	}
	return m
}

func feedback(s string) Feedback {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, f := range feedbackNames {
		if f.name == s {
			return f.bit
		}
	}
	return 0
}
