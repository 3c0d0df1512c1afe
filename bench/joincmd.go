package bench

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"parley/bench/client"
	"parley/bench/load"
	"parley/bench/proc"
	"parley/bench/report"
)

// JoinCmd is the scenario join.
type JoinCmd struct {
	Common     `embed:""`
	VideoFlags `embed:""`
	JoinRate   float64       `name:"rate" default:"10" help:"Joins a second."`
	Stay       time.Duration `default:"2s" help:"How long each stays."`
	Rooms      int           `default:"5" help:"Rooms, each with one who sends all the time."`
	Seats      int           `default:"4" help:"Seats each newcomer offers."`
	Settle     time.Duration `default:"20s" help:"How long to wait at most until the server is back where it was."`
}

// Run runs the scenario.
func (c *JoinCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.VideoFlags.check(); err != nil {
		return err
	}
	if c.JoinRate <= 0 || c.JoinRate > 1000 || c.Stay < 0 || c.Rooms < 1 || c.Seats < 1 || c.Seats > client.MaxSeats {
		return fmt.Errorf("--rate must be over 0 and at most 1000, --rooms at least 1, --seats 1 to %d", client.MaxSeats)
	}
	peak := c.Rooms + int(c.JoinRate*(c.Stay.Seconds()+2))
	r, err := c.open(ctx, "join", out, needs{clients: peak})
	if err != nil {
		return err
	}
	defer r.close()
	p := r.rep.Params
	p["rate"], p["stay"], p["rooms"], p["seats"] = c.JoinRate, c.Stay.String(), c.Rooms, c.Seats
	p["bitrate"], p["fps"], p["simulcast"] = c.Bitrate.String(), c.FPS, c.Simulcast
	cfg := r.config(c.Seats, 0)
	cfg.Simulcast = c.Simulcast
	swarm, err := client.NewSwarm(cfg, r.loops(), c.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	hosts := &roomSpec{rooms: c.Rooms, size: 1, publishers: 1, publish: publishing(true, &c.VideoFlags), tile: c.Tile}
	if _, err = r.joinAll(ctx, swarm, hosts.build("join").specs); err != nil {
		return err
	}
	pause(ctx, c.Warmup)
	if err = c.measure(ctx, r, swarm); err != nil {
		return err
	}
	return r.publish(out)
}

// measure lets newcomers come and go, then looks whether all is as before.
func (c *JoinCmd) measure(ctx context.Context, r *runner, swarm *client.Swarm) error {
	// A first round pays for what is made only once.
	warm := &arrivals{cmd: c, swarm: swarm, first: 1000}
	warm.run(ctx, r, 2*time.Second)
	base := r.quiet(ctx, nil, c.Settle)
	swarm.Firsts()
	visit := &arrivals{cmd: c, swarm: swarm, first: 100000}
	done := make(chan struct{})
	go func() {
		defer close(done)
		visit.run(ctx, r, c.Duration)
	}()
	w := r.measureWhile(ctx, swarm, done)
	if err := r.alive(); err != nil {
		return err
	}
	if len(visit.times) == 0 && len(visit.failed) == 0 {
		return errNothing
	}
	rep := joinReport(visit.times, visit.firsts(swarm.Firsts()))
	rep.Attempts, rep.Failures = visit.attempts, visit.failed
	rep.Rate = float64(len(visit.times)) / visit.took.Seconds()
	r.rep.Partial, r.rep.DurationS, r.rep.Timeline = ctx.Err() != nil, w.wall.Seconds(), w.samples
	r.fillBench(w)
	fillQuality(r.rep, w.stats)
	if w.cpu != nil && len(visit.times) > 0 {
		r.rep.ServerCPUPct = report.Some(cpuShare(*w.cpu, w.wall))
		rep.CPUMS = report.Some(float64(w.cpu.Microseconds()) / 1000 / float64(len(visit.times)))
	}
	end := r.quiet(ctx, base, c.Settle)
	if base != nil && end != nil {
		rep.GoroutinesLeft = report.Some(end.goroutines - base.goroutines)
		rep.RSSLeftKiB = report.Some(end.rss - base.rss)
	}
	r.rep.Join = rep
	r.healthNotes(swarm.Health())
	swarm.LeaveAll(2 * time.Second)
	return nil
}

// arrivals is newcomers at a rate.
type arrivals struct {
	cmd   *JoinCmd
	swarm *client.Swarm
	first uint32 // sender number of the first

	took time.Duration // from the first to when no more were to come

	mu       sync.Mutex // guards what follows
	attempts int
	times    []client.Times
	failed   map[string]uint64
}

// run starts newcomers for dur and returns when the last has left.
func (a *arrivals) run(ctx context.Context, r *runner, dur time.Duration) {
	a.failed = make(map[string]uint64)
	var group sync.WaitGroup
	start := time.Now()
	period := time.Duration(float64(time.Second) / a.cmd.JoinRate)
	for i := 0; ; i++ {
		due := start.Add(time.Duration(i) * period)
		if due.Sub(start) >= dur {
			break
		}
		pause(ctx, time.Until(due))
		if ctx.Err() != nil {
			break
		}
		group.Go(func() { a.visit(ctx, r, i) })
	}
	a.took = min(time.Since(start), dur)
	group.Wait()
}

// visit is one newcomer's whole stay.
func (a *arrivals) visit(ctx context.Context, r *runner, i int) {
	spec := &client.Spec{
		Sender: a.first + uint32(i),
		Room:   fmt.Sprintf("join-%d", i%a.cmd.Rooms+1),
		Name:   fmt.Sprintf("Visitor %d", i+1),
	}
	c, t, err := a.swarm.Join(ctx, spec)
	a.mu.Lock()
	a.attempts++
	if err != nil {
		if ctx.Err() == nil {
			a.failed[plainError(r.url, err).Error()]++
		}
		a.mu.Unlock()
		return
	}
	a.times = append(a.times, t)
	n := a.attempts
	a.mu.Unlock()
	r.prog.tick("%d joined", n)
	pause(ctx, a.cmd.Stay)
	a.swarm.Leave(c)
}

// firsts leaves out milestones of those who were there before.
func (a *arrivals) firsts(all []client.Times) []client.Times {
	if len(a.times) == 0 {
		return nil
	}
	begin := a.times[0].Asked
	for _, t := range a.times {
		begin = min(begin, t.Asked)
	}
	var list []client.Times
	for _, t := range all {
		if t.Asked >= begin {
			list = append(list, t)
		}
	}
	return list
}

// level is what a server holds at one moment.
type level struct{ goroutines, rss float64 }

// quiet waits until the server's goroutines are back at base, or have stopped
// falling, at most for wait; nil without a metrics page.
func (r *runner) quiet(ctx context.Context, base *level, wait time.Duration) *level {
	var last *level
	same := 0
	for deadline := time.Now().Add(wait); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, time.Second) {
		page := r.page()
		n, ok := page.Sum(metricGoroutines)
		rss, err := r.meter.RSS()
		if page == nil || !ok || err != nil {
			return nil
		}
		if last != nil && n >= last.goroutines {
			same++
		} else {
			same = 0
		}
		last = &level{n, rss}
		if base != nil && n <= base.goroutines || base == nil && same >= 3 {
			break
		}
		r.prog.tick("waiting for the server to settle: %.0f goroutines", n)
	}
	return last
}

// measureWhile watches until done is closed.
func (r *runner) measureWhile(ctx context.Context, swarm *client.Swarm, done <-chan struct{}) *window {
	w := &window{stats: load.NewStats()}
	before := swarm.Health()
	swarm.Begin()
	start, self := time.Now(), proc.SelfCPU()
	cpu, cpuErr := r.meter.CPU()
	t := &ticker{at: start, self: self, cpu: cpu, cpuErr: cpuErr, first: start}
	for open := true; open; {
		select {
		case <-done:
			open = false
		case <-time.After(sampleEvery):
		}
		st := swarm.Interval()
		s := t.sample(st, r.meter)
		s.Clients = swarm.Clients()
		w.samples = append(w.samples, s)
		w.stats.Add(st)
	}
	w.wall, w.benchCPU = time.Since(start), proc.SelfCPU()-self
	now, err := r.meter.CPU()
	w.cpu = used(cpu, cpuErr, now, err)
	w.limited = r.limits(w, before, swarm.Health())
	return w
}
