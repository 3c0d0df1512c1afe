package report

import (
	"fmt"
	"io"
)

// Limits are the bounds a run must keep; nil means none.
type Limits struct {
	P99MS        *float64
	LossPct      *float64
	Ratio        *float64
	CPUUS        *float64
	Allocs       *float64
	RSSKiB       *float64 // per participant
	FirstPacket  *float64 // p50 in ms
	MinPPS       *float64
	MinRunShare  *float64
	JoinFailures *float64
	Back         *float64 // max in ms
}

// Check is one limit and how it went.
type Check struct {
	Name  string
	Limit float64
	Value *float64 // nil: not measured, which fails
	OK    bool
}

// copiesAllowed is the share of packets that may come more than once: a network
// may repeat one now and then, a server has no reason to.
const copiesAllowed = 0.001

// Check compares the report with limits. What no server may do fails without a
// limit: see faults.
func (r *Report) Check(l *Limits) []Check {
	var out []Check
	most := func(name string, limit, value *float64) {
		if limit != nil {
			out = append(out, Check{name, *limit, value, value != nil && *value <= *limit})
		}
	}
	least := func(name string, limit, value *float64) {
		if limit != nil {
			out = append(out, Check{name, *limit, value, value != nil && *value >= *limit})
		}
	}
	most("delay_ms.p99", l.P99MS, r.p99())
	most("loss_pct", l.LossPct, r.LossPct)
	most("ratio_to_floor", l.Ratio, r.ratio())
	most("cpu_us", l.CPUUS, r.cpu())
	most("allocs_per_packet", l.Allocs, r.AllocsPerPacket)
	most("rss_kib_per_participant", l.RSSKiB, r.RSSKiBPerParticipant)
	least("forwarded_pps", l.MinPPS, r.ForwardedPPS)
	least("run_share", l.MinRunShare, r.RunShare)
	first, failures := r.joined()
	most("join.first_packet_ms.p50", l.FirstPacket, first)
	most("join.failures", l.JoinFailures, failures)
	most("return.back_ms.max", l.Back, r.back())
	return append(out, r.faults()...)
}

// faults lists what is wrong whatever the limits are, each as a check that
// failed.
func (r *Report) faults() (out []Check) {
	most := func(name string, limit float64, value *uint64) {
		if value != nil && float64(*value) > limit {
			out = append(out, Check{Name: name, Limit: limit, Value: Some(float64(*value))})
		}
	}
	if b := r.Return; b != nil {
		lost := uint64(max(b.Cut-b.Back, 0))
		most("return.failures", 0, &lost)
	}
	if c := r.Chat; c != nil {
		most("chat.lost", 0, &c.Lost)
		most("chat.repeated", 0, &c.Repeated)
	}
	most("crosstalk", 0, r.Crosstalk)
	most("silent_streams", 0, r.Silent)
	most("undecryptable", 0, r.Broken)
	most("strangers", 0, r.Strangers)
	most("lost_clients", 0, r.LostClients)
	if n := r.ForwardedPackets; n != nil {
		most("duplicates", copiesAllowed*float64(*n), r.Duplicates)
		if *n == 0 {
			out = append(out, Check{Name: "forwarded_packets", Limit: 1, Value: Some(0.0)})
		}
	}
	return out
}

func (r *Report) p99() *float64 {
	switch {
	case r.Chat != nil && r.Chat.Delay != nil:
		return &r.Chat.Delay.P99
	case r.Delay != nil:
		return &r.Delay.P99
	}
	return nil
}

func (r *Report) ratio() *float64 {
	if r.Chat != nil {
		return r.Chat.Ratio
	}
	return r.RatioToFloor
}

func (r *Report) cpu() *float64 {
	if r.Chat != nil {
		return r.Chat.CPUUSPerDelivery
	}
	return r.CPUUSPerPacket
}

// joined tells when the first packet came and how many joins failed.
func (r *Report) joined() (first, failures *float64) {
	if r.Join == nil {
		return nil, nil
	}
	sum := 0.0
	for _, n := range r.Join.Failures {
		sum += float64(n)
	}
	return p50(r.Join.First), &sum
}

// back is how long the last took to come back.
func (r *Report) back() *float64 {
	if r.Return == nil || r.Return.Took == nil {
		return nil
	}
	return &r.Return.Took.Max
}

func p50(q *Quantiles) *float64 {
	if q == nil {
		return nil
	}
	return &q.P50
}

// WriteChecks prints one line per limit and reports whether all hold.
func WriteChecks(w io.Writer, checks []Check) bool {
	all := true
	for _, c := range checks {
		value := "not measured"
		if c.Value != nil {
			value = fmt.Sprintf("%.4g", *c.Value)
		}
		verdict := "ok  "
		if !c.OK {
			verdict, all = "FAIL", false
		}
		fmt.Fprintf(w, "%s %s: %s, limit %.4g\n", verdict, c.Name, value, c.Limit)
	}
	return all
}
