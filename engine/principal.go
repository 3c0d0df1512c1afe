package engine

import (
	"context"

	"parley/engine/access"
)

// Principal is who a connection comes from, as far as the request that opened it
// shows. It is known before anything is said, and never changes.
type Principal struct {
	// Credential is what was shown as a proof, such as a bearer token; empty:
	// nothing. It is a secret, and for an Authority only.
	Credential string
}

// Entry is what somebody wants to enter, and as whom.
type Entry struct {
	// Room is the key of the room he would be in, empty for a setup test.
	Room string
	// Name is what others would see, Identity the client's own key.
	Name, Identity string
}

// Grant is what somebody gets who is let in. It stays what it is for as long as
// the session does, on other connections too.
type Grant struct {
	// May is what he may do there.
	May access.Right
}

// Authority decides who may enter. It never hears of who resumes.
type Authority interface {
	// Admit may take its time, for the engine asks in a task, at most maxAdmissions
	// of them at once: what takes much memory or many cores has to bound itself
	// beyond that. It ends soon after ctx does, which is when Times.Admit is over or
	// the connection gone: from then until it returns it keeps its place and counts as
	// overdue (Figures.Overdue). An error refuses the join with its wire.Code (see
	// Coded), or with internal.
	Admit(ctx context.Context, who Principal, to Entry) (Grant, error)
}
