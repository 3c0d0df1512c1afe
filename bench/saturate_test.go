package bench

import (
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
