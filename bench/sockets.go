package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"parley/bench/client"
)

// SocketsCmd is the scenario sockets.
type SocketsCmd struct {
	Common  `embed:""`
	Sockets int  `short:"n" default:"1000" help:"How many are opened."`
	TLS     bool `name:"tls" help:"Our own server serves HTTPS, with a certificate made for it."`
}

// joinWithin is how long a server lets a socket be that has not joined.
const joinWithin = 60 * time.Second

// Run runs the scenario: open, wait, look at memory.
func (c *SocketsCmd) Run(ctx context.Context, out io.Writer) error {
	if c.Sockets < 1 {
		return errors.New("--sockets must be at least 1")
	}
	if c.Ramp+c.Warmup+c.Duration >= joinWithin-5*time.Second {
		return fmt.Errorf("--ramp, --warmup and --duration together must stay below %v: sockets that join nothing are closed after %v",
			joinWithin-5*time.Second, joinWithin)
	}
	tls, clean, err := c.certificate(c.TLS)
	if err != nil {
		return err
	}
	defer clean()
	r, err := c.open(ctx, "sockets", out, needs{clients: c.Sockets, tls: tls, profiles: true})
	if err != nil {
		return err
	}
	defer r.close()
	r.rep.Params["sockets"], r.rep.Params["tls"] = c.Sockets, c.TLS
	swarm, err := client.NewSwarm(r.config(1, 0), r.loops(), c.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	if err = r.openAll(ctx, swarm, c.Sockets); err != nil {
		return err
	}
	pause(ctx, c.Warmup)
	w := r.measure(ctx, swarm, r.meter, c.Duration, "open")
	if err = r.alive(); err != nil {
		return err
	}
	if w.wall < 200*time.Millisecond {
		return errNothing
	}
	r.fillHeld(w, c.Sockets)
	if lost := swarm.ClosedSockets(); lost > 0 {
		return fmt.Errorf("the server closed %d of %d sockets: nothing was measured", lost, c.Sockets)
	}
	return r.publish(out)
}

// openAll opens n sockets, over --ramp or as fast as it goes.
func (r *runner) openAll(ctx context.Context, swarm *client.Swarm, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	var next, opened atomic.Int64
	var group sync.WaitGroup
	for range joinAtOnce {
		group.Go(func() {
			for i := next.Add(1); i <= int64(n) && ctx.Err() == nil; i = next.Add(1) {
				pause(ctx, time.Until(start.Add(r.flags.Ramp*time.Duration(i)/time.Duration(n))))
				if err := swarm.OpenSocket(ctx); err != nil {
					cancel(fmt.Errorf("socket %d could not be opened: %w", i, plainError(r.url, err)))
					return
				}
				opened.Add(1)
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if ctx.Err() != nil {
		return errNothing
	}
	r.prog.step("%d sockets opened in %.1f s", opened.Load(), time.Since(start).Seconds())
	return nil
}
