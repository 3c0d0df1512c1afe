package bench

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/bench/load"
	"parley/bench/proc"
	"parley/bench/report"
)

// metricsServer serves page as /metrics.
func metricsServer(t *testing.T, page string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(page))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestAPageTellsOrDoesNot(t *testing.T) {
	good := pageMeter(metricsServer(t, "process_cpu_seconds_total 1.5\nprocess_resident_memory_bytes 2048\n"))
	if cpu, err := good.CPU(); err != nil || cpu != 1500*time.Millisecond {
		t.Errorf("CPU %v, %v", cpu, err)
	}
	if rss, err := good.RSS(); err != nil || rss != 2 {
		t.Errorf("memory %v KiB, %v", rss, err)
	}
	for _, value := range []string{"", "NaN", "+Inf", "-1", "1e300", "x"} {
		bad := pageMeter(metricsServer(t, "process_cpu_seconds_total "+value+"\nprocess_resident_memory_bytes "+value+"\n"))
		if cpu, err := bad.CPU(); err == nil {
			t.Errorf("%q seconds were read as %v", value, cpu)
		}
		if rss, err := bad.RSS(); err == nil {
			t.Errorf("%q bytes were read as %v KiB", value, rss)
		}
	}
}

func TestUsedTimeDoesNotRunBack(t *testing.T) {
	failed := errors.New("no reading")
	if n := used(time.Second, nil, 3*time.Second, nil); n == nil || *n != 2*time.Second {
		t.Errorf("%v", n)
	}
	if used(3*time.Second, nil, time.Second, nil) != nil || used(0, failed, time.Second, nil) != nil || used(0, nil, time.Second, failed) != nil {
		t.Error("time that ran back, or was not read, was told as used")
	}
}

// TestAFalsePageIsNotBelieved: what a server tells of itself is told on only as
// far as it can be true.
func TestAFalsePageIsNotBelieved(t *testing.T) {
	page := func(mallocs, forwarded, runs float64) proc.Metrics {
		return proc.Metrics{metricMallocs: mallocs, metricForwarded: forwarded, metricRunPackets: runs}
	}
	before := page(5000, 100, 50)
	for name, c := range map[string]struct {
		after         proc.Metrics
		cost          float64
		allocs, share *float64
		notes         int
	}{
		"true":                    {page(7300, 1110, 555), 300, report.Some(1.0), report.Some(0.5), 0},
		"less than the page's":    {page(5200, 1110, 555), 300, report.Some(0.0), report.Some(0.5), 0},
		"allocations stand still": {page(5000, 1110, 555), 300, nil, report.Some(0.5), 1},
		"the page costs nothing":  {page(7300, 1110, 555), 0, nil, report.Some(0.5), 1},
		"allocations fall":        {page(10, 1110, 555), 300, nil, report.Some(0.5), 0},
		"too few forwarded":       {page(7300, 900, 555), 300, report.Some(1.0), nil, 1},
		"none forwarded":          {page(7300, 100, 50), 300, report.Some(1.0), nil, 1},
		"more runs than packets":  {page(7300, 1110, 2000), 300, report.Some(1.0), nil, 1},
		"forwarded falls":         {page(7300, 50, 40), 300, report.Some(1.0), nil, 0},
		"none of it":              {proc.Metrics{}, 300, nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forwarding{runner: &runner{rep: report.New("x", 1)}}
			f.rep.AllocsIdlePerS = report.Some(500.0)
			f.fillPage(before, c.after, c.cost, &window{stats: &load.Stats{Packets: 1000}, wall: 2 * time.Second})
			same := func(what string, got, want *float64) {
				if (got == nil) != (want == nil) || got != nil && *got != *want {
					t.Errorf("%s: %v, want %v", what, orNothing(got), orNothing(want))
				}
			}
			same("allocations", f.rep.AllocsPerPacket, c.allocs)
			same("share of runs", f.rep.RunShare, c.share)
			if len(f.rep.Notes) != c.notes {
				t.Errorf("notes %q, want %d", f.rep.Notes, c.notes)
			}
		})
	}
}

func orNothing(v *float64) any {
	if v == nil {
		return "nothing"
	}
	return *v
}
