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
	return c.a.addTimer(d, msg)
}

func (c *Context[M]) home() *cell {
	c.a.owner.assert()
	return &c.a.cell
}
