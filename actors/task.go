package actors

import (
	"context"
	"runtime/debug"
)

// startTask is Context.Go.
func (a *actor[M]) startTask(work func(context.Context) M) {
	if a.taskCtx == nil {
		a.taskCtx, a.cancelTask = context.WithCancel(context.Background())
	}
	ctx := a.taskCtx
	a.tasks.Add(1)
	a.sys.launch(func() {
		defer a.tasks.Done()
		defer a.taskRecovered()
		msg := work(ctx)
		if ctx.Err() != nil || a.box.tell(msg, Block(ctx)) != nil {
			a.kind.dead.Add(1)
		}
	})
}

// taskRecovered hands a task's panic to the loop.
func (a *actor[M]) taskRecovered() {
	if v := recover(); v != nil {
		a.lane.post(&note{kind: noteCrash, err: &PanicError{Value: v, Stack: debug.Stack()}})
	}
}

// cancelTasks ends the contexts of the tasks that run.
func (a *actor[M]) cancelTasks() {
	if a.taskCtx != nil {
		a.cancelTask()
		a.taskCtx = nil
	}
}
