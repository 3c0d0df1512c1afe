package engine

import (
	"fmt"
	"runtime/debug"
)

// guarded runs what others have written, in a task: a panic of theirs is an error
// like another one, and costs only who waits for the task.
func (e *env) guarded(what string, run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.log.Error("panic in what the engine was given", "in", what, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("%s panicked: %v", what, v)
		}
	}()
	return run()
}
