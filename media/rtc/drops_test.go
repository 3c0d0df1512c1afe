package rtc

// reason is why something was dropped, as the metrics have it.
type reason string

func (r reason) String() string { return string(r) }

const (
	dropMalformed   reason = "malformed"
	dropAuth        reason = "srtp_auth"
	dropReplay      reason = "srtp_replay"
	dropStream      reason = "unknown_ssrc"
	dropSSRCs       reason = "too_many_ssrcs"
	dropPayload     reason = "payload"
	dropMuted       reason = "muted"
	dropUndecodable reason = "undecodable"
	dropSendFull    reason = "send_full"
	dropThrottled   reason = "throttled"
	dropPanic       reason = "panic"
)
