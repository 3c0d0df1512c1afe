package actors

import (
	"errors"
	"fmt"
)

// Errors of Tell, Ask and Spawn.
var (
	// ErrStopped: the actor has ended or is ending. A message refused so is
	// counted as a dead letter.
	ErrStopped = errors.New("actor stopped")
	// ErrFull: the mailbox is full and the policy does not wait.
	ErrFull = errors.New("mailbox full")
	// ErrNoActor: the Ref is the zero value.
	ErrNoActor = errors.New("no actor")
)

// ErrGoexit is the reason of an Exit when a handler called runtime.Goexit.
var ErrGoexit = errors.New("handler left its goroutine")

// PanicError is the reason of an actor whose handler or task panicked.
type PanicError struct {
	Value any
	// Stack is the panicking goroutine's, as debug.Stack prints it.
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
