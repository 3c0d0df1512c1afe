package bench

import (
	"context"
	"errors"
	"time"

	"parley/bench/proc"
	"parley/bench/report"
)

// meter tells what a server uses.
type meter interface {
	// CPU is the processor time used so far.
	CPU() (time.Duration, error)
	// RSS is the resident memory in KiB.
	RSS() (float64, error)
}

// pidMeter watches a process on this machine.
type pidMeter int

func (m pidMeter) CPU() (time.Duration, error) { return proc.CPUTime(int(m)) }

func (m pidMeter) RSS() (float64, error) {
	mem, err := proc.MemoryOf(int(m))
	return float64(mem.RSS), err
}

// pageMeter reads a server's own account on its metrics page.
type pageMeter string

// errNoFigure says that a metrics page lacks a figure.
var errNoFigure = errors.New("the metrics page does not tell")

func (m pageMeter) read(name string) (float64, error) {
	page, err := proc.Scrape(context.Background(), string(m))
	if err != nil {
		return 0, err
	}
	v, ok := page.Sum(name)
	if !ok {
		return 0, errNoFigure
	}
	return v, nil
}

func (m pageMeter) CPU() (time.Duration, error) {
	s, err := m.read("process_cpu_seconds_total")
	return time.Duration(s * float64(time.Second)), err
}

func (m pageMeter) RSS() (float64, error) {
	b, err := m.read("process_resident_memory_bytes")
	return b / 1024, err
}

// unused is what the server takes for dur while nobody asks anything of it, in
// percent of a processor; nil if that is not known.
func (r *runner) unused(ctx context.Context, dur time.Duration) *float64 {
	before, err := r.meter.CPU()
	if err != nil {
		return nil
	}
	start := time.Now()
	pause(ctx, dur)
	after, err := r.meter.CPU()
	if err != nil || ctx.Err() != nil {
		return nil
	}
	return report.Some(cpuShare(after-before, time.Since(start)))
}
