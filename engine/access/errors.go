package access

import (
	"errors"
	"fmt"
	"time"

	"parley/engine/wire"
)

// Errors of Entries. An error that is none of these means that nothing was stored,
// unless it is ErrUnknown.
var (
	// ErrConflict: the entry's revision is not what the caller knows.
	ErrConflict = errors.New("entry has changed meanwhile")
	// ErrTooMany: there are as many entries of the kind as there may be.
	ErrTooMany = errors.New("too many entries of the kind")
	// ErrTooLarge: the key or the value is longer than it may be.
	ErrTooLarge = errors.New("entry too large")
	// ErrUnknown: nobody knows whether the change is stored. A Watch tells it in time.
	ErrUnknown = errors.New("outcome unknown")
)

// ErrNotFound: what is to be changed does not exist.
var ErrNotFound = errors.New("not found")

// Refusal is why somebody gets no access, or why a change is not made. It never
// holds a secret.
type Refusal struct {
	Code wire.Code
	// Field is which setting is wrong, with CodeBadSettings.
	Field string
	// RetryAfter is when to try again, 0 if that makes no sense.
	RetryAfter time.Duration
	Message    string // for developers
}

func (r *Refusal) Error() string {
	if r.Field != "" {
		return fmt.Sprintf("%s: %s %s", r.Code, r.Field, r.Message)
	}
	return fmt.Sprintf("%s: %s", r.Code, r.Message)
}

// WireCode implements engine.Coded.
func (r *Refusal) WireCode() wire.Code { return r.Code }

func badSettings(field, message string) *Refusal {
	return &Refusal{Code: wire.CodeBadSettings, Field: field, Message: message}
}

// refusals has one value for each code of a decision, so that to say no costs
// nothing.
var refusals = refusalsOf(map[wire.Code]string{
	wire.CodeUnavailable:    "the settings of the room can not be read",
	wire.CodeBadRoom:        "not a room's name",
	wire.CodeNoSuchRoom:     "there is no such room, and it can not be opened by going there",
	wire.CodeTokenNeeded:    "the room is for those who have a token",
	wire.CodeBadToken:       "not a token of this server",
	wire.CodeTokenExpired:   "the token has expired",
	wire.CodeTokenEarly:     "the token is not valid yet",
	wire.CodeTokenRoom:      "the token is for another room",
	wire.CodeRevoked:        "the token is revoked",
	wire.CodeNotAllowed:     "the token does not allow this",
	wire.CodeNotListed:      "not a member of the room",
	wire.CodePasswordNeeded: "the room has a password",
	wire.CodeBadPassword:    "not the room's password",
	wire.CodeBanned:         "banned from the room",
	wire.CodeLocked:         "the room is locked",
	wire.CodeNotYet:         "the room is not open yet",
	wire.CodeExpired:        "the room is over",
})

func refusalsOf(messages map[wire.Code]string) map[wire.Code]*Refusal {
	all := make(map[wire.Code]*Refusal, len(messages))
	for code, message := range messages {
		all[code] = &Refusal{Code: code, Message: message}
	}
	return all
}
