package actors

// Handler is an actor's behaviour. All its methods run on the actor's goroutine.
type Handler[M any] interface {
	// Handle deals with one message. It should not wait for long: see
	// Context.Go for what takes time.
	Handle(ctx *Context[M], msg M)
}

// InitHandler is an optional part of a Handler.
type InitHandler[M any] interface {
	// Init runs before the first message, also after a restart. An error ends
	// the actor with that reason; a restart does not help against it.
	Init(ctx *Context[M]) error
}

// StopHandler is an optional part of a Handler.
type StopHandler[M any] interface {
	// Stopped runs last, when the children and tasks have ended and no message
	// comes any more. reason is nil for an orderly stop. It is not called on a
	// handler that panicked.
	Stopped(ctx *Context[M], reason error)
}

// ExitHandler is an optional part of a Handler.
type ExitHandler[M any] interface {
	// Exited tells that a child ended or was restarted. It comes before waiting
	// messages. It is also called while the actor is stopping its children.
	Exited(ctx *Context[M], exit Exit)
}

// Exit is the end of an actor, or its restart.
type Exit struct {
	// ID, Kind and Name are the actor's.
	ID         uint64
	Kind, Name string
	// Err is nil for an orderly stop, a *PanicError after a panic.
	Err error
	// Restarted: the actor goes on with a new handler.
	Restarted bool
}
