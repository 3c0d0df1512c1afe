// Package actors is a small actor runtime: goroutines that own state and are
// reached only by messages. It knows nothing about meetings.
//
//	sys := actors.NewSystem(actors.Options{Log: log})
//	ref, err := actors.Spawn(sys, actors.Spec[counterMsg]{
//		Kind: "counter", Name: "a", New: func() actors.Handler[counterMsg] { return &counter{} },
//	})
//	err = ref.Tell(add{2}, actors.Drop)
//	n, err := actors.Ask(ctx, ref, func(r actors.Reply[int]) counterMsg { return total{r} })
//	err = sys.Stop(ctx)
//
// # Who owns what
//
// An actor is one goroutine. Its Handler, its timers and its Context belong to
// that goroutine and need no lock; with the race detector on, the Context's
// methods panic when another goroutine calls them. A Ref is a handle: small,
// comparable, safe from any goroutine and any callback, valid after the actor
// is gone (Tell then returns ErrStopped).
//
// # Mailbox
//
// A mailbox is a ring of values of the actor's message type, bounded by
// Spec.Mailbox. The ring starts empty, doubles on demand and shrinks again when
// a busy time is over, so an idle actor costs its goroutine and little more.
// The sender says with a Policy what happens when it is full:
//
//	Block(ctx), Wait(d)   control: the sender waits, in order of arrival
//	Coalesce(key)         state: replaces the queued message of the same key
//	Drop                  telemetry: refused with ErrFull and counted
//
// A Tell that does not wait costs no allocation. If the message type is an
// interface, convert once and send the same value to many.
//
// Stop requests and exits of children go through a lane of their own, which is
// drained before each message. Messages of one sender to one actor
// arrive in the order they were sent; timers do not pass through the mailbox
// (so a full one delays none) and a stopped timer never fires.
//
// # Life
//
//	       Spawn           Stop, parent stops, Context.Stop
//	New ──▶ Init ──▶ Handle … ──────────────────────────▶ children stop, last first
//	 ▲                  │ panic                             │
//	 └── Spec.Restart ──┤                                   ▼
//	     allows it      └──────▶ (beyond it) ──────────▶ tasks end ──▶ Stopped ──▶ Done
//
// A panic is logged with its stack and ends that handler only. If Spec.Restart
// allows, New makes another one, which gets the same mailbox without the message
// that panicked; else the actor ends. The parent is told of both through
// ExitHandler.
//
// A parent may wait for its children, never the reverse; no actor asks itself or
// a sibling and waits for the answer. A blocking Tell to one's own full mailbox
// can only time out (under the race detector it panics).
//
// # Limits
//
// One process. No selective receive: it would make the mailbox a search
// structure. No packet passes through here: media workers read tables that
// actors publish.
//
// # Why not otherwise
//
// Actors scheduled on demand onto a pool would save the 2 KiB of stack each, but
// a handler that calls anything blocking would then stall its neighbours, and
// stacks of thousands of rooms are small change beside their sockets. Channels as
// mailboxes can neither coalesce, nor tell two lanes apart without a select per
// message, nor grow: they hold their bound from the start.
package actors
