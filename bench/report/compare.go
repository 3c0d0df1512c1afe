package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// better says which way a value improves.
type better int

const (
	lower better = iota
	higher
	neither
)

// headline lists what a comparison shows, in order: path in the JSON and
// which way is better.
var headline = []struct {
	path string
	good better
}{
	{"forwarded_pps", neither}, {"cpu_us_per_packet", lower}, {"floor_us_per_packet", neither},
	{"ratio_to_floor", lower}, {"floor_gso_us_per_packet", neither}, {"ratio_to_gso_floor", lower},
	{"server_cpu_pct", lower}, {"run_share", higher}, {"allocs_per_packet", lower},
	{"delay_ms.p50", lower}, {"delay_ms.p95", lower}, {"delay_ms.p99", lower}, {"delay_ms.p999", lower}, {"delay_ms.max", lower},
	{"loss_pct", lower}, {"crosstalk", lower}, {"silent_streams", lower},
	{"rss_kib", lower}, {"rss_kib_per_participant", lower}, {"live_kib_per_participant", lower}, {"cpu_pct_per_1000", lower}, {"goroutines", lower},
	{"join.answer_ms.p50", lower}, {"join.connected_ms.p50", lower}, {"join.first_packet_ms.p50", lower}, {"join.cpu_ms_per_join", lower},
	{"chat.deliveries_per_s", neither}, {"chat.delivery_ms.p99", lower}, {"chat.cpu_us_per_delivery", lower}, {"chat.ratio_to_write_loop", lower},
	{"saturate.saturation_pps", higher}, {"saturate.share_of_floor", higher}, {"bench_cpu_pct", neither},
}

// Compare writes the difference between two reports, a before b. Values that
// only one of them has are left out.
func Compare(w io.Writer, a, b *Report) error {
	if a.Scenario != b.Scenario {
		return fmt.Errorf("can not compare %s with %s", a.Scenario, b.Scenario)
	}
	before, err := flatten(a)
	if err != nil {
		return err
	}
	after, err := flatten(b)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n%-30s %14s %14s %9s\n", a.Scenario, "", "A", "B", "change")
	for _, h := range headline {
		x, okA := before[h.path]
		y, okB := after[h.path]
		if okA && okB {
			fmt.Fprintf(w, "%-30s %14.4g %14.4g %9s %s\n", h.path, x, y, change(x, y), verdict(h.good, x, y))
		}
	}
	compareLists(w, before, after)
	compareParams(w, a, b)
	doubts(w, "A", a)
	doubts(w, "B", b)
	return nil
}

// doubts tells why a report's figures may not be what they seem.
func doubts(w io.Writer, name string, r *Report) {
	if r.Partial {
		fmt.Fprintf(w, "note: %s was interrupted\n", name)
	}
	if r.BenchLimited {
		fmt.Fprintf(w, "note: %s was limited by the bench: %s\n", name, strings.Join(r.LimitedBy, ", "))
	}
	for _, c := range r.faults() {
		fmt.Fprintf(w, "note: %s is of a run that failed: %s %.4g\n", name, c.Name, *c.Value)
	}
}

// change is the relative change in percent.
func change(x, y float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%+.1f %%", 100*(y-x)/x)
}

// noise is the share below which a difference is not told better or worse:
// runs on one machine differ by so much by themselves.
const noise = 0.03

func verdict(good better, x, y float64) string {
	d := y - x
	switch {
	case good == neither || d == 0 || x != 0 && d/x < noise && d/x > -noise:
		return ""
	case (d < 0) == (good == lower):
		return "better"
	}
	return "worse"
}

// compareLists shows the steps of floor and records, which are matched by
// place.
func compareLists(w io.Writer, before, after map[string]float64) {
	var keys []string
	for key := range before {
		_, both := after[key]
		if both && (strings.HasSuffix(key, ".us_per_packet") || strings.HasSuffix(key, ".records_per_s")) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		good := lower
		if strings.HasSuffix(key, "_per_s") {
			good = higher
		}
		fmt.Fprintf(w, "%-30s %14.4g %14.4g %9s %s\n", key, before[key], after[key],
			change(before[key], after[key]), verdict(good, before[key], after[key]))
	}
}

// compareParams warns of runs that are not alike.
func compareParams(w io.Writer, a, b *Report) {
	for key, x := range a.Params {
		if y, ok := b.Params[key]; ok && fmt.Sprint(x) != fmt.Sprint(y) {
			fmt.Fprintf(w, "note: param %s differs: %v, %v\n", key, x, y)
		}
	}
}

// flatten gives all numbers of a report by their path.
func flatten(r *Report) (map[string]float64, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err = json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	for _, key := range []string{"timeline", "delay_distribution", "params"} {
		delete(doc, key)
	}
	out := make(map[string]float64)
	walk("", doc, out)
	return out, nil
}

func walk(path string, v any, out map[string]float64) {
	switch v := v.(type) {
	case float64:
		out[path] = v
	case map[string]any:
		for key, child := range v {
			walk(strings.TrimPrefix(path+"."+key, "."), child, out)
		}
	case []any:
		for i, child := range v {
			walk(fmt.Sprintf("%s.%02d", path, i), child, out)
		}
	}
}
