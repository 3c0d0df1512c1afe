package path

import "errors"

// Errors that end a session.
var (
	ErrFingerprint  = errors.New("peer certificate does not match the offered fingerprint")
	ErrHandshake    = errors.New("dtls handshake did not complete")
	ErrNotNominated = errors.New("peer did not nominate any of its addresses")
)
