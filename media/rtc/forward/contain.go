package forward

import "runtime/debug"

// party is whom work is done for: a remote, a feed or a tap. A panic in that
// work ends it, and nobody else.
type party interface {
	// fail is called on a goroutine of control.
	fail(error)
}

// Contain ends a panic on a goroutine that others depend on: it is counted
// and logged, and fail ends whom the work was about; nil if that was nobody. To be
// deferred.
func (g *Group) Contain(during string, fail func(error)) {
	r := recover()
	if r == nil {
		return
	}
	g.drops[dropPanic].Add(1)
	g.config.Log.Error("media goroutine panicked", "during", during, "panic", r, "stack", string(debug.Stack()))
	if fail != nil {
		fail(ErrPanicked)
	}
}
