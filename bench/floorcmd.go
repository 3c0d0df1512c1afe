package bench

import (
	"context"
	"io"
	"time"

	"parley/bench/floor"
	"parley/bench/proc"
	"parley/bench/report"
)

// Run measures the single steps. The minimal forwarder is measured by the
// scenarios it belongs to.
func (c *FloorCmd) Run(ctx context.Context, out io.Writer) error {
	cpus, err := proc.ParseCPUs(c.CPUs)
	if err != nil {
		return err
	}
	if all := proc.Allowed(); cpus == nil && len(all) > 1 {
		cpus = all[:1]
	}
	if err = proc.PinSelf(cpus); err != nil {
		return err
	}
	if len(c.Destinations) > 0 {
		if err = checkFiles(maxOf(c.Destinations)); err != nil {
			return err
		}
	}
	prog, rep := newProgress(out, c.Quiet), report.New("floor", 0)
	rep.Params["cpus"], rep.Params["destinations"] = cpus.String(), c.Destinations
	start, self := time.Now(), proc.SelfCPU()
	err = floor.Micro(ctx, c.Destinations, func(s floor.Step) {
		rep.Floor = append(rep.Floor, report.Step{Name: s.Name, Bytes: s.Bytes, Destinations: s.Destinations, Batch: s.Batch, US: s.US})
		prog.tick("%s, %d bytes, %d destinations: %.3f µs", s.Name, s.Bytes, s.Destinations, s.US)
	})
	prog.clear()
	rep.DurationS = time.Since(start).Seconds()
	rep.BenchCPUPct = cpuShare(proc.SelfCPU()-self, time.Since(start))
	rep.Partial = ctx.Err() != nil
	if err != nil && (!rep.Partial || len(rep.Floor) == 0) {
		return err
	}
	return publish(rep, &c.Output, &report.Limits{}, out)
}

func maxOf(list []int) int {
	m := 0
	for _, v := range list {
		m = max(m, v)
	}
	return m
}
