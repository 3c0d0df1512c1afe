package report

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// sample makes a report with everything in it.
func sample() *Report {
	r := New("audience", 7)
	h := hdrhistogram.New(1, 60_000_000, 3)
	for i := int64(1); i <= 1000; i++ {
		h.RecordValue(i)
	}
	r.Params["watchers"] = 50
	r.DurationS = 15
	r.ForwardedPackets, r.ForwardedPPS, r.ForwardedMbps, r.PublishedPPS = Some(uint64(90000)), Some(6000.0), Some(50.0), Some(120.0)
	r.CPUUSPerPacket, r.FloorUSPerPacket, r.RatioToFloor = Some(4.0), Some(3.5), Some(4/3.5)
	r.FloorGSOUSPerPacket, r.RatioToGSOFloor, r.ServerCPUPct = Some(2.0), Some(2.0), Some(24.0)
	r.FloorRuns, r.FloorGSORuns = []float64{3.4, 3.5, 3.7}, []float64{1.9, 2.0, 2.1}
	r.AllocsPerPacket, r.AllocsIdlePerS, r.RunShare = Some(0.0), Some(30.0), Some(0.98)
	r.Delay, r.Distribution = QuantilesOf(h), DistributionOf(h)
	r.LossPct, r.Crosstalk, r.Silent = Some(0.0), Some(uint64(0)), Some(uint64(0))
	r.Duplicates, r.Reordered, r.Gaps, r.Repaired, r.Broken = Some(uint64(0)), Some(uint64(0)), Some(uint64(0)), Some(uint64(0)), Some(uint64(0))
	r.Strangers, r.Early, r.LostClients = Some(uint64(0)), Some(uint64(0)), Some(uint64(0))
	r.ServerDrops = map[string]float64{"late": 3}
	r.Participants, r.RSSKiB, r.RSSKiBPerParticipant = 51, Some(30000.0), Some(60.0)
	r.LiveKiBPerParticipant = Some(20.0)
	r.HeapKiB, r.Goroutines, r.CPUPctPerThousand = Some(9000.0), Some(120.0), Some(4.0)
	r.LimitedBy, r.Notes = []string{"x"}, []string{"y"}
	q := QuantilesOf(h)
	r.Join = &Join{Attempts: 51, Rate: 9.5, Failures: map[string]uint64{"z": 1}, Answer: q, Connected: q, First: q, CPUMS: Some(1.0), GoroutinesLeft: Some(0.0), RSSLeftKiB: Some(0.0)}
	r.Chat = &Chat{Sent: 1, Deliveries: 2, Delay: q, CPUUSPerDelivery: Some(5.0), FloorUS: Some(4.0), Ratio: Some(1.25),
		FloorRuns: []float64{3.9, 4.0, 4.2}, DurableFloorUS: Some(4.5), DurableFloorRuns: []float64{4.4, 4.5, 4.6}, DurableRatio: Some(5 / 4.5), QuietCPUPct: Some(0.4), CPUUSPerText: Some(600.0)}
	r.Return = &Return{Cut: 50, Back: 50, Attempts: 60, Failures: map[string]uint64{"z": 1}, Took: q}
	r.Records = []Record{{Writers: 8, RecordsPerS: 100, Ack: q, BatchMean: Some(3.0), FdatasyncMS: Some(1.0), LimitPerS: Some(120.0), ShareOfLimit: Some(0.8)}}
	r.Floor = []Step{{Name: "sendto", Bytes: 1200, Destinations: 50, Batch: 1, US: 4}}
	r.Saturate = &Climb{Steps: []ClimbStep{{Load: 1, PPS: 10, LossPct: Some(0.0), P99: Some(1.0), ServerCPUPct: Some(50.0), Good: true}, {Load: 2, PPS: 20, P99: Some(60.0)}}, PPS: Some(10.0), FloorPPS: Some(12.0), ShareOfFloor: Some(0.83), P99At60: Some(0.8), MedianP99At60: Some(0.7), FloorP99At60: Some(0.9), FloorMedianP99At60: Some(0.6)}
	for i := range 5 {
		r.Timeline = append(r.Timeline, Sample{AtS: float64(i), PPS: 6000, P50: Some(0.3), P99: Some(1.0), ServerCPUPct: Some(24.0), BenchCPUPct: 30, RSSKiB: Some(30000.0), Clients: 51})
	}
	return r
}

// keys lists every path of a JSON document; lists are written name[].
func keys(prefix string, v any, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			path := strings.TrimPrefix(prefix+"."+key, ".")
			out[path] = true
			if key != "params" && key != "server_drops" && key != "failures" {
				keys(path, child, out)
			}
		}
	case []any:
		for _, child := range v {
			keys(prefix+"[]", child, out)
		}
	}
}

var documented = regexp.MustCompile("(?m)^\\| `([a-z0-9_.\\[\\]]+)` \\|")

func TestKeysAreThoseOfTheReadme(t *testing.T) {
	data, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	json.Unmarshal(data, &doc)
	have := make(map[string]bool)
	keys("", doc, have)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	_, table, _ := strings.Cut(string(readme), "## Keys of the JSON")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, m := range documented.FindAllStringSubmatch(table, -1) {
		told[m[1]] = true
	}
	for key := range have {
		// A distribution's own keys are told once, at delay_ms.
		if q, last, ok := cutLast(key); ok && isQuantile(last) && strings.HasSuffix(q, "_ms") && q != "delay_ms" {
			continue
		}
		if !told[key] {
			t.Errorf("README.md does not tell of %s", key)
		}
	}
	for key := range told {
		if !have[key] {
			t.Errorf("README.md tells of %s, which no report has", key)
		}
	}
}

func cutLast(key string) (string, string, bool) {
	at := strings.LastIndexByte(key, '.')
	if at < 0 {
		return "", "", false
	}
	return key[:at], key[at+1:], true
}

func isQuantile(key string) bool {
	switch key {
	case "p50", "p95", "p99", "p999", "max", "mean", "samples":
		return true
	}
	return false
}

func TestNothingMeasuredIsNothingReported(t *testing.T) {
	data, err := json.Marshal(New("meet", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"cpu_us_per_packet", "loss_pct", "delay_ms", "rss_kib", "run_share", "crosstalk", "join", "chat"} {
		if strings.Contains(string(data), `"`+key+`"`) {
			t.Errorf("%s is in the report of a run that measured nothing: %s", key, data)
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	want := sample()
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want.Params["watchers"] = float64(50) // as JSON has it
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read\n%+v\nwrote\n%+v", got, want)
	}
	os.WriteFile(path, []byte(`{"tool":"other"}`), 0o644)
	if _, err = Read(path); err == nil {
		t.Error("another tool's report was read")
	}
}

func TestQuantiles(t *testing.T) {
	q := sample().Delay
	if q.P50 != 0.5 || q.P99 != 0.99 || q.Max != 1 || q.Samples != 1000 {
		t.Errorf("%+v", q)
	}
	if QuantilesOf(hdrhistogram.New(1, 10, 1)) != nil {
		t.Error("quantiles of nothing")
	}
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		change func(*Report)
		ok     bool
	}{
		"none":                {Limits{}, nil, true},
		"kept":                {Limits{P99MS: Some(5.0), LossPct: Some(0.1), Ratio: Some(1.3), Allocs: Some(0.0), MinRunShare: Some(0.5)}, nil, true},
		"p99 broken":          {Limits{P99MS: Some(0.5)}, func(r *Report) { r.Chat = nil }, false},
		"loss broken":         {Limits{LossPct: Some(0.1)}, func(r *Report) { r.LossPct = Some(0.2) }, false},
		"too few packets":     {Limits{MinPPS: Some(7000.0)}, nil, false},
		"not measured":        {Limits{Ratio: Some(1.3)}, func(r *Report) { r.Chat, r.RatioToFloor = nil, nil }, false},
		"join failures":       {Limits{JoinFailures: Some(0.0)}, nil, false},
		"crosstalk unasked":   {Limits{}, func(r *Report) { r.Crosstalk = Some(uint64(1)) }, false},
		"silent unasked":      {Limits{}, func(r *Report) { r.Silent = Some(uint64(1)) }, false},
		"undecryptable":       {Limits{}, func(r *Report) { r.Broken = Some(uint64(1)) }, false},
		"texts lost":          {Limits{}, func(r *Report) { r.Chat.Lost = 1 }, false},
		"texts repeated":      {Limits{}, func(r *Report) { r.Chat.Repeated = 1 }, false},
		"strangers":           {Limits{}, func(r *Report) { r.Strangers = Some(uint64(1)) }, false},
		"lost clients":        {Limits{}, func(r *Report) { r.LostClients = Some(uint64(1)) }, false},
		"few copies":          {Limits{}, func(r *Report) { r.Duplicates = Some(uint64(90)) }, true},
		"too many copies":     {Limits{}, func(r *Report) { r.Duplicates = Some(uint64(91)) }, false},
		"nothing forwarded":   {Limits{}, func(r *Report) { r.ForwardedPackets = Some(uint64(0)) }, false},
		"only early":          {Limits{}, func(r *Report) { r.Early = Some(uint64(5)) }, true},
		"first packet broken": {Limits{FirstPacket: Some(0.1)}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			if c.change != nil {
				c.change(r)
			}
			var out strings.Builder
			if got := WriteChecks(&out, r.Check(&c.limits)); got != c.ok {
				t.Errorf("%v, want %v\n%s", got, c.ok, out.String())
			}
		})
	}
}

func TestCompare(t *testing.T) {
	a, b := sample(), sample()
	b.CPUUSPerPacket, b.RunShare = Some(3.0), Some(0.5)
	b.Params["watchers"] = 60
	var out strings.Builder
	if err := Compare(&out, a, b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`(?m)^cpu_us_per_packet +4 +3 +-25.0 % better$`, `(?m)^run_share .* worse$`,
		`(?m)^ratio_to_floor .* $`, `param watchers differs: 50, 60`, `(?m)^floor.00.us_per_packet `, `(?m)^records.00.records_per_s `} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no line like %s in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "note: A") || strings.Contains(out.String(), "note: B") {
		t.Errorf("doubts about two good runs:\n%s", out.String())
	}
	out.Reset()
	a.Partial, b.BenchLimited, b.Silent = true, true, Some(uint64(3))
	if err := Compare(&out, a, b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A was interrupted", "B was limited by the bench: x", "B is of a run that failed: silent_streams 3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no doubt like %q in\n%s", want, out.String())
		}
	}
	b.Scenario = "meet"
	if Compare(&out, a, b) == nil {
		t.Error("two scenarios were compared")
	}
}

func TestHTMLIsSelfContained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.html")
	r := sample()
	r.Notes = []string{"<script>alert(1)</script>"}
	if err := r.HTML(path); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	page := string(data)
	if n := strings.Count(page, "<svg"); n != 6 {
		t.Errorf("%d plots, want delay, distribution, cpu, memory, packets and the climb", n)
	}
	for _, bad := range []string{"<script", "src=", "href=", "url(", "@import"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"Delay over time", "forwarded", "seed 7", "4.00"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestSVGIsXML(t *testing.T) {
	for _, p := range sample().plots() {
		svg, err := p.svg()
		if err != nil || svg == "" {
			t.Errorf("%s: nothing drawn, %v", p.title, err)
		}
		dec := xml.NewDecoder(strings.NewReader(string(svg)))
		for {
			if _, err := dec.Token(); err != nil {
				if err.Error() != "EOF" {
					t.Errorf("%s: %v", p.title, err)
				}
				break
			}
		}
	}
	empty := plot{title: "x", curves: []curve{{x: []float64{1}, y: []float64{1}}}}
	if svg, err := empty.svg(); svg != "" || err != nil {
		t.Errorf("a single point was drawn: %q, %v", svg, err)
	}
}

// TestSVGEscapes draws what others have named.
func TestSVGEscapes(t *testing.T) {
	const hostile = `"><script>alert(1)</script>&`
	points := []float64{1, 2, 3}
	p := plot{title: hostile, xLabel: hostile, yLabel: hostile, ticks: []tick{{2, hostile}},
		curves: []curve{{hostile, points, points}, {hostile, points, points}}}
	svg, err := p.svg()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(svg), "<script") || strings.Contains(string(svg), "ZgotmplZ") {
		t.Errorf("drawn as %s", svg)
	}
	if n := strings.Count(string(svg), "alert(1)"); n != 7 {
		t.Errorf("the name stands %d times in %s", n, svg)
	}
}

func TestText(t *testing.T) {
	var out strings.Builder
	r := sample()
	r.Partial, r.BenchLimited = true, true
	r.Text(&out)
	for _, want := range []string{"PARTIAL", "BENCH LIMITED: x", "ratio to floor", "p99 0.990", "left in runs", "held", "broke", "8 writers"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not told:\n%s", want, out.String())
		}
	}
	var bare strings.Builder
	New("meet", 1).Text(&bare)
	if strings.Contains(bare.String(), "0.000") {
		t.Errorf("zeros that were not measured:\n%s", bare.String())
	}
}
