package engine

import "parley/engine/wire"

// connState is how far a connection has come.
type connState uint8

const (
	connFresh   connState = iota // open, has not joined
	connPending                  // a join or resume is under way
	connBound                    // speaks for a participant
	connClosed                   // over, or about to be
)

// rule says what a connection may do with one type of request, by its state.
// An empty code allows it.
type rule struct{ fresh, pending, bound wire.Code }

// rules has a row for every type of request: one without a row is refused.
var rules = map[string]rule{
	wire.TypeJoin:    {"", wire.CodeBadOrder, wire.CodeJoinedTwice},
	wire.TypeResume:  {"", wire.CodeBadOrder, wire.CodeJoinedTwice},
	wire.TypeOffer:   {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeView:    {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeMute:    {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeChat:    {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeHand:    {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeReact:   {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeCaption: {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypeRename:  {wire.CodeNotJoined, wire.CodeBadOrder, ""},
	wire.TypePing:    {"", "", ""},
	wire.TypeLeave:   {wire.CodeNotJoined, wire.CodeBadOrder, ""},
}

// permit returns the code that refuses a request in this state, or none. A
// closed connection is one that has left.
func permit(state connState, requestType string) wire.Code {
	r, ok := rules[requestType]
	if !ok {
		return wire.CodeUnknownType
	}
	switch state {
	case connFresh:
		return r.fresh
	case connPending:
		return r.pending
	case connBound:
		return r.bound
	}
	return wire.CodeNotJoined
}
