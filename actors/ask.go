package actors

import "context"

// Reply is the way back of an Ask. It is sent at most once, from any goroutine;
// what comes after the first is ignored. The zero Reply goes nowhere.
type Reply[R any] struct{ ch chan answer[R] }

type answer[R any] struct {
	value R
	err   error
}

// Send answers with a value. It never blocks.
func (r Reply[R]) Send(value R) { r.put(answer[R]{value: value}) }

// Fail answers with an error.
func (r Reply[R]) Fail(err error) { r.put(answer[R]{err: err}) }

func (r Reply[R]) put(a answer[R]) {
	select {
	case r.ch <- a:
	default:
	}
}

// Ask sends the message that question makes and waits for its Reply. It returns
// the answer's error, ErrStopped if the actor ends without answering, or ctx's.
// An actor may not Ask itself, a sibling or its parent. If the handler panics
// over the question and restarts, nobody answers: give ctx a deadline.
func Ask[M, R any](ctx context.Context, ref Ref[M], question func(Reply[R]) M) (R, error) {
	var zero R
	reply := Reply[R]{ch: make(chan answer[R], 1)}
	if err := ref.Tell(question(reply), Block(ctx)); err != nil {
		return zero, err
	}
	select {
	case a := <-reply.ch:
		return a.value, a.err
	case <-ctx.Done():
		return zero, ctx.Err()
	case <-ref.Done():
	}
	select {
	case a := <-reply.ch:
		return a.value, a.err
	default:
		return zero, ErrStopped
	}
}
