package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// foreign is what others have written and the engine calls in tasks.
type foreign struct {
	// overdue counts the calls that go on though their context has ended. Nothing can
	// end one: it keeps its place, for what it holds it holds, and counts here.
	overdue atomic.Int64
}

// late is how many are overdue now. One that ends in this moment may be counted down
// before it is counted up.
func (f *foreign) late() int64 { return max(0, f.overdue.Load()) }

// guarded makes a call of what others have written, in a task: a panic of theirs is an
// error like another one, and costs only who waits for the task.
func (e *env) guarded(ctx context.Context, what string, f *foreign, call func(context.Context) error) (err error) {
	inTime := context.AfterFunc(ctx, func() { f.overdue.Add(1) })
	defer func() {
		if !inTime() {
			f.overdue.Add(-1)
		}
		if v := recover(); v != nil {
			e.log.Error("panic in what the engine was given", "in", what, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("%s panicked: %v", what, v)
		}
	}()
	return call(ctx)
}
