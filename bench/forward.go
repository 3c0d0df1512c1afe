package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"parley/bench/client"
	"parley/bench/load"
	"parley/bench/proc"
	"parley/bench/report"
)

// VideoFlags say what a camera sends.
type VideoFlags struct {
	Bitrate   Bits    `default:"1Mbps" help:"Bitrate of each camera, all layers together."`
	FPS       float64 `name:"fps" default:"30" help:"Pictures a second. Each is cut into equal packets of at most 1,200 bytes."`
	Simulcast bool    `help:"Send three layers (10, 25 and 65 % of the bitrate)."`
	Tile      int     `default:"640" help:"Width of the tiles that are looked at, in pixels."`
}

func (v *VideoFlags) check() error {
	if v.Bitrate < 8000 || v.FPS < 1 || v.FPS > 240 {
		return fmt.Errorf("--bitrate must be at least 8kbps and --fps from 1 to 240")
	}
	return nil
}

// tileLayer is the layer that fits a tile: the smallest at least as wide.
func (v *VideoFlags) tileLayer() int {
	if !v.Simulcast {
		return 0
	}
	for i, width := range []int{320, 640} {
		if v.Tile <= width {
			return i
		}
	}
	return 2
}

// layerPart is the layer's part of the bitrate.
func (v *VideoFlags) layerPart() float64 {
	if !v.Simulcast {
		return 1
	}
	return []float64{0.10, 0.25, 0.65}[v.tileLayer()]
}

// FloorFlags say whether the minimal forwarder is run along.
type FloorFlags struct {
	Floor         bool          `default:"true" negatable:"" help:"Measure the minimal forwarder with the same load afterwards."`
	FloorDuration time.Duration `default:"0s" help:"How long, for each of its two forms, all runs together; 0: half of --duration, 8 s at most."`
	FloorRuns     int           `default:"3" help:"How often each of its forms is run; the median counts."`
}

// length is how long one run of the minimal forwarder is measured.
func (f *FloorFlags) length(d time.Duration) time.Duration {
	runs := time.Duration(max(1, f.FloorRuns))
	if f.FloorDuration > 0 {
		return f.FloorDuration / runs
	}
	return max(min(d/2, 8*time.Second)/runs, time.Second)
}

// forwarding is a run of a scenario that forwards media.
type forwarding struct {
	*runner
	topo  *topology
	video *VideoFlags // nil: sound only
	floor *FloorFlags
	climb bool
}

// shape is a camera picture as it leaves the server.
func (f *forwarding) shape() (perFrame, datagram int) {
	if f.video == nil {
		return 0, 0
	}
	return load.FrameShape(int64(float64(f.video.Bitrate)*f.video.layerPart()), f.video.FPS)
}

// run joins, measures the server, then the minimal forwarder, and publishes.
func (f *forwarding) run(ctx context.Context, out io.Writer) error {
	perFrame, datagram := f.shape()
	if f.video != nil {
		p := f.rep.Params
		p["bitrate"], p["fps"], p["simulcast"] = f.video.Bitrate.String(), f.video.FPS, f.video.Simulcast
		p["tile"], p["packets_per_frame"], p["packet_bytes"] = f.video.Tile, perFrame, datagram
		f.topo.layer = f.video.tileLayer()
	}
	expected := 0.0
	if f.video != nil {
		expected = float64(perFrame) * f.video.FPS
	}
	cfg := f.config(f.topo.seats, f.topo.forwardedPPS(expected))
	cfg.Simulcast = f.video != nil && f.video.Simulcast
	if err := f.server(ctx, cfg); err != nil {
		return err
	}
	if f.floor.Floor && !f.rep.Partial && ctx.Err() == nil {
		measure := f.runFloor
		if f.climb {
			measure = f.saturateFloor
		}
		if err := measure(ctx, cfg); err != nil {
			return err
		}
	}
	return f.publish(out)
}

// server measures the server.
func (f *forwarding) server(ctx context.Context, cfg *client.Config) error {
	swarm, err := client.NewSwarm(cfg, f.loops(), f.flags.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	times, err := f.joinAll(ctx, swarm, f.topo.joinOrder())
	if err != nil {
		return err
	}
	swarm.Look()
	f.prog.step("warming up for %v", f.flags.Warmup)
	pause(ctx, f.flags.Warmup)
	if ctx.Err() != nil {
		return errNothing
	}
	if f.climb {
		err = f.saturate(ctx, swarm)
	} else {
		err = f.steady(ctx, swarm)
	}
	f.rep.Join = joinReport(times, swarm.Firsts())
	f.healthNotes(swarm.Health())
	swarm.LeaveAll(2 * time.Second)
	return err
}

// steady measures one load.
func (f *forwarding) steady(ctx context.Context, swarm *client.Swarm) error {
	before, cost := f.pageCost()
	w := f.measure(ctx, swarm, f.meter, f.flags.Duration, "measuring")
	after := f.page()
	idle := f.idleAllocs(ctx, cost)
	if err := f.alive(); err != nil {
		return err
	}
	if w.wall < 200*time.Millisecond {
		return errNothing
	}
	f.fill(w)
	f.rep.AllocsIdlePerS = idle
	f.fillPage(before, after, cost, w)
	return nil
}

// fill writes a window into the report.
func (f *forwarding) fill(w *window) {
	rep, st := f.rep, w.stats
	rep.Partial = rep.Partial || w.partial
	rep.DurationS = w.wall.Seconds()
	rep.ForwardedPackets = &st.Packets
	rep.ForwardedPPS = report.Some(float64(st.Packets) / w.wall.Seconds())
	rep.ForwardedMbps = report.Some(float64(st.Bytes) * 8 / 1e6 / w.wall.Seconds())
	rep.PublishedPPS = report.Some(float64(st.Sent) / w.wall.Seconds())
	if w.cpu != nil {
		rep.ServerCPUPct = report.Some(cpuShare(*w.cpu, w.wall))
		if st.Packets > 0 {
			rep.CPUUSPerPacket = report.Some(float64(w.cpu.Nanoseconds()) / 1000 / float64(st.Packets))
		}
	}
	fillQuality(rep, st)
	rep.Timeline = w.samples
	f.fillBench(w)
	rep.Participants = len(f.topo.specs)
	if rss, err := f.meter.RSS(); err == nil {
		rep.RSSKiB = &rss
		if f.own != nil {
			rep.RSSKiBPerParticipant = report.Some((rss - f.baseRSS) / float64(rep.Participants))
		}
	}
}

func fillQuality(rep *report.Report, st *load.Stats) {
	rep.Delay = report.QuantilesOf(st.Delay)
	rep.Distribution = report.DistributionOf(st.Delay)
	if pct, ok := st.LossPct(); ok {
		rep.LossPct = &pct
	}
	rep.Crosstalk, rep.Silent = &st.Crosstalk, &st.Silent
	rep.Duplicates, rep.Reordered, rep.Gaps = report.Some(st.Copies()), &st.Reordered, &st.Gaps
	rep.Repaired, rep.Broken, rep.Strangers, rep.Early = &st.Repaired, &st.Broken, &st.Strangers, &st.Early
}

func (r *runner) fillBench(w *window) {
	r.rep.BenchCPUPct = cpuShare(w.benchCPU, w.wall)
	r.rep.BenchLimited = len(w.limited) > 0
	r.rep.LimitedBy = w.limited
}

// healthNotes tells of clients that were lost and requests that were refused.
func (r *runner) healthNotes(h client.Health) {
	lost := uint64(0)
	for reason, n := range h.Lost {
		lost += n
		r.rep.Notes = append(r.rep.Notes, fmt.Sprintf("%d clients were lost: %s", n, reason))
	}
	r.rep.LostClients = &lost
	for code, n := range h.Refused {
		r.rep.Notes = append(r.rep.Notes, fmt.Sprintf("%d requests were refused: %s", n, code))
	}
}

// pageCost reads the metrics page twice, so that what the reading itself
// allocates can be left out. The result is nil without a page. A cost of 0 is
// no server's: such a page does not count.
func (r *runner) pageCost() (page proc.Metrics, mallocs float64) {
	first := r.page()
	second := r.page()
	if first == nil || second == nil {
		return nil, 0
	}
	mallocs, _ = second.Rise(first, metricMallocs)
	return second, mallocs
}

// How long nobody sends to see what the server allocates then. The first part
// is for events that the silence itself causes; the second holds one consent
// check of everybody.
const (
	hushTime  = time.Second
	quietTime = 5 * time.Second
)

// idleAllocs tells how many allocations a second the server makes while
// everybody is there and nobody sends: for consent checks and housekeeping.
func (r *runner) idleAllocs(ctx context.Context, cost float64) *float64 {
	pause(ctx, hushTime)
	from, start := r.page(), time.Now()
	pause(ctx, min(quietTime, r.flags.Duration))
	to := r.page()
	n, ok := to.Rise(from, metricMallocs)
	if !ok || ctx.Err() != nil {
		return nil
	}
	return report.Some(max(n-cost, 0) / time.Since(start).Seconds())
}

// fillPage adds what the server tells of itself.
func (f *forwarding) fillPage(before, after proc.Metrics, cost float64, w *window) {
	if before == nil || after == nil || w.stats.Packets == 0 {
		f.rep.Notes = append(f.rep.Notes, "the server's metrics page could not be read")
		return
	}
	f.fillAllocs(before, after, cost, w)
	f.fillRuns(before, after, w)
	f.rep.ServerDrops = make(map[string]float64)
	for reason, n := range after.Since(before).Label(metricDrops, "reason") {
		if n > 0 {
			f.rep.ServerDrops[reason] = n
		}
	}
	fillProcess(f.rep, after)
}

// fillAllocs tells what a packet costs in allocations, unless the page can not be
// true: reading it allocates, so who tells of none does not count.
func (f *forwarding) fillAllocs(before, after proc.Metrics, cost float64, w *window) {
	mallocs, ok := after.Rise(before, metricMallocs)
	if !ok || f.rep.AllocsIdlePerS == nil {
		return
	}
	if mallocs == 0 || cost <= 0 {
		f.rep.AllocsIdlePerS = nil
		f.rep.Notes = append(f.rep.Notes, "the metrics page does not count allocations: reading it makes some")
		return
	}
	idle := *f.rep.AllocsIdlePerS * w.wall.Seconds()
	f.rep.AllocsPerPacket = report.Some(max(mallocs-cost-idle, 0) / float64(w.stats.Packets))
}

// accountSlack is the part of the arrived packets that a server's own account of
// what it forwarded may lack.
const accountSlack = 0.1

// fillRuns tells how much left in runs, unless the server's account does not fit
// what arrived.
func (f *forwarding) fillRuns(before, after proc.Metrics, w *window) {
	runs, ok1 := after.Rise(before, metricRunPackets)
	sent, ok2 := after.Rise(before, metricForwarded)
	if !ok1 || !ok2 {
		return
	}
	if sent < (1-accountSlack)*float64(w.stats.Packets) || runs > sent {
		f.rep.Notes = append(f.rep.Notes, fmt.Sprintf("the metrics page is wrong: %d packets arrived, it tells of %.0f forwarded and %.0f of them in runs",
			w.stats.Packets, sent, runs))
		return
	}
	f.rep.RunShare = report.Some(runs / sent)
}

// fillProcess adds heap and goroutines.
func fillProcess(rep *report.Report, page proc.Metrics) {
	if v, ok := page.Sum(metricHeapInUse); ok {
		rep.HeapKiB = report.Some(v / 1024)
	}
	if v, ok := page.Sum(metricGoroutines); ok {
		rep.Goroutines = &v
	}
}
