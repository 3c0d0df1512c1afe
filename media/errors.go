package media

import "errors"

// Errors of single packets: the packet is dropped and counted, nothing else
// dies. They are sentinels so that a drop costs no allocation.
var (
	ErrShortPacket   = errors.New("media: packet too short")
	ErrVersion       = errors.New("media: not RTP version 2")
	ErrHeader        = errors.New("media: header or extensions longer than the packet, or than they may be")
	ErrPadding       = errors.New("media: bad padding length")
	ErrPayload       = errors.New("media: malformed payload descriptor")
	ErrRTCP          = errors.New("media: malformed RTCP")
	ErrReplayed      = errors.New("media: packet replayed or too old")
	ErrAuth          = errors.New("media: packet not authentic")
	ErrNotEncrypted  = errors.New("media: SRTCP packet not encrypted")
	ErrTooManySSRC   = errors.New("media: too many SSRCs at a time in one session")
	ErrShortBuffer   = errors.New("media: send buffer too small")
	ErrIndexOverflow = errors.New("media: packet index used up")
)

// Errors of keying: the session dies.
var (
	ErrSSRCsSpent = errors.New("media: session has used more SSRCs than its keys may protect")
	ErrProfile    = errors.New("media: unknown SRTP protection profile")
	ErrKeySize    = errors.New("media: keying material of the wrong size")
)

// Errors of set-up by our own code.
var (
	ErrTemplate = errors.New("media: header extension does not fit the template")
)
