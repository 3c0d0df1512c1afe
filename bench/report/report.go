package report

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Format is the number of the report's layout. Keys may be added within one
// format, never change their meaning or go.
const Format = 2

// Report is one run. The embedded parts have no level of their own in JSON.
type Report struct {
	Tool     string         `json:"tool"`
	Format   int            `json:"format"`
	Scenario string         `json:"scenario"`
	Params   map[string]any `json:"params"`
	Machine  Machine        `json:"machine"`
	Notes    []string       `json:"notes,omitempty"`

	Course
	Traffic
	Cost
	Quality
	Footprint
	Bench

	Join     *Join    `json:"join,omitempty"`
	Return   *Return  `json:"return,omitempty"`
	Chat     *Chat    `json:"chat,omitempty"`
	Records  []Record `json:"records,omitempty"`
	Floor    []Step   `json:"floor,omitempty"`
	Saturate *Climb   `json:"saturate,omitempty"`
	Series
}

// Machine is where a run took place.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
}

// Course is when and how the run went.
type Course struct {
	StartedAt time.Time `json:"started_at"`
	Partial   bool      `json:"partial"`
	Seed      uint64    `json:"seed"`
	DurationS float64   `json:"duration_s"`
}

// Traffic is what went through the server in the measured window.
type Traffic struct {
	ForwardedPackets *uint64  `json:"forwarded_packets,omitempty"`
	ForwardedPPS     *float64 `json:"forwarded_pps,omitempty"`
	ForwardedMbps    *float64 `json:"forwarded_mbps,omitempty"`
	PublishedPPS     *float64 `json:"published_pps,omitempty"`
}

// Cost is what it took.
type Cost struct {
	CPUUSPerPacket      *float64 `json:"cpu_us_per_packet,omitempty"`
	FloorUSPerPacket    *float64 `json:"floor_us_per_packet,omitempty"`
	RatioToFloor        *float64 `json:"ratio_to_floor,omitempty"`
	FloorGSOUSPerPacket *float64 `json:"floor_gso_us_per_packet,omitempty"`
	// Each run of the two forms, of which the medians are above.
	FloorRuns       []float64 `json:"floor_runs_us_per_packet,omitempty"`
	FloorGSORuns    []float64 `json:"floor_gso_runs_us_per_packet,omitempty"`
	RatioToGSOFloor *float64  `json:"ratio_to_gso_floor,omitempty"`
	ServerCPUPct    *float64  `json:"server_cpu_pct,omitempty"`
	AllocsPerPacket *float64  `json:"allocs_per_packet,omitempty"`
	AllocsIdlePerS  *float64  `json:"allocs_idle_per_s,omitempty"`
	RunShare        *float64  `json:"run_share,omitempty"`
}

// Quality is how well it arrived.
type Quality struct {
	Delay       *Quantiles         `json:"delay_ms,omitempty"`
	LossPct     *float64           `json:"loss_pct,omitempty"`
	Crosstalk   *uint64            `json:"crosstalk,omitempty"`
	Silent      *uint64            `json:"silent_streams,omitempty"`
	Duplicates  *uint64            `json:"duplicates,omitempty"`
	Reordered   *uint64            `json:"reordered,omitempty"`
	Gaps        *uint64            `json:"gaps,omitempty"`
	Repaired    *uint64            `json:"repaired,omitempty"`
	Broken      *uint64            `json:"undecryptable,omitempty"`
	Strangers   *uint64            `json:"strangers,omitempty"`
	Early       *uint64            `json:"early,omitempty"`
	LostClients *uint64            `json:"lost_clients,omitempty"`
	ServerDrops map[string]float64 `json:"server_drops,omitempty"`
}

// Footprint is what the server holds.
type Footprint struct {
	Participants          int      `json:"participants,omitempty"`
	RSSKiB                *float64 `json:"rss_kib,omitempty"`
	RSSKiBPerParticipant  *float64 `json:"rss_kib_per_participant,omitempty"`
	LiveKiBPerParticipant *float64 `json:"live_kib_per_participant,omitempty"`
	HeapKiB               *float64 `json:"heap_kib,omitempty"`
	Goroutines            *float64 `json:"goroutines,omitempty"`
	CPUPctPerThousand     *float64 `json:"cpu_pct_per_1000,omitempty"`
}

// Bench is the tool's own part.
type Bench struct {
	BenchCPUPct  float64  `json:"bench_cpu_pct"`
	BenchLimited bool     `json:"bench_limited"`
	LimitedBy    []string `json:"bench_limited_by,omitempty"`
}

// Quantiles describes a distribution in milliseconds.
type Quantiles struct {
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	P999    float64 `json:"p999"`
	Max     float64 `json:"max"`
	Mean    float64 `json:"mean"`
	Samples int64   `json:"samples"`
}

// Join is how joining went.
type Join struct {
	Attempts  int               `json:"attempts"`
	Failures  map[string]uint64 `json:"failures,omitempty"`
	Rate      float64           `json:"joins_per_s,omitempty"`
	Answer    *Quantiles        `json:"answer_ms,omitempty"`
	Connected *Quantiles        `json:"connected_ms,omitempty"`
	First     *Quantiles        `json:"first_packet_ms,omitempty"`
	CPUMS     *float64          `json:"cpu_ms_per_join,omitempty"`
	// Growth after everybody has left.
	GoroutinesLeft *float64 `json:"goroutines_left,omitempty"`
	RSSLeftKiB     *float64 `json:"rss_left_kib,omitempty"`
}

// Return is how clients came back whose WebSockets were cut at one moment.
type Return struct {
	Cut  int `json:"cut"`
	Back int `json:"back"`
	// Attempts is how many WebSockets all of them tried to open.
	Attempts int               `json:"attempts"`
	Failures map[string]uint64 `json:"failures,omitempty"`
	Took     *Quantiles        `json:"back_ms,omitempty"`
}

// Chat is how fan-out of texts went.
type Chat struct {
	Sent             uint64     `json:"sent"`
	Deliveries       uint64     `json:"deliveries"`
	DeliveriesPerS   float64    `json:"deliveries_per_s"`
	Expected         uint64     `json:"expected"`
	Lost             uint64     `json:"lost"`
	Repeated         uint64     `json:"repeated"`
	Delay            *Quantiles `json:"delivery_ms,omitempty"`
	CPUUSPerDelivery *float64   `json:"cpu_us_per_delivery,omitempty"`
	FloorUS          *float64   `json:"floor_us_per_delivery,omitempty"`
	FloorRuns        []float64  `json:"floor_runs_us_per_delivery,omitempty"`
	Ratio            *float64   `json:"ratio_to_write_loop,omitempty"`
	// The same with each text on disk first.
	DurableFloorUS   *float64  `json:"durable_floor_us_per_delivery,omitempty"`
	DurableFloorRuns []float64 `json:"durable_floor_runs_us_per_delivery,omitempty"`
	DurableRatio     *float64  `json:"ratio_to_durable_write_loop,omitempty"`
	// What the room costs while nobody talks, and what each text adds.
	QuietCPUPct  *float64 `json:"quiet_cpu_pct,omitempty"`
	CPUUSPerText *float64 `json:"cpu_us_per_text,omitempty"`
}

// Record is one step of the records scenario.
type Record struct {
	Writers      int        `json:"writers"`
	RecordsPerS  float64    `json:"records_per_s"`
	Ack          *Quantiles `json:"ack_ms,omitempty"`
	BatchMean    *float64   `json:"batch_mean,omitempty"`
	FdatasyncMS  *float64   `json:"fdatasync_ms,omitempty"`
	LimitPerS    *float64   `json:"limit_per_s,omitempty"`
	ShareOfLimit *float64   `json:"share_of_limit,omitempty"`
}

// Step is one micro measurement of the floor scenario.
type Step struct {
	Name         string  `json:"name"`
	Bytes        int     `json:"bytes"`
	Destinations int     `json:"destinations,omitempty"`
	Batch        int     `json:"batch,omitempty"`
	US           float64 `json:"us_per_packet"`
}

// Climb is a run with rising load.
type Climb struct {
	Steps []ClimbStep `json:"steps"`
	// LastGood is the highest step that held, -1 if none did.
	LastGood     int      `json:"last_good"`
	PPS          *float64 `json:"saturation_pps,omitempty"`
	FloorPPS     *float64 `json:"floor_pps,omitempty"`
	ShareOfFloor *float64 `json:"share_of_floor,omitempty"`
	// The delay's p99 at 60 % of the load that held, milliseconds: of all packets,
	// and the median of those of each half second, which is what it is while the
	// machine does not stand still.
	P99At60            *float64 `json:"p99_ms_at_60_pct,omitempty"`
	MedianP99At60      *float64 `json:"median_p99_ms_at_60_pct,omitempty"`
	FloorP99At60       *float64 `json:"floor_p99_ms_at_60_pct,omitempty"`
	FloorMedianP99At60 *float64 `json:"floor_median_p99_ms_at_60_pct,omitempty"`
}

// ClimbStep is one load.
type ClimbStep struct {
	Load         float64  `json:"load"`
	PPS          float64  `json:"forwarded_pps"`
	LossPct      *float64 `json:"loss_pct,omitempty"`
	P99          *float64 `json:"p99_ms,omitempty"`
	ServerCPUPct *float64 `json:"server_cpu_pct,omitempty"`
	BenchCPUPct  float64  `json:"bench_cpu_pct"`
	Good         bool     `json:"good"`
}

// Series is for the plots.
type Series struct {
	Timeline     []Sample `json:"timeline,omitempty"`
	Distribution []Point  `json:"delay_distribution,omitempty"`
}

// Sample is one moment of a run.
type Sample struct {
	AtS          float64  `json:"at_s"`
	PPS          float64  `json:"forwarded_pps"`
	P50          *float64 `json:"p50_ms,omitempty"`
	P99          *float64 `json:"p99_ms,omitempty"`
	ServerCPUPct *float64 `json:"server_cpu_pct,omitempty"`
	BenchCPUPct  float64  `json:"bench_cpu_pct"`
	RSSKiB       *float64 `json:"rss_kib,omitempty"`
	Clients      int      `json:"clients,omitempty"`
}

// Point is one place of a distribution: share of samples at or below MS.
type Point struct {
	Share float64 `json:"share"`
	MS    float64 `json:"ms"`
}

// New begins a report.
func New(scenario string, seed uint64) *Report {
	return &Report{
		Tool: "parley bench", Format: Format, Scenario: scenario,
		Params: make(map[string]any), Machine: thisMachine(),
		Course: Course{StartedAt: time.Now().UTC().Truncate(time.Second), Seed: seed},
	}
}

func thisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	if data, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(data))
	}
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(data), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			m.CPU = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), ":"))
		}
	}
	return m
}

// Some makes a measured value.
func Some[T any](v T) *T { return &v }

// QuantilesOf reads a histogram of microseconds; nil when it is empty.
func QuantilesOf(h *hdrhistogram.Histogram) *Quantiles {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	ms := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }
	return &Quantiles{
		P50: ms(50), P95: ms(95), P99: ms(99), P999: ms(99.9),
		Max: float64(h.Max()) / 1000, Mean: round(h.Mean() / 1000), Samples: h.TotalCount(),
	}
}

// DistributionOf reads a histogram of microseconds at places that show its
// tail.
func DistributionOf(h *hdrhistogram.Histogram) []Point {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	var points []Point
	for _, share := range []float64{0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99,
		99.25, 99.5, 99.7, 99.8, 99.9, 99.95, 99.98, 99.99, 100} {
		points = append(points, Point{Share: share, MS: float64(h.ValueAtQuantile(share)) / 1000})
	}
	return points
}

// round keeps four decimals.
func round(v float64) float64 {
	return float64(int64(v*10000+0.5)) / 10000
}

// Write stores the report as JSON.
func (r *Report) Write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// Read loads a report.
func Read(path string) (*Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Report
	if err = json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Tool != "parley bench" || r.Format != Format {
		return nil, fmt.Errorf("%s is not a report of parley bench in format %d", path, Format)
	}
	return &r, nil
}
