package actors

import (
	"runtime"
	"runtime/debug"
)

// loop is the actor's goroutine.
func (a *actor[M]) loop() {
	a.owner.bind()
	a.meter.work(a.sys.clock())
	defer a.finish() // deferred: it also runs on Goexit
	for !a.over {
		a.run()
	}
}

// run handles up to a budget of messages. A panic ends the run, not the loop.
func (a *actor[M]) run() {
	defer a.recovered()
	if !a.ready {
		a.begin()
	}
	a.fireTimers()
	for range a.spec.Budget {
		if a.over {
			return
		}
		msg, n, e := a.box.take()
		switch e {
		case gotMessage:
			a.handler.Handle(&a.ctx, msg)
		case gotNote:
			a.onNote(n)
		case nothing:
			a.idle()
			return
		}
	}
	runtime.Gosched()
}

// begin makes the handler.
func (a *actor[M]) begin() {
	a.ready = true
	a.handler = a.spec.New()
	a.broken = false
	if h, ok := a.handler.(InitHandler[M]); ok {
		if err := h.Init(&a.ctx); err != nil {
			a.end(err)
		}
	}
}

func (a *actor[M]) end(reason error) {
	if !a.over {
		a.over, a.reason = true, reason
	}
}

func (a *actor[M]) onNote(n *note) {
	switch n.kind {
	case noteStop:
		a.end(nil)
	case noteExit:
		a.onExit(n.exit)
	case noteCrash:
		a.crash(n.err)
	}
}

func (a *actor[M]) onExit(exit Exit) {
	if h, ok := a.handler.(ExitHandler[M]); ok && !a.broken {
		h.Exited(&a.ctx, exit)
	}
}

// idle sleeps until something comes or a timer is due.
func (a *actor[M]) idle() {
	if !a.box.park() {
		return
	}
	now := a.sys.clock()
	due := a.timers.channel(now)
	a.meter.rest(now)
	if due == nil {
		<-a.box.wake
	} else {
		select {
		case <-a.box.wake:
		case <-due:
			a.box.unpark()
		}
	}
	a.meter.work(a.sys.clock())
}

// recovered is deferred around everything that calls the handler.
func (a *actor[M]) recovered() {
	if v := recover(); v != nil {
		a.crash(&PanicError{Value: v, Stack: debug.Stack()})
	}
}

// guard runs f like a handler's method.
func (a *actor[M]) guard(f func()) {
	defer a.recovered()
	f()
}
