package bench

import (
	"math"
	"strings"
	"testing"
	"time"

	"parley/bench/client"
	"parley/bench/load"
	"parley/bench/report"
)

// TestChatIsReckoned: what a delivery costs, what a text adds, and what is
// missing, from figures that are easy to follow.
func TestChatIsReckoned(t *testing.T) {
	c := &ChatCmd{Size: 10}
	cpu := 2 * time.Second
	talk := func(delivered, repeated uint64) *client.ChatStats {
		return &client.ChatStats{Sent: 100, Delivered: delivered, Repeated: repeated, Delay: load.NewDelays()}
	}
	w := &window{wall: 4 * time.Second, cpu: &cpu}
	rep := c.report(report.Some(25.0), w, 1000, talk(1000, 0))
	// 2 s for 1000 deliveries; of the 2 s one would have gone by in silence.
	for name, v := range map[string][2]float64{
		"µs a delivery": {*rep.CPUUSPerDelivery, 2000}, "µs a text": {*rep.CPUUSPerText, 10000}, "deliveries a second": {rep.DeliveriesPerS, 250},
	} {
		if math.Abs(v[0]-v[1]) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, v[0], v[1])
		}
	}
	if rep.Lost != 0 || rep.Repeated != 0 || rep.Expected != 1000 || rep.Delay != nil {
		t.Errorf("%+v", rep)
	}
	for _, v := range []struct{ delivered, repeated, lost, more uint64 }{{990, 0, 10, 0}, {990, 10, 10, 10}, {1005, 0, 0, 5}, {1005, 2, 0, 7}} {
		if rep := c.report(nil, w, v.delivered, talk(v.delivered, v.repeated)); rep.Lost != v.lost || rep.Repeated != v.more || rep.CPUUSPerText != nil {
			t.Errorf("%+v: %d lost, %d repeated, %v µs a text", v, rep.Lost, rep.Repeated, rep.CPUUSPerText)
		}
	}
	// What came when the window was over is delivered, and was no work of the window's.
	if rep = c.report(nil, w, 500, talk(1000, 0)); rep.Lost != 0 || rep.Deliveries != 1000 || math.Abs(*rep.CPUUSPerDelivery-4000) > 1e-6 || rep.DeliveriesPerS != 125 {
		t.Errorf("half of it too late: %+v", rep)
	}
	w.cpu = nil
	if rep = c.report(report.Some(25.0), w, 1000, talk(1000, 0)); rep.CPUUSPerDelivery != nil || rep.CPUUSPerText != nil || rep.QuietCPUPct != nil {
		t.Errorf("costs without CPU time: %+v", rep)
	}
}

func TestChatRefusesWhatItCanNotDo(t *testing.T) {
	for want, c := range map[string]ChatCmd{
		"two listeners": {Rooms: 1, Size: 1, Rate: 1, Text: 10},
		"--rate":        {Rooms: 2, Size: 5, Rate: 16.1, Text: 10},
		"--text":        {Rooms: 1, Size: 10, Rate: 16, Text: 4001},
	} {
		if err := c.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := (&ChatCmd{Rooms: 2, Size: 5, Rate: 16, Text: 4000}).validate(); err != nil {
		t.Error(err)
	}
}

func TestMedianAndRatio(t *testing.T) {
	for want, values := range map[float64][]float64{3: {9, 3, 1}, 2.5: {4, 1, 3, 2}, 7: {7}} {
		if got := median(values); got == nil || *got != want {
			t.Errorf("median of %v is not %v", values, want)
		}
	}
	values := []float64{3, 1, 2}
	if median(values); values[0] != 3 {
		t.Error("the runs were put in another order")
	}
	if median(nil) != nil || ratio(nil, report.Some(1.0)) != nil || ratio(report.Some(1.0), nil) != nil || ratio(report.Some(1.0), report.Some(0.0)) != nil {
		t.Error("something was made of nothing")
	}
	if got := ratio(report.Some(3.0), report.Some(2.0)); got == nil || *got != 1.5 {
		t.Error("3 divided by 2 is not 1.5")
	}
}
