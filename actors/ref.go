package actors

// Ref is a handle to an actor that takes messages of type M. It is comparable,
// can be copied, and may be used from any goroutine, also after the actor's end.
// The zero Ref refers to no actor.
type Ref[M any] struct{ a *actor[M] }

// Tell puts msg into the mailbox. It returns nil when the actor will get it
// (unless it stops first), ErrFull, ErrStopped, ErrNoActor, or the error of the
// policy's context.
func (r Ref[M]) Tell(msg M, p Policy) error {
	if r.a == nil {
		return ErrNoActor
	}
	if raceEnabled && (p.mode == modeBlock || p.mode == modeWait) {
		r.a.assertNotFullSelf()
	}
	err := r.a.box.tell(msg, p)
	if err == ErrStopped {
		r.a.kind.dead.Add(1)
	}
	return err
}

// Stop asks the actor to end after the message it is at. What is still in its
// mailbox counts as dead letters. Stop does not wait; see Done.
func (r Ref[M]) Stop() {
	if r.a != nil {
		r.a.lane.post(&note{kind: noteStop})
	}
}

// Done is closed when the actor has ended, its children before it. It is nil for
// the zero Ref.
func (r Ref[M]) Done() <-chan struct{} {
	if r.a == nil {
		return nil
	}
	return r.a.done
}

// Err says why the actor ended: nil for an orderly stop, and before Done.
func (r Ref[M]) Err() error {
	if r.a == nil {
		return nil
	}
	select {
	case <-r.a.done:
		return r.a.exit.Err
	default:
		return nil
	}
}

// ID is unique in its System and never used again; 0 for the zero Ref.
func (r Ref[M]) ID() uint64 {
	if r.a == nil {
		return 0
	}
	return r.a.id
}

// Name is the Spec's.
func (r Ref[M]) Name() string {
	if r.a == nil {
		return ""
	}
	return r.a.name
}

// Depth is how many messages wait in the mailbox.
func (r Ref[M]) Depth() int {
	if r.a == nil {
		return 0
	}
	depth, _ := r.a.box.snapshot()
	return depth
}

// assertNotFullSelf panics when an actor is about to wait for itself.
func (a *actor[M]) assertNotFullSelf() {
	if a.owner.here() && a.box.full() {
		panic("actors: actor would wait for room in its own mailbox")
	}
}
