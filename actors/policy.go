package actors

import (
	"context"
	"time"
)

// Policy says what Tell does when the mailbox is full. The zero Policy is Drop.
type Policy struct {
	mode mode
	key  Key
	ctx  context.Context
	wait time.Duration
}

type mode uint8

const (
	modeDrop mode = iota
	modeBlock
	modeWait
	modeCoalesce
)

// Key names the state a coalesced message carries.
type Key struct {
	// Class tells kinds of state apart.
	Class uint32
	// ID tells things of that kind apart, for example a Ref's ID.
	ID uint64
}

// Drop refuses the message with ErrFull and counts it. For telemetry, and for
// control messages whose sender can deal with the error (end the slow peer).
var Drop = Policy{}

// Block waits for room until ctx is done and then returns its error. For
// control messages. Waiting senders are served in order.
func Block(ctx context.Context) Policy { return Policy{mode: modeBlock, ctx: ctx} }

// Wait waits for room for at most d and then returns
// context.DeadlineExceeded. Without a wait it costs no timer.
func Wait(d time.Duration) Policy { return Policy{mode: modeWait, wait: d} }

// Coalesce replaces the queued message with the same key, in its place; if none
// is queued it behaves like Drop. For state of which only the latest value
// matters. A mailbox whose coalesced keys number fewer than its bound, and which
// is told nothing else, refuses none.
func Coalesce(key Key) Policy { return Policy{mode: modeCoalesce, key: key} }
