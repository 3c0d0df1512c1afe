package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"os"
)

// page is the whole HTML report; it loads nothing.
var page = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Report.Scenario}}: parley bench</title>
<style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1340px;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.5rem;margin:0}p.s{color:#566;margin:.2rem 0 1rem}
.w{background:#fff3cd;border:1px solid #e0c46c;padding:.5rem .8rem;border-radius:6px}
.k{display:flex;flex-wrap:wrap;gap:.7rem;margin:1rem 0}.k div{border:1px solid #d7dde5;border-radius:8px;padding:.5rem .9rem;min-width:8rem}
.k b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}.k span{color:#566;font-size:.85rem}
.p{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(560px,100%),1fr));gap:1rem}
svg{width:100%;border:1px solid #e3e8ee;border-radius:8px;font-size:11px}svg text{fill:#39424e}
svg .t{font-size:13px;font-weight:600}svg .r{text-anchor:end}svg .m{text-anchor:middle}
svg .a{fill:none;stroke:#7a8694}svg .g{stroke:#edf0f4}
pre{background:#f5f7fa;padding:.8rem;border-radius:8px;overflow:auto;font-size:12.5px}
</style>
<h1>{{.Report.Scenario}}</h1>
<p class="s">{{.Report.StartedAt.Format "2006-01-02 15:04 MST"}} · {{printf "%.1f" .Report.DurationS}} s measured · seed {{.Report.Seed}} ·
{{.Report.Machine.CPU}} ({{.Report.Machine.CPUs}} processors), {{.Report.Machine.OS}} {{.Report.Machine.Kernel}}, {{.Report.Machine.Go}}</p>
{{if .Report.Partial}}<p class="w">Partial: the run was interrupted.</p>{{end}}
{{if .Report.BenchLimited}}<p class="w">The load tool was the bottleneck ({{range .Report.LimitedBy}}{{.}}; {{end}}): the server could do more.</p>{{end}}
<div class="k">{{range .Tiles}}<div><b>{{.Value}}</b><span>{{.Name}}</span></div>{{end}}</div>
<div class="p">{{range .Plots}}{{.}}{{end}}</div>
<h2>All findings</h2><pre>{{.Text}}</pre>
<details><summary>JSON</summary><pre>{{.JSON}}</pre></details>
</html>
`))

// tile is one figure at the top of the page.
type tile struct{ Name, Value string }

// HTML writes the report as one self-contained page.
func (r *Report) HTML(path string) error {
	var text bytes.Buffer
	r.Text(&text)
	// The plots have the series already; the shown JSON would drown in them.
	short := *r
	short.Series = Series{}
	data, err := json.MarshalIndent(&short, "", "  ")
	if err != nil {
		return err
	}
	var plots []template.HTML
	for _, p := range r.plots() {
		svg, err := p.svg()
		if err != nil {
			return err
		}
		if svg != "" {
			plots = append(plots, svg)
		}
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Report": r, "Tiles": r.tiles(), "Plots": plots, "Text": text.String(), "JSON": string(data),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func (r *Report) tiles() []tile {
	var list []tile
	add := func(name, format string, v *float64) {
		if v != nil {
			list = append(list, tile{name, fmt.Sprintf(format, *v)})
		}
	}
	add("packets/s forwarded", "%.0f", r.ForwardedPPS)
	add("µs of server CPU per packet", "%.2f", r.CPUUSPerPacket)
	add("× the minimal forwarder", "%.2f", r.RatioToFloor)
	add("ms delay p99", "%.2f", r.p99())
	add("% lost", "%.3f", r.LossPct)
	add("KiB per participant", "%.1f", r.RSSKiBPerParticipant)
	add("allocations per packet", "%.3f", r.AllocsPerPacket)
	add("of packets left in runs", "%.2f", r.RunShare)
	if r.Join != nil {
		add("ms to first packet, p50", "%.1f", p50(r.Join.First))
	}
	if r.Chat != nil {
		add("µs of server CPU per delivery", "%.2f", r.Chat.CPUUSPerDelivery)
	}
	if r.Saturate != nil {
		add("packets/s at saturation", "%.0f", r.Saturate.PPS)
		add("ms p99 at 60 % of it", "%.2f", r.Saturate.P99At60)
	}
	return list
}

// plots lists the drawings: delay over time and as a distribution, CPU,
// memory, packets, and the climb of a saturation run.
func (r *Report) plots() []*plot {
	at := func(s Sample) float64 { return s.AtS }
	line := func(name string, y func(Sample) *float64) curve {
		c := curve{name: name}
		for _, s := range r.Timeline {
			c.x = append(c.x, at(s))
			c.y = append(c.y, orNaN(y(s)))
		}
		return c
	}
	list := []*plot{
		{title: "Delay over time", xLabel: "seconds", yLabel: "ms", curves: []curve{
			line("p50", func(s Sample) *float64 { return s.P50 }), line("p99", func(s Sample) *float64 { return s.P99 })}},
		r.distributionPlot(),
		{title: "CPU", xLabel: "seconds", yLabel: "% of a core", curves: []curve{
			line("server", func(s Sample) *float64 { return s.ServerCPUPct }), line("bench", func(s Sample) *float64 { return &s.BenchCPUPct })}},
		{title: "Server memory", xLabel: "seconds", yLabel: "MiB", curves: []curve{
			line("rss", func(s Sample) *float64 { return mebi(s.RSSKiB) })}},
		{title: "Packets forwarded", xLabel: "seconds", yLabel: "packets/s", curves: []curve{
			line("packets", func(s Sample) *float64 { return &s.PPS })}},
	}
	if r.Saturate != nil {
		list = append(list, r.Saturate.plot())
	}
	return list
}

// distributionPlot shows the tail: the x axis counts nines.
func (r *Report) distributionPlot() *plot {
	c := curve{name: "delay"}
	for _, p := range r.Distribution {
		if p.Share < 100 {
			c.x = append(c.x, -math.Log10(1-p.Share/100))
			c.y = append(c.y, p.MS)
		}
	}
	return &plot{title: "Delay, share of packets at most so late", xLabel: "share of packets", yLabel: "ms", curves: []curve{c},
		ticks: []tick{{0, "0"}, {-math.Log10(0.5), "50 %"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}}}
}

func (c *Climb) plot() *plot {
	p99, cpu := curve{name: "p99 (ms)"}, curve{name: "server (%)"}
	for _, s := range c.Steps {
		p99.x, p99.y = append(p99.x, s.PPS), append(p99.y, orNaN(s.P99))
		cpu.x, cpu.y = append(cpu.x, s.PPS), append(cpu.y, orNaN(s.ServerCPUPct))
	}
	return &plot{title: "Rising load", xLabel: "packets/s", yLabel: "ms, %", curves: []curve{p99, cpu}}
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func mebi(kib *float64) *float64 {
	if kib == nil {
		return nil
	}
	return Some(*kib / 1024)
}
