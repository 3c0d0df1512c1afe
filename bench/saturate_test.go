package bench

import (
	"errors"
	"testing"

	"parley/bench/report"
)

func TestMedianP99(t *testing.T) {
	samples := []report.Sample{{P99: report.Some(30.0)}, {}, {P99: report.Some(0.5)}, {P99: report.Some(0.7)}}
	if got := medianP99(samples); got == nil || *got != 0.7 {
		t.Errorf("median of 30, nothing, 0.5 and 0.7 is %v, want 0.7", got)
	}
	if got := medianP99([]report.Sample{{}}); got != nil {
		t.Errorf("median of nothing is %v", *got)
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
