package actors

import "context"

// Reply is the way back of an Ask. It is sent at most once, from any goroutine;
// what comes after the first is ignored. The zero Reply goes nowhere.
type Reply[R any] struct{ ch chan R }

// Send answers. It never blocks.
func (r Reply[R]) Send(value R) {
	select {
	case r.ch <- value:
	default:
	}
}

// Ask sends the message that question makes and waits for its Reply. It returns
// the answer, ErrStopped if the actor ends without one, or ctx's error.
// An actor may not Ask itself, a sibling or its parent. If the handler panics
// over the question and restarts, nobody answers: give ctx a deadline.
func Ask[M, R any](ctx context.Context, ref Ref[M], question func(Reply[R]) M) (R, error) {
	var zero R
	reply := Reply[R]{ch: make(chan R, 1)}
	if err := ref.Tell(question(reply), Block(ctx)); err != nil {
		return zero, err
	}
	select {
	case value := <-reply.ch:
		return value, nil
	case <-ctx.Done():
		return zero, ctx.Err()
	case <-ref.Done():
	}
	select {
	case value := <-reply.ch:
		return value, nil
	default:
		return zero, ErrStopped
	}
}
