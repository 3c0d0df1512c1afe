package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"parley/bench/client"
)

// joinAtOnce is how many clients join side by side.
const joinAtOnce = 16

// joinAll brings everyone in, in order of specs; over --ramp, or as fast as
// the server lets them. The first failure ends it.
func (r *runner) joinAll(ctx context.Context, swarm *client.Swarm, specs []*client.Spec) ([]client.Times, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	times := make([]client.Times, len(specs))
	next := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex // guards joined
	joined := 0
	for range min(joinAtOnce, len(specs)) {
		group.Go(func() {
			for i := range next {
				_, t, err := swarm.Join(ctx, specs[i])
				if err != nil {
					cancel(fmt.Errorf("client %d could not join: %w", i+1, plainError(r.url, err)))
					return
				}
				mu.Lock()
				times[i] = t
				joined++
				r.prog.tick("joined %d of %d", joined, len(specs))
				mu.Unlock()
			}
		})
	}
	r.feed(ctx, start, specs, next)
	close(next)
	group.Wait()
	r.prog.clear()
	if err := r.alive(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, errNothing
	}
	r.prog.step("%d clients joined in %.1f s", len(specs), time.Since(start).Seconds())
	return times, nil
}

// feed hands out the clients in time.
func (r *runner) feed(ctx context.Context, start time.Time, specs []*client.Spec, next chan<- int) {
	for i := range specs {
		due := start.Add(r.flags.Ramp * time.Duration(i) / time.Duration(len(specs)))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return
		}
		select {
		case next <- i:
		case <-ctx.Done():
			return
		}
	}
}

// plainError says in one line what a user can mend.
func plainError(url string, err error) error {
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s (connection refused)", url)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("too few file descriptors: raise the limit (ulimit -n) or take fewer clients: %w", err)
	case errors.As(err, &dns):
		return fmt.Errorf("no such host in %s: %w", url, err)
	}
	return err
}

// pause waits, or ends early with ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
