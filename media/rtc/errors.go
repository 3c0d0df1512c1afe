package rtc

import (
	"errors"

	"parley/media/rtc/forward"
	"parley/media/rtc/nego"
	"parley/media/rtc/path"
)

// ErrNoAddress: nothing to listen on.
var ErrNoAddress = errors.New("no usable media address")

// ErrClosed: of sessions, taps and feeds.
var ErrClosed = forward.ErrClosed

// Errors of opening and renegotiating a session. Faults of the offer come as
// media's errors, which carry a code.
var (
	// ErrIdentityChanged: a later offer has another DTLS fingerprint.
	ErrIdentityChanged = nego.ErrIdentityChanged
)

// Errors that end a session, given to Events.MediaFailed.
var (
	ErrTimeout = errors.New("nothing authentic received for too long")

	ErrFingerprint  = path.ErrFingerprint
	ErrHandshake    = path.ErrHandshake
	ErrNotNominated = path.ErrNotNominated
	ErrPanicked     = forward.ErrPanicked
	ErrSSRCsSpent   = forward.ErrSSRCsSpent
)
