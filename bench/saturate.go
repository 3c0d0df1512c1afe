package bench

import (
	"context"
	"fmt"
	"time"

	"parley/bench/client"
	"parley/bench/report"
)

// A step of a climb holds while no more than this is lost and late.
const (
	holdLoss = 0.5 // percent
	holdP99  = 50  // milliseconds
)

// How a climb goes: factors of the rate of pictures or, without any, sounds.
const (
	climbFactor = 1.5
	climbRefine = 4 // halvings between the last good step and the first bad one
	climbMax    = 30
)

// saturate raises the load until the server does not hold it, then closes in
// on the edge. The load is the picture rate: the pictures themselves, and so
// the runs, stay as they are. Where nobody sends pictures it is the rate of
// sounds, which get shorter.
func (f *forwarding) saturate(ctx context.Context, swarm *client.Swarm) error {
	c, err := f.climbTo(ctx, swarm, f.meter, "server")
	if err != nil {
		return err
	}
	f.rep.Saturate = c
	if c.LastGood >= 0 {
		best := c.Steps[c.LastGood]
		c.PPS = &best.PPS
		f.rep.DurationS += f.stepTime().Seconds()
		if c.P99At60, c.MedianP99At60, err = f.delayAtEase(ctx, swarm, f.meter, best.Load, "server"); err != nil {
			return err
		}
	}
	how := "the load is raised by sending more pictures a second; sound stays as it is"
	if f.video == nil {
		how = "the load is raised by sending more, shorter sounds a second"
	}
	f.rep.Notes = append(f.rep.Notes, how)
	return nil
}

// stepTime is how long one step is measured.
func (f *forwarding) stepTime() time.Duration {
	return min(max(f.flags.Duration/4, time.Second), 5*time.Second)
}

// climbTo finds the highest load that holds.
func (f *forwarding) climbTo(ctx context.Context, swarm *client.Swarm, m meter, label string) (*report.Climb, error) {
	var w *window // of the step measured last
	try := func(load float64) (step report.ClimbStep, err error) {
		step, w, err = f.climbStep(ctx, swarm, m, load, f.stepTime(), label)
		return step, err
	}
	best := func() {
		if label == "server" {
			f.fill(w)
		}
	}
	return climb(try, best, func() bool { return f.rep.Partial })
}

// climb raises the load until try says twice in a row that it does not hold:
// something else on the machine may have been in the way of the first. Then it
// closes in on the edge. best is called after each step that forwarded more
// than any before and held; cut tells that the run is to end early.
func climb(try func(load float64) (report.ClimbStep, error), best func(), cut func() bool) (*report.Climb, error) {
	c := &report.Climb{LastGood: -1}
	good, bad, load := 0.0, 0.0, 1.0
	for refined := 0; len(c.Steps) < climbMax; {
		step, err := try(load)
		if err == nil && !step.Good && !cut() {
			step, err = try(load)
		}
		if err != nil {
			return nil, err
		}
		c.Steps = append(c.Steps, step)
		if step.Good {
			good = load
			if c.LastGood < 0 || step.PPS > c.Steps[c.LastGood].PPS {
				c.LastGood = len(c.Steps) - 1
				best()
			}
		} else {
			bad = load
		}
		switch {
		case cut():
			return c, nil
		case bad == 0:
			load *= climbFactor
			continue
		case refined == climbRefine:
			return c, nil
		}
		refined++
		load = (good + bad) / 2
	}
	return c, nil
}

// climbStep measures one load for so long.
func (f *forwarding) climbStep(ctx context.Context, swarm *client.Swarm, m meter, load float64, length time.Duration, label string) (report.ClimbStep, *window, error) {
	swarm.SetRate(load)
	swarm.Resume()
	pause(ctx, 500*time.Millisecond)
	w := f.measure(ctx, swarm, m, length, fmt.Sprintf("%s at load ×%.2f", label, load))
	if err := f.alive(); err != nil {
		return report.ClimbStep{}, nil, err
	}
	if w.partial {
		f.rep.Partial = true
	}
	s := report.ClimbStep{Load: load, PPS: float64(w.stats.Packets) / w.wall.Seconds(), BenchCPUPct: cpuShare(w.benchCPU, w.wall)}
	if w.cpu != nil {
		s.ServerCPUPct = report.Some(cpuShare(*w.cpu, w.wall))
	}
	judgeStep(&s, w)
	f.prog.step("%s at load ×%.2f: %s", label, load, s.Line())
	for _, why := range w.limited {
		f.prog.step("  bench: %s", why)
	}
	return s, w, nil
}

// judgeStep says how much was lost and late in w, and whether the load was held:
// only if both were measured, and nobody got what is not his or nothing at all.
func judgeStep(s *report.ClimbStep, w *window) {
	if pct, ok := w.stats.LossPct(); ok {
		s.LossPct = &pct
	}
	if q := report.QuantilesOf(w.stats.Delay); q != nil {
		s.P99 = &q.P99
	}
	st := w.stats
	s.Good = !w.partial && s.LossPct != nil && *s.LossPct <= holdLoss && s.P99 != nil && *s.P99 <= holdP99 &&
		st.Silent == 0 && st.Crosstalk == 0 && st.Broken == 0
}

// ease is the share of saturation at which a server should forward without
// anybody noticing a delay.
const ease = 0.6

// delayAtEase returns the delay's p99 in milliseconds at that share of the load
// that just held, over as long as a run without a climb takes, and the median
// of the p99 of its samples; nil if that was cut short or nothing came.
func (f *forwarding) delayAtEase(ctx context.Context, swarm *client.Swarm, m meter, held float64, label string) (p99, median *float64, err error) {
	if f.rep.Partial {
		return nil, nil, nil
	}
	_, w, err := f.climbStep(ctx, swarm, m, ease*held, f.flags.Duration, label)
	if err != nil || f.rep.Partial {
		return nil, nil, err
	}
	if q := report.QuantilesOf(w.stats.Delay); q != nil {
		p99 = &q.P99
	}
	return p99, medianP99(w.samples), nil
}

// medianP99 returns the median of what the samples have; nil if none has any.
func medianP99(samples []report.Sample) *float64 {
	var all []float64
	for _, s := range samples {
		if s.P99 != nil {
			all = append(all, *s.P99)
		}
	}
	return median(all)
}

// saturateFloor climbs with the minimal forwarder in its sendmmsg form.
func (f *forwarding) saturateFloor(ctx context.Context, cfg *client.Config) error {
	child, err := startForwarder(f.serverCPUs)
	if err != nil {
		return err
	}
	defer child.Stop()
	swarm, err := client.NewSwarm(cfg, f.loops(), f.flags.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	if err = wire(swarm, child, f.topo, f.video, false); err != nil {
		return err
	}
	c, err := f.climbTo(ctx, swarm, pidMeter(child.Pid()), "minimal forwarder")
	if err != nil || c.LastGood < 0 || f.rep.Saturate == nil {
		return err
	}
	best, of := c.Steps[c.LastGood], f.rep.Saturate
	of.FloorPPS = &best.PPS
	of.ShareOfFloor = ratio(of.PPS, of.FloorPPS)
	of.FloorP99At60, of.FloorMedianP99At60, err = f.delayAtEase(ctx, swarm, pidMeter(child.Pid()), best.Load, "minimal forwarder")
	return err
}
