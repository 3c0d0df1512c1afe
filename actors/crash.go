package actors

import (
	"errors"
	"log/slog"
)

// crash ends the handler and decides whether another one follows.
func (a *actor[M]) crash(err error) {
	a.broken = true
	a.kind.panics.Add(1)
	again := !a.over && a.mayRestart()
	a.logCrash(err, again)
	if !again {
		a.over, a.reason = true, err
		return
	}
	a.restarts++
	a.kind.restarts.Add(1)
	a.timers.clear()
	if !a.spec.KeepChildren {
		a.cancelTasks()
		a.stopChildren()
	}
	a.ready = false // the next run makes the handler
	exit := a.exitWith(err)
	exit.Restarted = true
	a.tellParent(exit)
}

func (a *actor[M]) logCrash(err error, again bool) {
	attrs := []any{"error", err.Error(), "restarts", a.restarts}
	var p *PanicError
	if errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	if again {
		a.logger().Error("actor panicked, restarting", attrs...)
	} else {
		a.logger().Error("actor panicked", attrs...)
	}
}

// mayRestart counts this crash against the allowed intensity.
func (a *actor[M]) mayRestart() bool {
	now := a.sys.clock()
	recent := a.crashes[:0]
	for _, at := range a.crashes {
		if now-at < int64(a.spec.Restart.Within) {
			recent = append(recent, at)
		}
	}
	a.crashes = recent
	if len(recent) >= a.spec.Restart.Max {
		return false
	}
	a.crashes = append(a.crashes, now)
	return true
}

func (a *actor[M]) exitWith(err error) Exit {
	return Exit{ID: a.id, Kind: a.kind.name, Name: a.name, Err: err}
}

// stopChildren ends the children, the newest first, each before the next is
// asked.
func (a *actor[M]) stopChildren() {
	for c := a.kids.newest(); c != nil; c = a.kids.newest() {
		c.lane.post(&note{kind: noteStop})
		<-c.done
		for _, exit := range a.lane.takeChildExits() {
			a.guard(func() { a.onExit(exit) })
		}
	}
}

// finish ends the actor: no more messages, then children, tasks, the handler.
func (a *actor[M]) finish() {
	if !a.over { // the handler left the goroutine with runtime.Goexit
		a.over, a.reason, a.broken = true, ErrGoexit, true
	}
	a.box.shutDown()
	a.kids.close()
	a.timers.clear()
	a.cancelTasks()
	a.stopChildren()
	a.tasks.Wait()
	if h, ok := a.handler.(StopHandler[M]); ok && !a.broken {
		a.guard(func() { h.Stopped(&a.ctx, a.reason) })
	}
	left := a.box.dispose()
	a.meter.rest(a.sys.clock())
	a.kind.leave(&a.cell, left)
	a.exit = a.exitWith(a.reason)
	a.tellParent(a.exit)
	a.parent.kids.remove(&a.cell)
	close(a.done)
}
