package bench

import (
	"path/filepath"
	"strings"
	"testing"

	"parley/bench/report"
)

// TestASmallMeetingOnTheRealServer holds a meeting of four on the program itself: what the tool reports of a good server must be good.
func TestASmallMeetingOnTheRealServer(t *testing.T) {
	dir := t.TempDir()
	server := realServer(t)
	file := filepath.Join(dir, "r.json")
	var out strings.Builder
	err := runCommand(t.Context(), &out, "meet", "--server", server, "--size", "4", "--bitrate", "300kbps",
		"--warmup", "500ms", "--duration", "2s", "--floor-duration", "1s", "--server-cpus", "", "--json", file,
		"--html", filepath.Join(dir, "r.html"), "--max-loss", "1%", "--max-allocs", "5")
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	rep, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	want := 4 * 3 * (50 + 60.0) // everyone gets 3 others: sounds, and 30 pictures of 2 packets
	if *rep.ForwardedPPS < want*0.9 || *rep.ForwardedPPS > want*1.1 || *rep.Crosstalk != 0 || *rep.Silent != 0 || *rep.Broken != 0 {
		t.Errorf("%v packets/s, want about %v\n%s", *rep.ForwardedPPS, want, out.String())
	}
	if rep.CPUUSPerPacket == nil || rep.FloorUSPerPacket == nil || rep.RatioToFloor == nil || rep.Delay == nil || rep.AllocsPerPacket == nil {
		t.Errorf("figures are missing\n%s", out.String())
	}
	if j := rep.Join; j == nil || j.First == nil || j.First.Samples != 4 {
		t.Errorf("first packets: %+v", j)
	}
}

// TestAChatHasItsYardsticks: the plain write loop and the one that keeps its texts
// run as processes of their own and are told beside the server.
func TestAChatHasItsYardsticks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	var out strings.Builder
	err := runCommand(t.Context(), &out, "chat", "--server", realServer(t), "--size", "4", "--rate", "6", "--warmup", "100ms", "--duration", "1s",
		"--floor-runs", "2", "--floor-duration", "1s", "--server-cpus", "", "--json", file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	rep, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	c := rep.Chat
	if c == nil || len(c.FloorRuns) != 2 || len(c.DurableFloorRuns) != 2 || c.Ratio == nil || c.DurableRatio == nil {
		t.Fatalf("figures are missing: %+v\n%s", c, out.String())
	}
	// 6 a second, in a window that a busy machine makes longer.
	if c.Deliveries != c.Expected || c.Sent < 5 || float64(c.Sent) > 6*rep.DurationS+2 || *c.FloorUS <= 0 || *c.DurableFloorUS <= 0 {
		t.Errorf("%+v", c)
	}
	if want := *c.CPUUSPerDelivery / *c.DurableFloorUS; *c.DurableRatio < want*0.999 || *c.DurableRatio > want*1.001 {
		t.Errorf("ratio %v, want %v", *c.DurableRatio, want)
	}
}
