package bench

import (
	"context"
	"fmt"
	"time"

	"parley/bench/client"
	"parley/bench/load"
	"parley/bench/proc"
	"parley/bench/report"
)

// window is what one measured stretch of time gave.
type window struct {
	stats    *load.Stats
	wall     time.Duration // while everybody published
	cpu      *time.Duration
	benchCPU time.Duration
	samples  []report.Sample
	partial  bool
	limited  []string
}

// sampleEvery is the pace of the timeline.
const sampleEvery = 500 * time.Millisecond

// measure watches swarm for dur: what it receives, and what the watched
// process uses. Publishing is stopped at the end.
func (r *runner) measure(ctx context.Context, swarm *client.Swarm, m meter, dur time.Duration, label string) *window {
	w := &window{stats: load.NewStats()}
	before := swarm.Health()
	swarm.Begin()
	start, self := time.Now(), proc.SelfCPU()
	cpu, cpuErr := m.CPU()
	t := &ticker{at: start, self: self, cpu: cpu, cpuErr: cpuErr, first: start}
	for wall := time.Duration(0); wall < dur; wall = time.Since(start) {
		select {
		case <-ctx.Done():
			w.partial = true
		case <-time.After(min(sampleEvery, dur-wall)):
		}
		if w.partial {
			break
		}
		st := swarm.Interval()
		s := t.sample(st, m)
		s.Clients = swarm.Clients()
		w.samples = append(w.samples, s)
		w.stats.Add(st)
		r.prog.tick("%s %4.0f s: %s", label, s.AtS, sampleLine(&s))
	}
	w.wall = time.Since(start)
	w.benchCPU = proc.SelfCPU() - self
	w.stats.Add(swarm.Finish())
	now, err := m.CPU()
	w.cpu = used(cpu, cpuErr, now, err)
	w.limited = r.limits(w, before, swarm.Health())
	if err := swarm.Err(); err != nil {
		w.limited = append(w.limited, err.Error())
	}
	r.prog.clear()
	return w
}

// ticker makes the samples of a timeline.
type ticker struct {
	first, at time.Time
	self, cpu time.Duration
	cpuErr    error
}

func (t *ticker) sample(st *load.Stats, m meter) report.Sample {
	now := time.Now()
	step := now.Sub(t.at)
	s := report.Sample{AtS: now.Sub(t.first).Seconds(), PPS: float64(st.Packets) / step.Seconds()}
	if q := report.QuantilesOf(st.Delay); q != nil {
		s.P50, s.P99 = &q.P50, &q.P99
	}
	self := proc.SelfCPU()
	s.BenchCPUPct = cpuShare(self-t.self, step)
	cpu, err := m.CPU()
	if n := used(t.cpu, t.cpuErr, cpu, err); n != nil {
		s.ServerCPUPct = report.Some(cpuShare(*n, step))
	}
	t.cpu, t.cpuErr = cpu, err
	if rss, err := m.RSS(); err == nil {
		s.RSSKiB = &rss
	}
	t.at, t.self = now, self
	return s
}

func sampleLine(s *report.Sample) string {
	line := fmt.Sprintf("%.0f packets/s", s.PPS)
	if s.P99 != nil {
		line += fmt.Sprintf(", delay p50 %.2f p99 %.2f ms", *s.P50, *s.P99)
	}
	if s.ServerCPUPct != nil {
		line += fmt.Sprintf(", server %.0f %%", *s.ServerCPUPct)
	}
	return line + fmt.Sprintf(", bench %.0f %%", s.BenchCPUPct)
}

// Bounds beyond which the tool says that it was the bottleneck itself.
const (
	benchBusy = 0.90  // of its processors
	lateShare = 0.002 // of packets left out
)

// limits tells how the tool itself held the result down.
func (r *runner) limits(w *window, before, after client.Health) []string {
	var why []string
	cpus := max(len(r.benchCPUs), 1)
	if len(r.benchCPUs) == 0 {
		cpus = len(proc.Allowed())
	}
	if busy := cpuShare(w.benchCPU, w.wall) / 100 / float64(cpus); busy > benchBusy {
		why = append(why, fmt.Sprintf("its processors were %.0f %% busy", 100*busy))
	}
	if n := after.Late - before.Late; float64(n) > lateShare*float64(w.stats.Sent) {
		why = append(why, fmt.Sprintf("%d sounds and pictures were left out for lack of time", n))
	}
	if n := after.KernelDrops - before.KernelDrops; n > 0 {
		why = append(why, fmt.Sprintf("its receive buffers overflowed, %d datagrams", n))
	}
	if n := after.Loops.Unsent - before.Loops.Unsent; n > 0 {
		why = append(why, fmt.Sprintf("%d datagrams could not be sent", n))
	}
	return why
}
