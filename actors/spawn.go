package actors

import (
	"context"
	"sync"
	"time"
)

// Spec describes an actor.
type Spec[M any] struct {
	// Kind groups actors in Figures and is the key of Name in logs: "room".
	Kind string
	// Name tells actors of a kind apart for people; it need not be unique.
	Name string
	// New makes the handler. It runs on the actor's goroutine, at the start and
	// at each restart; what a restart needs must be reachable from here.
	New func() Handler[M]
	// Mailbox is the most messages that wait, default 256.
	Mailbox int
	// Budget is how many messages are handled before timers are looked at and
	// other goroutines get a turn, default 64.
	Budget int
	// Restart allows restarts after a panic; zero means none.
	Restart Restart
	// KeepChildren lets children and tasks live through a restart: the new handler
	// gets the messages of the tasks that the old one began. Without it children
	// are stopped before the new handler is made, and what tasks return is discarded.
	KeepChildren bool
}

// Restart is how often an actor may be restarted.
type Restart struct {
	// Max restarts are allowed Within that time; one more ends the actor.
	Max    int
	Within time.Duration
}

const (
	defaultMailbox = 256
	defaultBudget  = 64
)

// Parent is a *System or the *Context of the actor that spawns.
type Parent interface{ home() *cell }

// Spawn starts an actor under parent and returns without waiting for its Init.
// A Context may only be used as parent on its own goroutine, a System from any.
// It returns ErrStopped when the parent is stopping.
func Spawn[M any](parent Parent, spec Spec[M]) (Ref[M], error) {
	if spec.New == nil || spec.Kind == "" {
		panic("actors: Spec needs Kind and New")
	}
	if spec.Mailbox <= 0 {
		spec.Mailbox = defaultMailbox
	}
	if spec.Budget <= 0 {
		spec.Budget = defaultBudget
	}
	a := newActor(parent.home(), spec)
	if !a.parent.kids.add(&a.cell) {
		return Ref[M]{}, ErrStopped
	}
	a.kind.enter(&a.cell)
	a.sys.launch(a.loop)
	return Ref[M]{a}, nil
}

// actor is one actor. Fields below owner are loop-owned.
type actor[M any] struct {
	cell
	box   mailbox[M]
	spec  Spec[M]
	ctx   Context[M]
	owner owner

	handler  Handler[M]
	ready    bool // the handler was made and initialised
	broken   bool // the handler panicked
	over     bool // the loop shall end
	reason   error
	restarts int
	crashes  []int64 // clock of recent crashes
	timers   timers[M]

	tasks      sync.WaitGroup
	taskCtx    context.Context // nil while there were no tasks
	cancelTask context.CancelFunc
}

func newActor[M any](parent *cell, spec Spec[M]) *actor[M] {
	s := parent.sys
	a := &actor[M]{spec: spec}
	a.ctx.a = a
	a.sys, a.parent = s, parent
	a.id, a.name = s.nextID.Add(1), spec.Name
	a.kind = s.kindOf(spec.Kind)
	a.lane = &a.box.lane
	a.done = make(chan struct{})
	a.box.bound = spec.Mailbox
	a.box.wake = make(chan struct{}, 1)
	return a
}
