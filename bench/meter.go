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

// figureMax is more than any server has used, in seconds or KiB: what is beyond
// is no figure.
const figureMax = 1e9

func (m pageMeter) read(name string, unit float64) (float64, error) {
	page, err := proc.Scrape(context.Background(), string(m))
	if err != nil {
		return 0, err
	}
	v, ok := page.Sum(name)
	if v *= unit; !ok || v < 0 || v > figureMax {
		return 0, errNoFigure
	}
	return v, nil
}

func (m pageMeter) CPU() (time.Duration, error) {
	s, err := m.read("process_cpu_seconds_total", 1)
	return time.Duration(s * float64(time.Second)), err
}

func (m pageMeter) RSS() (float64, error) {
	return m.read("process_resident_memory_bytes", 1.0/1024)
}

// used is the processor time between two readings; nil if one failed or time ran
// back, as that of a server does that was started again.
func used(before time.Duration, errBefore error, after time.Duration, errAfter error) *time.Duration {
	if errBefore != nil || errAfter != nil || after < before {
		return nil
	}
	return report.Some(after - before)
}

// unused is what the server takes for dur while nobody asks anything of it, in
// percent of a processor; nil if that is not known.
func (r *runner) unused(ctx context.Context, dur time.Duration) *float64 {
	before, errBefore := r.meter.CPU()
	start := time.Now()
	pause(ctx, dur)
	after, errAfter := r.meter.CPU()
	cpu := used(before, errBefore, after, errAfter)
	if cpu == nil || ctx.Err() != nil {
		return nil
	}
	return report.Some(cpuShare(*cpu, time.Since(start)))
}
