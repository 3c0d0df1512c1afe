package bench

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"parley/bench/proc"
	"parley/bench/report"
)

// ErrLimits says that a run was fine but did not keep a limit.
var ErrLimits = errors.New("a limit was not kept")

// Target says what is measured.
type Target struct {
	URL        string   `name:"url" placeholder:"http://host:port" help:"Server to measure; none: a server of our own."`
	Path       string   `default:"/api/v1/ws" help:"Path of the WebSocket."`
	Server     string   `type:"path" placeholder:"FILE" help:"Binary of our own server (default: this program)."`
	ServerArg  []string `sep:"none" placeholder:"ARG" help:"Further argument for our own server, repeatable."`
	ServerPID  int      `name:"server-pid" help:"Process of the server at --url, if it runs here: its CPU and memory."`
	ServerCPUs string   `name:"server-cpus" placeholder:"LIST" help:"Processors of our own server (default: the first, where there are two)."`
	BenchCPUs  string   `name:"bench-cpus" placeholder:"LIST" help:"Processors of the load clients (default: the others)."`
}

// Timing says how long things take.
type Timing struct {
	Duration time.Duration `default:"15s" help:"How long to measure."`
	Warmup   time.Duration `default:"2s" help:"How long to wait before, after everyone has joined."`
	Ramp     time.Duration `default:"0s" help:"Over what time the clients join; 0: as fast as they can."`
	Seed     uint64        `default:"1" help:"Seed of all that is random."`
}

// Output says where results go.
type Output struct {
	JSON  string `name:"json" placeholder:"FILE" help:"Write the report as JSON."`
	HTML  string `name:"html" placeholder:"FILE" help:"Write the report as one HTML page with plots."`
	Quiet bool   `short:"q" help:"No progress lines."`
}

// Load says how the load clients work.
type Load struct {
	Loops   int           `default:"0" help:"Client loops (default: one for each processor of the bench)."`
	Stride  int           `default:"0" help:"Open every n-th packet of a stream; 0: all at low rates, else each 17th."`
	GRO     bool          `name:"gro" default:"true" negatable:"" help:"Let the kernel hand over runs of packets."`
	TWCC    bool          `name:"twcc" help:"Offer transport-wide congestion control and answer with feedback."`
	Timeout time.Duration `name:"join-timeout" default:"20s" help:"How long one join may take."`
}

// LimitFlags are the bounds that make a run pass or fail.
type LimitFlags struct {
	MaxP99         time.Duration `name:"max-p99" help:"Fail if the delay's p99 is longer."`
	MaxLoss        *Percent      `name:"max-loss" help:"Fail if more is lost."`
	MaxRatio       *float64      `name:"max-ratio" help:"Fail if the server costs more times the minimal forwarder."`
	MaxCPU         *float64      `name:"max-cpu" placeholder:"US" help:"Fail if a packet (chat: a delivery) costs more µs of server CPU."`
	MaxAllocs      *float64      `name:"max-allocs" help:"Fail if a packet costs more allocations."`
	MaxRSS         *float64      `name:"max-rss" placeholder:"KIB" help:"Fail if a participant costs more memory."`
	MaxFirstPacket time.Duration `name:"max-first-packet" help:"Fail if the first packet's p50 comes later (join)."`
	MaxFailures    *float64      `name:"max-join-failures" help:"Fail if more joins fail (join)."`
	MaxBack        time.Duration `help:"Fail unless all are back within this time (school)."`
	MinPPS         *float64      `name:"min-pps" help:"Fail if fewer packets a second are forwarded."`
	MinRunShare    *float64      `name:"min-run-share" help:"Fail if a smaller share of packets leaves in runs, 0 … 1."`
}

func (f *LimitFlags) limits() *report.Limits {
	ms := func(d time.Duration) *float64 {
		if d <= 0 {
			return nil
		}
		return report.Some(float64(d) / float64(time.Millisecond))
	}
	return &report.Limits{
		P99MS: ms(f.MaxP99), LossPct: (*float64)(f.MaxLoss), Ratio: f.MaxRatio, CPUUS: f.MaxCPU, Allocs: f.MaxAllocs,
		RSSKiB: f.MaxRSS, FirstPacket: ms(f.MaxFirstPacket), JoinFailures: f.MaxFailures, Back: ms(f.MaxBack), MinPPS: f.MinPPS, MinRunShare: f.MinRunShare,
	}
}

// Common are the flags of all scenarios that talk to a server.
type Common struct {
	Target     `embed:""`
	Timing     `embed:""`
	Output     `embed:""`
	Load       `embed:""`
	LimitFlags `embed:""`
	Impairment `embed:"" prefix:"net-"`
}

// check finds what can not work before anything is started.
func (c *Common) check() error {
	switch {
	case c.Duration <= 0:
		return errors.New("--duration must be longer than 0")
	case c.Duration < c.Warmup:
		return fmt.Errorf("the run (--duration %v) is shorter than its warm-up (--warmup %v)", c.Duration, c.Warmup)
	case c.Stride < 0 || c.Loops < 0:
		return errors.New("--stride and --loops can not be negative")
	}
	return nil
}

// placement decides which processors are whose. Without two processors, or
// for a server that is not ours, nothing is pinned unless asked for.
func (c *Common) placement() (server, bench proc.CPUs, err error) {
	if server, err = proc.ParseCPUs(c.ServerCPUs); err != nil {
		return nil, nil, fmt.Errorf("--server-cpus: %w", err)
	}
	if bench, err = proc.ParseCPUs(c.BenchCPUs); err != nil {
		return nil, nil, fmt.Errorf("--bench-cpus: %w", err)
	}
	all := proc.Allowed()
	if runtime.GOOS != "linux" || c.URL != "" || len(all) < 2 {
		return server, bench, nil
	}
	if server == nil && bench == nil {
		return all[:1], all[1:], nil
	}
	return server, bench, nil
}
