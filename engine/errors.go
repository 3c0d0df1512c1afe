package engine

import (
	"errors"
	"fmt"

	"parley/engine/wire"
)

// Errors of the Engine's methods.
var (
	ErrNoFaults    = errors.New("fault hooks are off")
	ErrBadRating   = errors.New("a rating is 1 to 5 stars and at most 4000 bytes of comment")
	ErrNotYourself = errors.New("the token does not belong to this meeting")
)

// Errors of Records that the engine tells apart.
var (
	// ErrNotFound: there is no such meeting or participant.
	ErrNotFound = errors.New("not found")
	// ErrUnknown: nobody knows whether the write is on disk. The same text under the
	// same key settles it.
	ErrUnknown = errors.New("outcome unknown")
	// ErrRoomFull and ErrSourceFull: the room's texts, or those of the source in it,
	// have all the bytes they may.
	ErrRoomFull   = errors.New("room has all the texts it may keep")
	ErrSourceFull = errors.New("source has all the texts it may keep in the room")
)

// Coded is an error that has a wire.Code: refused offers carry one.
type Coded interface {
	error
	WireCode() wire.Code
}

// refusal is a request's error: a code for clients and a text for developers.
type refusal struct {
	code    wire.Code
	message string
	limit   string // of --limit-…, which one was reached
}

func (r *refusal) Error() string       { return fmt.Sprintf("%s: %s", r.code, r.message) }
func (r *refusal) WireCode() wire.Code { return r.code }

func refuse(code wire.Code, message string) *refusal { return &refusal{code: code, message: message} }

// overLimit is a refusal because a limit of that name is reached.
func overLimit(limit, message string) *refusal {
	return &refusal{code: wire.CodeRateLimited, message: message, limit: limit}
}

// limitOf names the limit that err is about, empty if it is about none.
func limitOf(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.limit
	}
	return ""
}

// CodeOf maps an error to the code clients are told: the one it carries, or
// internal. It is the one place where that is decided.
func CodeOf(err error) wire.Code {
	var c Coded
	if errors.As(err, &c) {
		return c.WireCode()
	}
	return wire.CodeInternal
}

// developerText is what the client's console may say about err: errors without
// a code are ours and told to nobody.
func developerText(err error) string {
	var c Coded
	if errors.As(err, &c) {
		return c.Error()
	}
	return "a fault of the server"
}
