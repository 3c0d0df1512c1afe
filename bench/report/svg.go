package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// curve is one line of a plot. Points with NaN are gaps.
type curve struct {
	name string
	x, y []float64
}

// plot is one drawing.
type plot struct {
	title  string
	xLabel string
	yLabel string
	curves []curve
	// ticks are the places on the x axis that get a name; nil: round numbers.
	ticks []tick
}

// tick is a named place on an axis.
type tick struct {
	at   float64
	name string
}

// Geometry of a plot in SVG units.
const (
	plotW, plotH           = 640, 260
	padL, padR, padT, padB = 64, 26, 30, 40
	innerW, innerH         = plotW - padL - padR, plotH - padT - padB
	maxTicksX, maxTicksY   = 8, 5
	legendStep             = 110
)

// palette colours the curves; a pattern of dashes tells them apart without
// colour.
var palette = []string{"#1b6ca8", "#c2410c", "#15803d", "#7e22ce"}

var dashes = []string{"", "6 3", "2 2", "8 3 2 3"}

// drawing is a plot worked out to the pixel, for the template.
type drawing struct {
	W, H, Left, Top, Bottom, InnerW, Middle, Centre int
	Title, XLabel, YLabel                           string
	Rows                                            []row
	Marks                                           []mark
	Lines                                           []stroke
}

// row is a grid line with its name, mark a named place on the x axis.
type (
	row struct {
		Y    float64
		Name string
	}
	mark struct {
		X    float64
		Name string
	}
)

// stroke is one curve; Legend is where its name stands, 0 for none.
type stroke struct {
	Name, Path, Colour, Dash string
	Legend                   int
}

// plotted is one plot as SVG. Text from outside gets into it by the template
// only, which escapes it.
var plotted = template.Must(template.New("plot").Funcs(template.FuncMap{
	"add": func(a, b int) int { return a + b },
	"px":  func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) },
}).Parse(`<svg viewBox="0 0 {{.W}} {{.H}}" role="img" aria-label="{{.Title}}">
<text class="t" x="{{.Left}}" y="18">{{.Title}}</text>
<path class="a" d="M{{.Left}} {{.Top}}V{{.Bottom}}h{{.InnerW}}"/>
{{range .Rows}}<path class="g" d="M{{$.Left}} {{px .Y}}h{{$.InnerW}}"/><text class="r" x="{{add $.Left -6}}" y="{{px .Y}}" dy="4">{{.Name}}</text>
{{end}}{{range .Marks}}<text class="m" x="{{px .X}}" y="{{add $.Bottom 15}}">{{.Name}}</text>
{{end}}<text class="m" x="{{.Middle}}" y="{{add .H -6}}">{{.XLabel}}</text>
<text class="m" transform="translate(12 {{.Centre}}) rotate(-90)">{{.YLabel}}</text>
{{range .Lines}}<path fill="none" stroke="{{.Colour}}" stroke-width="1.6" stroke-dasharray="{{.Dash}}" d="{{.Path}}"/>
{{if .Legend}}<line x1="{{.Legend}}" x2="{{add .Legend 14}}" y1="14" y2="14" stroke="{{.Colour}}" stroke-width="2" stroke-dasharray="{{.Dash}}"/><text x="{{add .Legend 18}}" y="18">{{.Name}}</text>
{{end}}{{end}}</svg>`))

// svg draws the plot; empty when there is nothing to draw.
func (p *plot) svg() (template.HTML, error) {
	d, ok := p.draw()
	if !ok {
		return "", nil
	}
	var b strings.Builder
	if err := plotted.Execute(&b, d); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

// draw works out where everything goes; false when there is nothing to draw.
func (p *plot) draw() (*drawing, bool) {
	x0, x1, y1, ok := p.bounds()
	if !ok {
		return nil, false
	}
	sx := func(v float64) float64 { return padL + (v-x0)/(x1-x0)*innerW }
	sy := func(v float64) float64 { return padT + innerH - v/y1*innerH }
	d := &drawing{
		W: plotW, H: plotH, Left: padL, Top: padT, Bottom: padT + innerH, InnerW: innerW, Middle: padL + innerW/2, Centre: padT + innerH/2,
		Title: p.title, XLabel: p.xLabel, YLabel: p.yLabel,
	}
	for v, step := 0.0, niceStep(y1, maxTicksY); v <= y1; v += step {
		d.Rows = append(d.Rows, row{sy(v), number(v)})
	}
	for _, t := range p.xTicks(x0, x1) {
		if t.at >= x0 && t.at <= x1 {
			d.Marks = append(d.Marks, mark{sx(t.at), t.name})
		}
	}
	for i, c := range p.curves {
		style := i % len(palette)
		s := stroke{Name: c.name, Path: path(c, sx, sy), Colour: palette[style], Dash: dashes[style]}
		if len(p.curves) > 1 {
			s.Legend = plotW - padR - legendStep*(len(p.curves)-i)
		}
		d.Lines = append(d.Lines, s)
	}
	return d, true
}

// bounds finds the range of x and the top of y, which starts at 0.
func (p *plot) bounds() (x0, x1, y1 float64, ok bool) {
	x0, x1 = math.Inf(1), math.Inf(-1)
	n := 0
	for _, c := range p.curves {
		for i := range c.x {
			if math.IsNaN(c.y[i]) {
				continue
			}
			n++
			x0, x1, y1 = min(x0, c.x[i]), max(x1, c.x[i]), max(y1, c.y[i])
		}
	}
	if n < 2 || x1 <= x0 {
		return 0, 0, 0, false
	}
	if y1 <= 0 {
		y1 = 1
	}
	return x0, x1, y1 * 1.05, true
}

func (p *plot) xTicks(x0, x1 float64) []tick {
	if p.ticks != nil {
		return p.ticks
	}
	var list []tick
	step := niceStep(x1-x0, maxTicksX)
	for v := math.Ceil(x0/step) * step; v <= x1; v += step {
		list = append(list, tick{v, number(v)})
	}
	return list
}

// niceStep divides span into at most n steps of 1, 2 or 5 times a power of
// ten.
func niceStep(span float64, n int) float64 {
	raw := span / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 5} {
		if f*power >= raw {
			return f * power
		}
	}
	return 10 * power
}

// number prints a tick shortly.
func number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}

// path makes the d attribute of a curve.
func path(c curve, sx, sy func(float64) float64) string {
	var b strings.Builder
	pen := byte('M')
	for i := range c.x {
		if math.IsNaN(c.y[i]) {
			pen = 'M'
			continue
		}
		fmt.Fprintf(&b, "%c%.1f %.1f", pen, sx(c.x[i]), sy(c.y[i]))
		pen = 'L'
	}
	return b.String()
}
