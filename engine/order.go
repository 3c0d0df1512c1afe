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

// order says when a request is legal: by the connection's state, the code that
// refuses it. An empty code takes it.
type order struct{ fresh, pending, bound wire.Code }

var (
	entering = order{"", wire.CodeBadOrder, wire.CodeJoinedTwice}
	inside   = order{wire.CodeNotJoined, wire.CodeBadOrder, ""}
	anyTime  = order{"", "", ""}
)

// refuses returns the code that refuses a request in this state, or none. A closed
// connection is one that has left.
func (o order) refuses(state connState) wire.Code {
	switch state {
	case connFresh:
		return o.fresh
	case connPending:
		return o.pending
	case connBound:
		return o.bound
	}
	return wire.CodeNotJoined
}
