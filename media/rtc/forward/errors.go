package forward

import "errors"

// ErrClosed: of sessions, taps and feeds.
var ErrClosed = errors.New("media session is closed")

// Errors of feeds.
var (
	ErrFeed     = errors.New("feed with a source that can not be")
	ErrFeedFull = errors.New("feed's worker did not take packets in time")
	ErrTooLong  = errors.New("packet too long")
)

// Errors that end a session, a feed or a tap.
var (
	ErrPanicked   = errors.New("packet handling panicked")
	ErrSSRCsSpent = errors.New("peer has used more SSRCs than its keys may protect")
)
