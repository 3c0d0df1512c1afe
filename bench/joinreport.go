package bench

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"parley/bench/client"
	"parley/bench/load"
	"parley/bench/report"
)

// joinReport sums up milestones: of all joins, and of those that have got a
// first packet.
func joinReport(all, firsts []client.Times) *report.Join {
	j := &report.Join{Attempts: len(all)}
	answer, connected, first := load.NewDelays(), load.NewDelays(), load.NewDelays()
	for _, t := range all {
		span(answer, t.Asked, t.Answered)
		span(connected, t.Asked, t.Connected)
	}
	for _, t := range firsts {
		span(first, t.Asked, t.First)
	}
	j.Answer, j.Connected, j.First = report.QuantilesOf(answer), report.QuantilesOf(connected), report.QuantilesOf(first)
	return j
}

// span records the time between two milestones that were both reached.
func span(h *hdrhistogram.Histogram, from, to int64) {
	if from > 0 && to > 0 {
		load.RecordSpan(h, from, to)
	}
}
