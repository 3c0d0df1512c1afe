package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTask(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawn("worker", probe{})
	done := make(chan struct{})
	tell(t, ref, func(ctx *Context[step]) {
		ctx.Go(func(context.Context) step { return func(*Context[step]) { close(done) } })
	})
	await(t, done)
}

func TestTaskEndsWithItsActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		var j journal
		ref := sys.spawn("worker", probe{stopped: func(*Context[step], error) { j.add("stopped") }})
		tell(t, ref, func(ctx *Context[step]) {
			ctx.Go(func(work context.Context) step {
				<-work.Done()
				time.Sleep(time.Second)
				j.add("task ended")
				return func(*Context[step]) { t.Error("a discarded message was handled") }
			})
		})
		synctest.Wait()
		sys.stop()
		j.want(t, "task ended", "stopped")
		if dead := sys.figure("probe").Dead; dead != 1 {
			t.Errorf("%d dead letters", dead)
		}
	})
}

func TestTaskPanicIsTheActors(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawn("worker", probe{})
	tell(t, ref, func(ctx *Context[step]) { ctx.Go(func(context.Context) step { panic("in task") }) })
	await(t, ref.Done())
	var p *PanicError
	if !errors.As(ref.Err(), &p) || p.Value != "in task" {
		t.Fatalf("err %v", ref.Err())
	}
}

func TestRestartKeepsTasksAsItKeepsChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		var j journal
		ref := sys.spawnSpec(phoenix(&j, Restart{Max: 1, Within: time.Minute}, true))
		tell(t, ref, func(ctx *Context[step]) {
			ctx.Go(func(work context.Context) step {
				time.Sleep(time.Second)
				if work.Err() != nil {
					t.Error("the restart ended the task")
				}
				return func(ctx *Context[step]) { j.add("told after the restart") }
			})
			panic("boom")
		})
		time.Sleep(2 * time.Second)
		settle(t, ref)
		j.want(t, "init 1", "init 2", "told after the restart")
	})
}

func TestRestartDiscardsTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		var j journal
		ref := sys.spawnSpec(phoenix(&j, Restart{Max: 1, Within: time.Minute}, false))
		tell(t, ref, func(ctx *Context[step]) {
			ctx.Go(func(work context.Context) step {
				<-work.Done()
				return func(*Context[step]) { t.Error("handled by the new handler") }
			})
			panic("boom")
		})
		synctest.Wait()
		settle(t, ref)
		j.want(t, "init 1", "init 2")
	})
}
