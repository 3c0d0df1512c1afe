package rtc

import "runtime/debug"

// party is whom work is done for: a remote, a feed or a tap. A panic in that
// work ends it, and nobody else.
type party interface {
	// fail is called on a goroutine of control.
	fail(error)
}

// contain ends a panic on a goroutine that others depend on: it is counted
// and logged, and the party it was about, if any, fails. To be deferred.
func (g *group) contain(during string, of party) {
	r := recover()
	if r == nil {
		return
	}
	g.drops[dropPanic].Add(1)
	g.log.Error("media goroutine panicked", "during", during, "panic", r, "stack", string(debug.Stack()))
	if of != nil {
		of.fail(ErrPanicked)
	}
}
