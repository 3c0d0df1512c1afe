package rtc

import (
	"errors"

	"parley/media/rtc/nego"
	"parley/media/rtc/path"
)

// Errors of starting.
var (
	// ErrNoAddress: nothing to listen on.
	ErrNoAddress = errors.New("no usable media address")
)

// Errors of opening and renegotiating a session. Faults of the offer come as
// media's errors, which carry a code.
var (
	// ErrClosed: of taps and feeds as well.
	ErrClosed = errors.New("media session is closed")
	// ErrIdentityChanged: a later offer has another DTLS fingerprint.
	ErrIdentityChanged = nego.ErrIdentityChanged
)

// Errors of feeds.
var (
	ErrFeed     = errors.New("feed with a source that can not be")
	ErrFeedFull = errors.New("feed's worker did not take packets in time")
	ErrTooLong  = errors.New("packet too long")
)

// Errors that end a session, given to Events.MediaFailed.
var (
	ErrTimeout    = errors.New("nothing authentic received for too long")
	ErrPanicked   = errors.New("packet handling panicked")
	ErrSSRCsSpent = errors.New("peer has used more SSRCs than its keys may protect")

	ErrFingerprint  = path.ErrFingerprint
	ErrHandshake    = path.ErrHandshake
	ErrNotNominated = path.ErrNotNominated
)
