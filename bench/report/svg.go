package report

import (
	"fmt"
	"html"
	"math"
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
	plotW, plotH             = 640, 260
	padL, padR, padT, padB   = 64, 26, 30, 40
	innerW, innerH           = plotW - padL - padR, plotH - padT - padB
	maxTicksX, maxTicksY     = 8, 5
	legendStep, legendSwatch = 110, 14
)

// palette colours the curves; a pattern of dashes tells them apart without
// colour.
var palette = []string{"#1b6ca8", "#c2410c", "#15803d", "#7e22ce"}

var dashes = []string{"", "6 3", "2 2", "8 3 2 3"}

// svg draws the plot; empty when there is nothing to draw.
func (p *plot) svg() string {
	x0, x1, y1, ok := p.bounds()
	if !ok {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, plotW, plotH, html.EscapeString(p.title))
	fmt.Fprintf(&b, `<text class="t" x="%d" y="18">%s</text>`, padL, html.EscapeString(p.title))
	p.axes(&b, x0, x1, y1)
	sx := func(v float64) float64 { return padL + (v-x0)/(x1-x0)*innerW }
	sy := func(v float64) float64 { return padT + innerH - v/y1*innerH }
	for i, c := range p.curves {
		style := i % len(palette)
		fmt.Fprintf(&b, `<path fill="none" stroke="%s" stroke-width="1.6" stroke-dasharray="%s" d="%s"/>`,
			palette[style], dashes[style], path(c, sx, sy))
		if len(p.curves) > 1 {
			x := plotW - padR - legendStep*(len(p.curves)-i)
			fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="14" y2="14" stroke="%s" stroke-width="2" stroke-dasharray="%s"/><text x="%d" y="18">%s</text>`,
				x, x+legendSwatch, palette[style], dashes[style], x+legendSwatch+4, html.EscapeString(c.name))
		}
	}
	b.WriteString("</svg>")
	return b.String()
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

func (p *plot) axes(b *strings.Builder, x0, x1, y1 float64) {
	fmt.Fprintf(b, `<path class="a" d="M%d %dV%dH%d"/>`, padL, padT, padT+innerH, padL+innerW)
	for v, step := 0.0, niceStep(y1, maxTicksY); v <= y1; v += step {
		y := padT + innerH - v/y1*innerH
		fmt.Fprintf(b, `<path class="g" d="M%d %.1fh%d"/><text class="r" x="%d" y="%.1f">%s</text>`,
			padL, y, innerW, padL-6, y+4, number(v))
	}
	for _, t := range p.xTicks(x0, x1) {
		if t.at >= x0 && t.at <= x1 {
			fmt.Fprintf(b, `<text class="m" x="%.1f" y="%d">%s</text>`, padL+(t.at-x0)/(x1-x0)*innerW, padT+innerH+15, t.name)
		}
	}
	fmt.Fprintf(b, `<text class="m" x="%d" y="%d">%s</text>`, padL+innerW/2, plotH-6, html.EscapeString(p.xLabel))
	fmt.Fprintf(b, `<text class="m" transform="translate(12 %d) rotate(-90)">%s</text>`, padT+innerH/2, html.EscapeString(p.yLabel))
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
