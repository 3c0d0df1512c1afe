package wsconn

import (
	"errors"
	"fmt"
)

// Close status codes (RFC 6455 §7.4.1 and the IANA registry).
const (
	statusNormal      = 1000
	statusGoingAway   = 1001
	statusProtocol    = 1002
	statusUnsupported = 1003
	statusBadPayload  = 1007
	statusPolicy      = 1008
	statusTooBig      = 1009
	statusInternal    = 1011
	statusTryLater    = 1013
)

// Errors given to Handler.OnClose, besides CloseError and what the socket
// says.
var (
	// ErrSlowConsumer: the peer does not read what is sent to it.
	ErrSlowConsumer = errors.New("wsconn: slow consumer")
	// ErrPingTimeout: the peer did not answer two pings.
	ErrPingTimeout = errors.New("wsconn: peer does not answer pings")
	// ErrServerClosed: the Server was closed.
	ErrServerClosed = errors.New("wsconn: server closed")
)

// CloseError says that a connection ended with a close frame.
type CloseError struct {
	// Status and Reason are those of the close frame that came first. Status
	// is 1005 for a close frame without one.
	Status int
	Reason string
	// Remote: the peer sent it. Otherwise this side did, because of Close or
	// because the peer broke a rule.
	Remote bool
	// cause is the label the end is counted under.
	cause cause
}

func (e *CloseError) Error() string {
	side := "closed"
	if e.Remote {
		side = "peer closed"
	}
	return fmt.Sprintf("wsconn: %s with %d %q", side, e.Status, e.Reason)
}

// violation is what a peer gets that breaks a rule.
func violation(status int, reason string) *CloseError {
	return &CloseError{Status: status, Reason: reason, cause: causeOf(status)}
}

// cause is why a connection ended, the label of its counter.
type cause uint8

const (
	causePeer cause = iota
	causeLocal
	causeProtocol
	causeNotText
	causeBadPayload
	causePolicy
	causeTooBig
	causeSlowRead
	causeSlowConsumer
	causePingTimeout
	causeNoMemory
	causeShare
	causePanic
	causeLost
	causeShutdown
	causes
)

// causeNames are the labels, documented in README and /metrics.
var causeNames = [causes]string{
	causePeer:         "peer_closed",
	causeLocal:        "closed",
	causeProtocol:     "protocol_error",
	causeNotText:      "not_text",
	causeBadPayload:   "bad_utf8",
	causePolicy:       "policy",
	causeTooBig:       "too_large",
	causeSlowRead:     "slow_message",
	causeSlowConsumer: "slow_consumer",
	causePingTimeout:  "ping_timeout",
	causeNoMemory:     "input_budget",
	causeShare:        "input_share",
	causePanic:        "panic",
	causeLost:         "lost",
	causeShutdown:     "shutdown",
}

func causeOf(status int) cause {
	switch status {
	case statusUnsupported:
		return causeNotText
	case statusBadPayload:
		return causeBadPayload
	case statusPolicy:
		return causePolicy
	case statusTooBig:
		return causeTooBig
	}
	return causeProtocol
}

// causeOfErr returns the label for an error of OnClose.
func causeOfErr(err error) cause {
	var ce *CloseError
	switch {
	case errors.As(err, &ce):
		return ce.cause
	case errors.Is(err, ErrSlowConsumer):
		return causeSlowConsumer
	case errors.Is(err, ErrPingTimeout):
		return causePingTimeout
	case errors.Is(err, ErrServerClosed):
		return causeShutdown
	}
	return causeLost
}
