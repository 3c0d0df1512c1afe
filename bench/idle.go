package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"parley/bench/client"
	"parley/bench/report"
)

// IdleCmd is the scenario idle.
type IdleCmd struct {
	Common       `embed:""`
	Participants int  `short:"n" default:"200" help:"How many join."`
	Size         int  `default:"10" help:"Participants in each room."`
	Seats        int  `default:"9" help:"Seats each of them offers."`
	TLS          bool `name:"tls" help:"Our own server serves HTTPS, with a certificate made for it."`
}

// Run runs the scenario: join, wait, look at memory and CPU.
func (c *IdleCmd) Run(ctx context.Context, out io.Writer) error {
	if c.Participants < 1 || c.Size < 1 || c.Seats < 1 || c.Seats > client.MaxSeats {
		return fmt.Errorf("--participants and --size must be at least 1, --seats 1 to %d", client.MaxSeats)
	}
	tls, clean, err := c.certificate(c.TLS)
	if err != nil {
		return err
	}
	defer clean()
	r, err := c.open(ctx, "idle", out, needs{clients: c.Participants, tls: tls, profiles: true})
	if err != nil {
		return err
	}
	defer r.close()
	p := r.rep.Params
	p["participants"], p["size"], p["seats"], p["tls"] = c.Participants, c.Size, c.Seats, c.TLS
	rooms := &roomSpec{rooms: (c.Participants + c.Size - 1) / c.Size, size: c.Size, seats: c.Seats}
	specs := rooms.build("idle").specs[:c.Participants]
	for _, s := range specs {
		s.View = nil // until the first view everyone is looked at
	}
	swarm, err := client.NewSwarm(r.config(c.Seats, 0), r.loops(), c.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	times, err := r.joinAll(ctx, swarm, specs)
	if err != nil {
		return err
	}
	pause(ctx, c.Warmup)
	w := r.measure(ctx, swarm, r.meter, c.Duration, "idle")
	if err = r.alive(); err != nil {
		return err
	}
	if w.wall < 200*time.Millisecond {
		return errNothing
	}
	r.rep.Join = joinReport(times, nil)
	r.healthNotes(swarm.Health())
	r.fillHeld(w, c.Participants)
	swarm.LeaveAll(2 * time.Second)
	return r.publish(out)
}

// fillHeld reports what n idle clients cost.
func (r *runner) fillHeld(w *window, n int) {
	rep := r.rep
	rep.Partial, rep.DurationS, rep.Participants = w.partial, w.wall.Seconds(), n
	rep.Timeline = w.samples
	r.fillBench(w)
	if w.cpu != nil {
		rep.ServerCPUPct = report.Some(cpuShare(*w.cpu, w.wall))
		rep.CPUPctPerThousand = report.Some(cpuShare(*w.cpu, w.wall) * 1000 / float64(n))
	}
	if rss, err := r.meter.RSS(); err == nil {
		rep.RSSKiB = &rss
		if r.own != nil {
			rep.RSSKiBPerParticipant = report.Some((rss - r.baseRSS) / float64(n))
		}
	}
	if live := r.live(); live != nil && r.baseLive != nil {
		rep.LiveKiBPerParticipant = report.Some((*live - *r.baseLive) / float64(n))
	}
	if page := r.page(); page != nil {
		fillProcess(rep, page)
	}
}
