package bench

import (
	"context"

	"parley/bench/proc"
)

// Names on the server's metrics page.
const (
	metricMallocs    = "go_memstats_mallocs_total"
	metricHeapInUse  = "go_memstats_heap_inuse_bytes"
	metricHeapLive   = "go_memstats_alloc_bytes"
	metricStacks     = "go_memstats_stack_inuse_bytes"
	metricGoroutines = "go_goroutines"
	metricForwarded  = "parley_rtp_forwarded_total"
	metricRunPackets = "parley_gso_packets_total"
	metricDrops      = "parley_drops_total" // by reason
)

// live is what the server's heap and stacks hold once garbage is collected,
// in KiB; nil for a server that can not be asked to.
func (r *runner) live() *float64 {
	if r.own == nil || !r.needs.profiles {
		return nil
	}
	for range 2 { // the second frees what finalizers held
		if proc.Get(context.Background(), r.url+"/debug/pprof/heap?gc=1") != nil {
			return nil
		}
	}
	page := r.page()
	heap, ok1 := page.Sum(metricHeapLive)
	stacks, ok2 := page.Sum(metricStacks)
	if !ok1 || !ok2 {
		return nil
	}
	kib := (heap + stacks) / 1024
	return &kib
}

// page reads the server's metrics page; nil when it has none.
func (r *runner) page() proc.Metrics {
	m, err := proc.Scrape(context.Background(), r.url)
	if err != nil {
		return nil
	}
	return m
}
