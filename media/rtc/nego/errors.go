package nego

import "errors"

// ErrIdentityChanged: a later offer has another DTLS fingerprint.
var ErrIdentityChanged = errors.New("fingerprint differs from the session's")
