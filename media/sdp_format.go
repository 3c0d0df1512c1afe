package media

import "strconv"

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

// smallNumber returns a parameter of 0 … limit, 0 if it is not told.
func smallNumber(fmtp map[string]string, key string, limit int) (n int, told, ok bool) {
	text, told := fmtp[key]
	if !told {
		return 0, false, true
	}
	v, err := strconv.ParseUint(text, 10, 8)
	return int(v), true, err == nil && int(v) <= limit
}
