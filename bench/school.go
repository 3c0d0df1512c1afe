package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"parley/bench/client"
	"parley/bench/load"
	"parley/bench/report"
)

// SchoolCmd is the scenario school: many who come from one address, as all of a
// school do, and lose their WebSockets at one moment. Limits per address have to
// let them in and back. A server that listens on loopback alone has no limits
// for loopback, so it takes a server at another address, such as one in a
// network namespace.
type SchoolCmd struct {
	Common       `embed:""`
	Participants int           `short:"n" default:"1000" help:"How many join, over --ramp."`
	Size         int           `default:"25" help:"Participants in each room."`
	Seats        int           `default:"4" help:"Seats each of them offers."`
	Back         time.Duration `default:"60s" help:"How long to wait for all to be back."`
}

// Run runs the scenario: join, cut, come back.
func (c *SchoolCmd) Run(ctx context.Context, out io.Writer) error {
	if c.Participants < 1 || c.Size < 1 || c.Seats < 1 || c.Seats > client.MaxSeats || c.Back <= 0 {
		return fmt.Errorf("--participants and --size must be at least 1, --seats 1 to %d, --back longer than 0", client.MaxSeats)
	}
	r, err := c.open(ctx, "school", out, needs{clients: c.Participants})
	if err != nil {
		return err
	}
	defer r.close()
	p := r.rep.Params
	p["participants"], p["size"], p["seats"], p["ramp"] = c.Participants, c.Size, c.Seats, c.Ramp.String()
	rooms := &roomSpec{rooms: (c.Participants + c.Size - 1) / c.Size, size: c.Size, seats: c.Seats}
	swarm, err := client.NewSwarm(r.config(c.Seats, 0), r.loops(), c.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	times, err := r.joinAll(ctx, swarm, rooms.build("school").specs[:c.Participants])
	if err != nil {
		return err
	}
	pause(ctx, c.Warmup)
	r.prog.step("all WebSockets are cut")
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, c.Back)
	returns := swarm.CutAll(waiting)
	cancel()
	r.rep.DurationS = time.Since(began).Seconds()
	if err := r.alive(); err != nil {
		return err
	}
	r.rep.Partial, r.rep.Participants = ctx.Err() != nil, c.Participants
	r.rep.Join = joinReport(times, nil)
	r.rep.Return = returnReport(r.url, returns)
	swarm.LeaveAll(2 * time.Second)
	return r.publish(out)
}

// returnReport sums up how clients came back.
func returnReport(url string, returns []client.Return) *report.Return {
	rep := &report.Return{Cut: len(returns)}
	took := load.NewDelays()
	for _, r := range returns {
		rep.Attempts += r.Attempts
		if r.Err != nil {
			if rep.Failures == nil {
				rep.Failures = make(map[string]uint64)
			}
			rep.Failures[plainError(url, r.Err).Error()]++
			continue
		}
		rep.Back++
		_ = took.RecordValue(min(max(r.Took.Microseconds(), 1), load.MaxDelay))
	}
	rep.Took = report.QuantilesOf(took)
	return rep
}
