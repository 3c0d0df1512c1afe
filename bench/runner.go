package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"parley/bench/client"
	"parley/bench/proc"
	"parley/bench/report"
	"parley/media/netem"
)

// runner is one run of a scenario against a server: what it has started and
// what it has found out.
type runner struct {
	flags *Common
	prog  *progress
	rep   *report.Report

	url        string
	own        *proc.Server // nil: the server is not ours
	meter      meter
	serverCPUs proc.CPUs
	benchCPUs  proc.CPUs
	identity   *client.Identity
	network    *badNetwork // nil: a perfect one
	needs      needs
	baseRSS    float64  // of the server before anyone joined, KiB
	baseLive   *float64 // the same without garbage, nil if not known
}

// filesPerClient is how many descriptors a joined client needs here.
const filesPerClient = 2

// needs is what a scenario asks of its surroundings.
type needs struct {
	clients int
	tls     *proc.TLSFiles // of our own server, nil: plain
	// profiles asks our own server for its debug pages, which can collect
	// garbage: memory is then told without it.
	profiles bool
}

// open checks the flags, finds or starts the server, and places both sides.
func (c *Common) open(ctx context.Context, scenario string, out io.Writer, n needs) (*runner, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := checkFiles(n.clients * filesPerClient); err != nil {
		return nil, err
	}
	r := &runner{flags: c, prog: newProgress(out, c.Quiet), rep: report.New(scenario, c.Seed), needs: n}
	r.prog.step("%s: seed %d", scenario, c.Seed)
	var err error
	if r.serverCPUs, r.benchCPUs, err = c.placement(); err != nil {
		return nil, err
	}
	if r.identity, err = client.NewIdentity(); err != nil {
		return nil, err
	}
	if err = r.findServer(ctx); err != nil {
		return nil, err
	}
	if err = r.settle(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// checkFiles says early what would fail late.
func checkFiles(need int) error {
	const spare = 100
	if limit := proc.FileLimit(); uint64(need+spare) > limit {
		return fmt.Errorf("%d open files are needed, %d are allowed: raise the limit (ulimit -n %d) or take fewer clients",
			need+spare, limit, need+spare)
	}
	return nil
}

// settle places the bench, notes the server's memory before the load, and
// writes down the parameters.
func (r *runner) settle() error {
	if err := proc.PinSelf(r.benchCPUs); err != nil {
		return err
	}
	if n := len(r.benchCPUs); n > 0 {
		runtime.GOMAXPROCS(max(2, n))
	}
	debug.SetGCPercent(400) // this process is short-lived; its collector must not be what is measured
	if link := r.flags.link(); link != (netem.Link{}) {
		r.network = newBadNetwork(link, r.flags.Seed)
		r.rep.Params["impairment"] = r.flags.Impairment.String()
	}
	if rss, err := r.meter.RSS(); err == nil {
		r.baseRSS = rss
	}
	r.baseLive = r.live()
	p := r.rep.Params
	p["warmup"], p["ramp"] = r.flags.Warmup.String(), r.flags.Ramp.String()
	p["server_cpus"], p["bench_cpus"] = r.serverCPUs.String(), r.benchCPUs.String()
	p["own_server"] = r.own != nil
	limited := func(arg string) bool { return strings.HasPrefix(arg, "--limit-source-rate") }
	if r.own != nil && !slices.ContainsFunc(r.flags.ServerArg, limited) {
		r.rep.Notes = append(r.rep.Notes, "the server was started with PARLEY_LIMIT_SOURCE_RATE=0: one source may send as much as it can")
	}
	if len(r.flags.ServerArg) > 0 {
		p["server_args"] = r.flags.ServerArg
	}
	p["gro"], p["twcc"] = r.flags.GRO, r.flags.TWCC
	return nil
}

// findServer starts a server of our own, or probes the one at --url.
func (r *runner) findServer(ctx context.Context) error {
	if r.flags.URL != "" {
		r.url = r.flags.URL
		if err := client.Probe(ctx, r.url, r.flags.Path); err != nil {
			return err
		}
		r.meter = pageMeter(r.url)
		if pid := r.flags.ServerPID; pid != 0 {
			if _, err := proc.CPUTime(pid); err != nil {
				return fmt.Errorf("--server-pid %d: %w", pid, err)
			}
			r.meter = pidMeter(pid)
		}
		return nil
	}
	program := r.flags.Server
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		program = self
	}
	args := r.flags.ServerArg
	if r.needs.profiles {
		args = append(slices.Clone(args), "--debug")
	}
	var err error
	r.own, err = proc.StartServer(ctx, &proc.ServerSpec{Program: program, Args: args, CPUs: r.serverCPUs, TLS: r.needs.tls})
	if err != nil {
		return err
	}
	r.url, r.meter = r.own.URL, pidMeter(r.own.Pid())
	r.prog.step("own server: %s, pid %d, processors %v; bench on %v", r.url, r.own.Pid(), orAny(r.serverCPUs), orAny(r.benchCPUs))
	return nil
}

func orAny(set proc.CPUs) string {
	if len(set) == 0 {
		return "any"
	}
	return set.String()
}

// close ends what open has started.
func (r *runner) close() {
	r.prog.clear()
	if r.network != nil {
		r.network.close()
	}
	if r.own != nil {
		r.own.Stop()
	}
}

// config makes the clients' common settings.
func (r *runner) config(seats int, expectedPPS float64) *client.Config {
	cfg := &client.Config{
		URL: r.url, Path: r.flags.Path, Identity: r.identity, Run: rand.Uint32(),
		Seats: seats, TWCC: r.flags.TWCC, GRO: r.flags.GRO, Stride: r.stride(expectedPPS), Timeout: r.flags.Timeout,
	}
	if r.network != nil {
		cfg.Rewire = r.network.rewire
	}
	return cfg
}

// sparseStride is how many packets there are to one that is opened where
// rates are high. It is prime, so that it meets all packets of a picture.
const (
	sparseStride = 17
	openAllBelow = 20000 // packets a second that are all opened
)

func (r *runner) stride(pps float64) int {
	n := r.flags.Stride
	if n == 0 {
		n = 1
		if pps > openAllBelow {
			n = sparseStride
		}
	}
	r.rep.Params["stride"] = n
	return n
}

// loops is how many client loops there are.
func (r *runner) loops() int {
	if r.flags.Loops > 0 {
		return r.flags.Loops
	}
	if n := len(r.benchCPUs); n > 0 {
		return n
	}
	return max(1, runtime.NumCPU()/2)
}

// alive fails when our own server has died.
func (r *runner) alive() error {
	if r.own != nil {
		if words, ended := r.own.Ended(); ended {
			return fmt.Errorf("the server died: %s", words)
		}
	}
	return nil
}

// errNothing says that a run was interrupted too early.
var errNothing = errors.New("interrupted before anything was measured")

// publish prints and stores the report and checks the limits.
func (r *runner) publish(out io.Writer) error {
	r.prog.clear()
	return publish(r.rep, &r.flags.Output, r.flags.limits(), out)
}

// publish prints and stores a report and checks limits.
func publish(rep *report.Report, o *Output, limits *report.Limits, out io.Writer) error {
	rep.Text(out)
	if o.JSON != "" {
		if err := rep.Write(o.JSON); err != nil {
			return err
		}
	}
	if o.HTML != "" {
		if err := rep.HTML(o.HTML); err != nil {
			return err
		}
	}
	if !report.WriteChecks(out, rep.Check(limits)) {
		return ErrLimits
	}
	return nil
}

// cpuShare is used/wall in percent of one processor.
func cpuShare(used, wall time.Duration) float64 {
	if wall <= 0 {
		return 0
	}
	return 100 * float64(used) / float64(wall)
}
