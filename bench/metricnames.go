package bench

import (
	"context"

	"parley/bench/proc"
)

// Names on the server's metrics page.
const (
	metricMallocs    = "go_memstats_mallocs_total"
	metricHeapInUse  = "go_memstats_heap_inuse_bytes"
	metricGoroutines = "go_goroutines"
	metricForwarded  = "parley_rtp_forwarded_total"
	metricRunPackets = "parley_gso_packets_total"
	metricDrops      = "parley_drops_total" // by reason
)

// page reads the server's metrics page; nil when it has none.
func (r *runner) page() proc.Metrics {
	m, err := proc.Scrape(context.Background(), r.url)
	if err != nil {
		return nil
	}
	return m
}
