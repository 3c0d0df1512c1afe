package bench

import (
	"errors"
	"testing"
	"time"

	"parley/bench/load"
	"parley/bench/report"
)

func TestMedianP99(t *testing.T) {
	for name, c := range map[string]struct {
		p99  []float64
		want float64
	}{
		"one":   {[]float64{3}, 3},
		"odd":   {[]float64{30, 0.5, 0.7}, 0.7},
		"two":   {[]float64{30, 1}, 15.5},
		"even":  {[]float64{30, 0.5, 1, 0.7}, 0.85},
		"alike": {[]float64{2, 2, 2, 2}, 2},
	} {
		samples := []report.Sample{{}} // nothing was measured in it
		for _, v := range c.p99 {
			samples = append(samples, report.Sample{P99: report.Some(v)})
		}
		if got := medianP99(samples); got == nil || *got != c.want {
			t.Errorf("%s: median of %v is not %v", name, c.p99, c.want)
		}
	}
	if got := medianP99([]report.Sample{{}}); got != nil {
		t.Errorf("median of nothing is %v", *got)
	}
}

// TestAStepHolds: only if loss and delay were measured and small, and nothing
// went astray.
func TestAStepHolds(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*window)
		good   bool
	}{
		"good":                  {func(*window) {}, true},
		"0.5 % lost":            {func(w *window) { w.stats.Lost = 5 }, true},
		"0.6 % lost":            {func(w *window) { w.stats.Lost = 6 }, false},
		"too late":              {func(w *window) { late(w.stats, 51*time.Millisecond) }, false},
		"in time":               {func(w *window) { late(w.stats, 49*time.Millisecond) }, true},
		"nothing expected":      {func(w *window) { w.stats.Expected = 0 }, false},
		"no delay measured":     {func(w *window) { w.stats.Delay.Reset() }, false},
		"cut short":             {func(w *window) { w.partial = true }, false},
		"a silent stream":       {func(w *window) { w.stats.Silent = 1 }, false},
		"cross-talk":            {func(w *window) { w.stats.Crosstalk = 1 }, false},
		"one that did not open": {func(w *window) { w.stats.Broken = 1 }, false},
	} {
		w := &window{stats: load.NewStats()}
		w.stats.Expected = 1000
		w.stats.RecordDelay(0, int64(time.Millisecond))
		c.change(w)
		var s report.ClimbStep
		if judgeStep(&s, w); s.Good != c.good {
			t.Errorf("%s: held %v, want %v", name, s.Good, c.good)
		}
		if measured := w.stats.Delay.TotalCount() > 0; (s.P99 != nil) != measured || (s.LossPct != nil) != (w.stats.Expected > 0) {
			t.Errorf("%s: told %v, %v of what was not measured", name, s.P99, s.LossPct)
		}
	}
}

// late makes a fiftieth of all delays so long.
func late(st *load.Stats, d time.Duration) {
	for i := range int64(100) {
		took := int64(time.Millisecond)
		if i < 2 {
			took = int64(d)
		}
		st.RecordDelay(0, took)
	}
}

// breaksAt is a server that holds every load up to edge, 1000 packets a second
// at load 1.
func breaksAt(edge float64) func(float64) (report.ClimbStep, error) {
	return func(load float64) (report.ClimbStep, error) {
		return report.ClimbStep{Load: load, PPS: 1000 * load, Good: load <= edge}, nil
	}
}

func never() bool { return false }

// TestClimbFindsTheEdge: what held last is below where the server breaks, by no
// more than what four halvings leave: of the whole load 1 for a server that
// does not hold it, else of a factor of 1.5.
func TestClimbFindsTheEdge(t *testing.T) {
	for _, edge := range []float64{0.3, 1, 1.2, 7, 123, 4000} {
		told := 0
		c, err := climb(breaksAt(edge), func() { told++ }, never)
		if err != nil || c.LastGood < 0 {
			t.Fatalf("edge %v: %+v, %v", edge, c, err)
		}
		best := c.Steps[c.LastGood]
		if !best.Good || best.Load > edge || best.Load < edge-max(1.0/16, 0.032*edge) {
			t.Errorf("edge %v: found %v", edge, best.Load)
		}
		if told == 0 {
			t.Errorf("edge %v: no step was told to be the best", edge)
		}
	}
}

func TestClimbThatNeverHolds(t *testing.T) {
	c, err := climb(breaksAt(0), func() { t.Error("a step was told to be the best") }, never)
	if err != nil || c.LastGood != -1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestClimbEnds(t *testing.T) {
	c, err := climb(breaksAt(1e300), func() {}, never)
	if err != nil || len(c.Steps) != climbMax || c.LastGood != climbMax-1 {
		t.Errorf("%d steps, last good %d, %v", len(c.Steps), c.LastGood, err)
	}
}

// TestClimbTriesTwice: one disturbed measurement of a load is not the edge.
func TestClimbTriesTwice(t *testing.T) {
	server, tries := breaksAt(7), map[float64]int{}
	c, err := climb(func(load float64) (report.ClimbStep, error) {
		step, err := server(load)
		tries[load]++
		step.Good = step.Good && tries[load] > 1
		return step, err
	}, func() {}, never)
	if err != nil || c.LastGood < 0 || c.Steps[c.LastGood].Load < 6.3 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestClimbStopsAtAnErrorAndWhenCut(t *testing.T) {
	broken := errors.New("the server is gone")
	if _, err := climb(func(float64) (report.ClimbStep, error) { return report.ClimbStep{}, broken }, func() {}, never); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	tries := 0
	c, err := climb(func(load float64) (report.ClimbStep, error) {
		tries++
		return report.ClimbStep{Load: load}, nil
	}, func() {}, func() bool { return true })
	if err != nil || tries != 1 || c.LastGood != -1 {
		t.Errorf("%d tries after being cut, %+v, %v", tries, c, err)
	}
}
