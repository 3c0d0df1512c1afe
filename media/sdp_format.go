package media

import (
	"strconv"
)

// vp9Format reads VP9's parameters (RFC 9628 §6): the profile, 0 if it is not
// told.
func (c *CodecParams) vp9Format(fmtp map[string]string) bool {
	profile, _, ok := smallNumber(fmtp, "profile-id", 3)
	c.Profile = strconv.Itoa(profile)
	return ok
}

// av1Format reads AV1's parameters (RTP Payload Format For AV1, §7.2.2).
func (c *CodecParams) av1Format(fmtp map[string]string) bool {
	profile, _, ok1 := smallNumber(fmtp, "profile", 2)
	level, told, ok2 := smallNumber(fmtp, "level-idx", 31)
	tier, _, ok3 := smallNumber(fmtp, "tier", 1)
	c.Profile, c.Tier = strconv.Itoa(profile), uint8(tier)
	if told {
		c.Level = uint8(level) + 1
	}
	return ok1 && ok2 && ok3
}

// smallNumber returns a parameter of 0 … limit, 0 if it is not told.
func smallNumber(fmtp map[string]string, key string, limit int) (n int, told, ok bool) {
	text, told := fmtp[key]
	if !told {
		return 0, false, true
	}
	v, err := strconv.ParseUint(text, 10, 8)
	return int(v), true, err == nil && int(v) <= limit
}

// format writes the parameters of VP9 and AV1 for the answer, which repeats
// those of the offer. What says no level is answered none: there is no limit to
// what we forward, and a sender would keep to it.
func (w *answerWriter) format(c *CodecParams) {
	switch {
	case c.Codec == CodecVP9:
		w.line("a=fmtp:%d profile-id=%s", c.PT, c.Profile)
	case c.Level != 0:
		w.line("a=fmtp:%d level-idx=%d;profile=%s;tier=%d", c.PT, c.Level-1, c.Profile, c.Tier)
	default:
		w.line("a=fmtp:%d profile=%s", c.PT, c.Profile)
	}
}
