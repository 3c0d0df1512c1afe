package actors

import (
	"context"
	"log/slog"
	"time"
)

// Context is an actor's own view of itself. It belongs to the actor's goroutine;
// do not hand it to another.
type Context[M any] struct{ a *actor[M] }

// Self returns the actor's handle, which may be handed to anybody.
func (c *Context[M]) Self() Ref[M] { return Ref[M]{c.a} }

// Name is the Spec's.
func (c *Context[M]) Name() string { return c.a.name }

// Log returns the system's logger with the actor's kind and name bound.
func (c *Context[M]) Log() *slog.Logger { return c.a.logger() }

// Now is the current time; virtual inside a synctest bubble.
func (c *Context[M]) Now() time.Time { return time.Now() }

// Stop ends the actor after the current message. reason is nil for an orderly
// end. The first call counts.
func (c *Context[M]) Stop(reason error) {
	c.a.owner.assert()
	c.a.end(reason)
}

// Restarts is how often the actor was restarted: 0 for the first handler.
func (c *Context[M]) Restarts() int { return c.a.restarts }

// Children is how many children live.
func (c *Context[M]) Children() int { return c.a.kids.len() }

// Go runs work on a goroutine of its own and tells the actor the message it
// returns, waiting for room. work's context ends when the actor stops, or restarts
// without Spec.KeepChildren; the message is then discarded. The actor's end waits
// for its tasks, and Stopped comes after them.
// A panic in work counts as one of the handler.
func (c *Context[M]) Go(work func(context.Context) M) {
	c.a.owner.assert()
	c.a.startTask(work)
}

// After has msg handled in d. The Timer may be ignored.
func (c *Context[M]) After(d time.Duration, msg M) *Timer[M] {
	c.a.owner.assert()
	return c.a.addTimer(d, 0, msg)
}

// Every has msg handled each d > 0. Ticks that the actor was too busy for are
// left out. It panics if d is not positive.
func (c *Context[M]) Every(d time.Duration, msg M) *Timer[M] {
	if d <= 0 {
		panic("actors: Every needs a positive interval")
	}
	c.a.owner.assert()
	return c.a.addTimer(d, d, msg)
}

// Target is any Ref.
type Target interface{ target() *cell }

// Watch has ExitHandler told when t ends; at once if it has. Watching twice is
// watching once. Children need no Watch. Watches outlast a restart.
func (c *Context[M]) Watch(t Target) {
	c.a.owner.assert()
	c.a.watch(t.target(), watches)
}

// Unwatch ends a Watch or Link. An exit already on its way still arrives. If t
// watches this actor, it still does.
func (c *Context[M]) Unwatch(t Target) {
	c.a.owner.assert()
	c.a.unwatch(t.target())
}

// Link makes t and this actor share failures: if one ends with a reason, the
// other ends with ErrLinked. An orderly stop of one does not touch the other.
func (c *Context[M]) Link(t Target) {
	c.a.owner.assert()
	c.a.watch(t.target(), links)
}

// AssertOwned panics when the caller is not the actor's goroutine. It does
// something only under the race detector, and is for loop functions.
func (c *Context[M]) AssertOwned() { c.a.owner.assert() }

func (c *Context[M]) home() *cell {
	c.a.owner.assert()
	return &c.a.cell
}
