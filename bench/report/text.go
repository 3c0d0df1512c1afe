package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Text writes the report for a terminal: one finding a line, only what was
// measured.
func (r *Report) Text(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %.1f s measured, seed %d\n", r.Scenario, r.DurationS, r.Seed)
	if r.Partial {
		fmt.Fprintln(w, "  PARTIAL: the run was interrupted")
	}
	r.textTraffic(w)
	r.textQuality(w)
	r.textFootprint(w)
	r.textScenario(w)
	fmt.Fprintf(w, "  bench cpu           %10.1f %%\n", r.BenchCPUPct)
	if r.BenchLimited {
		fmt.Fprintf(w, "  BENCH LIMITED: %s; the server could do more\n", strings.Join(r.LimitedBy, ", "))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "  note: %s\n", note)
	}
}

// line prints a measured value with its unit.
func line(w io.Writer, name string, v *float64, unit string) {
	if v != nil {
		fmt.Fprintf(w, "  %-19s %10.3f %s\n", name, *v, unit)
	}
}

// spread prints the least and the most of several runs.
func spread(w io.Writer, runs []float64) {
	if len(runs) > 1 {
		fmt.Fprintf(w, "  %-19s %10.3f to %.3f in %d runs\n", "", slices.Min(runs), slices.Max(runs), len(runs))
	}
}

func count(w io.Writer, name string, v *uint64) {
	if v != nil && *v > 0 {
		fmt.Fprintf(w, "  %-19s %10d\n", name, *v)
	}
}

func quantiles(w io.Writer, name string, q *Quantiles) {
	if q != nil {
		fmt.Fprintf(w, "  %-19s p50 %.3f  p95 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms (%d samples)\n",
			name, q.P50, q.P95, q.P99, q.P999, q.Max, q.Samples)
	}
}

func (r *Report) textTraffic(w io.Writer) {
	line(w, "forwarded", r.ForwardedPPS, "packets/s")
	line(w, "forwarded", r.ForwardedMbps, "Mbit/s")
	line(w, "published", r.PublishedPPS, "packets/s")
	line(w, "server cpu", r.CPUUSPerPacket, "µs/packet")
	line(w, "floor", r.FloorUSPerPacket, "µs/packet")
	spread(w, r.FloorRuns)
	line(w, "ratio to floor", r.RatioToFloor, "×")
	line(w, "floor with GSO", r.FloorGSOUSPerPacket, "µs/packet")
	spread(w, r.FloorGSORuns)
	line(w, "ratio to GSO floor", r.RatioToGSOFloor, "×")
	line(w, "server cpu", r.ServerCPUPct, "% of a core")
	line(w, "allocations", r.AllocsPerPacket, "per packet")
	line(w, "allocations", r.AllocsIdlePerS, "a second while nobody sends")
	line(w, "left in runs", r.RunShare, "of packets")
}

func (r *Report) textQuality(w io.Writer) {
	quantiles(w, "delay", r.Delay)
	line(w, "loss", r.LossPct, "%")
	count(w, "crosstalk", r.Crosstalk)
	count(w, "silent streams", r.Silent)
	count(w, "duplicates", r.Duplicates)
	count(w, "reordered", r.Reordered)
	count(w, "gaps", r.Gaps)
	count(w, "repaired", r.Repaired)
	count(w, "undecryptable", r.Broken)
	count(w, "strangers", r.Strangers)
	count(w, "before their time", r.Early)
	count(w, "clients lost", r.LostClients)
	for _, reason := range slices.Sorted(maps.Keys(r.ServerDrops)) {
		fmt.Fprintf(w, "  server dropped      %10.0f %s\n", r.ServerDrops[reason], reason)
	}
}

func (r *Report) textFootprint(w io.Writer) {
	if r.Participants > 0 {
		fmt.Fprintf(w, "  participants        %10d\n", r.Participants)
	}
	line(w, "memory", r.RSSKiB, "KiB")
	line(w, "memory each", r.RSSKiBPerParticipant, "KiB")
	line(w, "of it live", r.LiveKiBPerParticipant, "KiB each")
	line(w, "heap in use", r.HeapKiB, "KiB")
	line(w, "goroutines", r.Goroutines, "")
	line(w, "cpu per 1,000", r.CPUPctPerThousand, "% of a core")
}

func (r *Report) textScenario(w io.Writer) {
	if j := r.Join; j != nil {
		fmt.Fprintf(w, "  joins               %10d", j.Attempts)
		if j.Rate > 0 {
			fmt.Fprintf(w, " at %.1f/s", j.Rate)
		}
		fmt.Fprintln(w)
		for _, why := range slices.Sorted(maps.Keys(j.Failures)) {
			fmt.Fprintf(w, "  failed              %10d %s\n", j.Failures[why], why)
		}
		quantiles(w, "answered", j.Answer)
		quantiles(w, "connected", j.Connected)
		quantiles(w, "first packet", j.First)
		line(w, "cpu", j.CPUMS, "ms/join")
		line(w, "goroutines left", j.GoroutinesLeft, "")
		line(w, "memory left", j.RSSLeftKiB, "KiB")
	}
	if b := r.Return; b != nil {
		fmt.Fprintf(w, "  cut                 %10d\n  back                %10d after %d attempts\n", b.Cut, b.Back, b.Attempts)
		for _, why := range slices.Sorted(maps.Keys(b.Failures)) {
			fmt.Fprintf(w, "  not back            %10d %s\n", b.Failures[why], why)
		}
		quantiles(w, "back", b.Took)
	}
	if c := r.Chat; c != nil {
		fmt.Fprintf(w, "  texts               %10d\n  deliveries          %10d of %d, %.0f/s\n",
			c.Sent, c.Deliveries, c.Expected, c.DeliveriesPerS)
		count(w, "lost", &c.Lost)
		count(w, "repeated", &c.Repeated)
		quantiles(w, "delivered after", c.Delay)
		line(w, "server cpu", c.CPUUSPerDelivery, "µs/delivery")
		line(w, "plain write loop", c.FloorUS, "µs/delivery")
		spread(w, c.FloorRuns)
		line(w, "ratio", c.Ratio, "×")
		line(w, "with a sync a text", c.DurableFloorUS, "µs/delivery")
		spread(w, c.DurableFloorRuns)
		line(w, "ratio", c.DurableRatio, "×")
		line(w, "a text", c.CPUUSPerText, "µs more than silence")
		line(w, "silence", c.QuietCPUPct, "% of a core")
	}
	for _, rec := range r.Records {
		fmt.Fprintf(w, "  %3d writers: %.0f records/s", rec.Writers, rec.RecordsPerS)
		if rec.ShareOfLimit != nil {
			fmt.Fprintf(w, ", %.0f %% of the disk's limit %.0f/s", 100**rec.ShareOfLimit, *rec.LimitPerS)
		}
		fmt.Fprintln(w)
		quantiles(w, "  acknowledged", rec.Ack)
	}
	for _, s := range r.Floor {
		fmt.Fprintf(w, "  %-28s %5d B", s.Name, s.Bytes)
		if s.Destinations > 0 {
			fmt.Fprintf(w, " %4d dest", s.Destinations)
		} else {
			fmt.Fprint(w, "          ")
		}
		fmt.Fprintf(w, " %9.3f µs\n", s.US)
	}
	r.textClimb(w)
}

// Line tells in one line how a load was held.
func (s *ClimbStep) Line() string {
	line := fmt.Sprintf("%9.0f packets/s", s.PPS)
	for _, part := range []struct {
		format string
		value  *float64
	}{{"  loss %.3f %%", s.LossPct}, {"  p99 %.2f ms", s.P99}, {"  server %.0f %%", s.ServerCPUPct}, {"  bench %.0f %%", &s.BenchCPUPct}} {
		if part.value != nil {
			line += fmt.Sprintf(part.format, *part.value)
		}
	}
	if s.Good {
		return line + "  held"
	}
	return line + "  broke"
}

func (r *Report) textClimb(w io.Writer) {
	c := r.Saturate
	if c == nil {
		return
	}
	for _, s := range c.Steps {
		fmt.Fprintf(w, "  load ×%-8.2f %s\n", s.Load, s.Line())
	}
	line(w, "saturation", c.PPS, "packets/s")
	line(w, "minimal forwarder", c.FloorPPS, "packets/s")
	line(w, "share of it", c.ShareOfFloor, "")
	line(w, "p99 at 60 %", c.P99At60, "ms")
	line(w, "median half second", c.MedianP99At60, "ms")
	line(w, "minimal forwarder's", c.FloorP99At60, "ms")
	line(w, "median half second", c.FloorMedianP99At60, "ms")
}
