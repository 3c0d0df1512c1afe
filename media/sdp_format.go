package media

import (
	"fmt"
	"strconv"
	"strings"
)

// vp9Format reads VP9's parameters (RFC 9628 §6): the profile, 0 if it is not
// told.
func (c *CodecParams) vp9Format(fmtp map[string]string) bool {
	profile, told, ok := smallNumber(fmtp, "profile-id", 3)
	c.Profile = strconv.Itoa(profile)
	if told {
		c.Format = "profile-id=" + c.Profile
	}
	return ok
}

// av1Format reads AV1's parameters (RTP Payload Format For AV1, §7.2.2). What
// says no level is answered none, for there is no limit to what we forward.
func (c *CodecParams) av1Format(fmtp map[string]string) bool {
	var format []string
	for _, p := range []struct {
		key string
		max int
	}{{"level-idx", 31}, {"profile", 2}, {"tier", 1}} {
		n, told, ok := smallNumber(fmtp, p.key, p.max)
		if !ok {
			return false
		}
		if p.key == "profile" {
			c.Profile = strconv.Itoa(n)
		}
		if told {
			format = append(format, fmt.Sprintf("%s=%d", p.key, n))
		}
	}
	c.Format = strings.Join(format, ";")
	return true
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
