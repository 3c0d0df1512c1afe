package media

import (
	"testing"
	"time"
)

func TestReceiveStats(t *testing.T) {
	for _, start := range starts {
		var s ReceiveStats
		now := InstantOf(time.Unix(1_800_000_000, 0))
		if _, ok := s.Report(1, now); ok {
			t.Fatal("a report before any packet")
		}
		base := 1<<16 + ExtSeq(start)
		ext, ts := base, Ticks(0xfffff000)
		send := func(n int, lost func(i int) bool) {
			for i := range n {
				if !lost(i) {
					s.Update(ext, ts, 100, now, 90000)
				}
				ext++
				ts += 900
				now = now.Add(10 * time.Millisecond)
			}
		}
		send(100, func(i int) bool { return i%4 == 1 })
		b, ok := s.Report(7, now)
		if !ok || b.SSRC != 7 || b.TotalLost != 25 || b.FractionLost != 64 || b.Jitter != 0 || b.LastSR != 0 || b.Delay != 0 {
			t.Fatalf("start %d: %+v", start, b)
		}
		if b.Highest != uint32(start)+99 {
			t.Fatalf("start %d: highest %d, want %d", start, b.Highest, uint32(start)+99)
		}
		sr := now.Add(-3 * time.Second).NTP()
		s.SawSenderReport(sr, now)
		send(100, func(int) bool { return false })
		b, _ = s.Report(7, now)
		if b.TotalLost != 25 || b.FractionLost != 0 || b.LastSR != sr.Middle() || b.Delay != 1<<16 {
			t.Fatalf("start %d: %+v", start, b)
		}
		b, _ = s.Report(7, now)
		if b.FractionLost != 0 {
			t.Fatalf("nothing expected, fraction %d", b.FractionLost)
		}
		send(10, func(i int) bool { return i > 0 && i < 9 })
		if b, _ = s.Report(7, now); b.FractionLost != 204 {
			t.Fatalf("start %d: 8 of 10 lost, fraction %d", start, b.FractionLost)
		}
		if p, bytes, lost := s.Totals(); p != 177 || bytes != 17700 || lost != 33 {
			t.Fatalf("totals %d %d %d", p, bytes, lost)
		}
	}
}

// Appendix A.8 settles at the mean deviation: packets alternately 0 and 20 ms
// late differ by 20 ms each, 1,800 ticks.
func TestReceiveStatsJitter(t *testing.T) {
	var s ReceiveStats
	now := InstantOf(time.Unix(1_800_000_000, 0))
	for i := range 400 {
		late := time.Duration(i%2) * 20 * time.Millisecond
		s.Update(ExtSeq(70000+i), Ticks(i*900), 1, now.Add(time.Duration(i)*10*time.Millisecond+late), 90000)
	}
	if b, _ := s.Report(1, now); b.Jitter < 1780 || b.Jitter > 1820 {
		t.Errorf("jitter %d ticks, want 1800", b.Jitter)
	}
}

// Duplicates make the loss negative, as RFC 3550 says, not huge.
func TestReceiveStatsDuplicates(t *testing.T) {
	var s ReceiveStats
	for range 5 {
		s.Update(70000, 1, 1, 1e18, 48000)
	}
	if b, _ := s.Report(1, 1e18); b.TotalLost != -4 || b.FractionLost != 0 {
		t.Errorf("%+v", b)
	}
	if _, _, lost := s.Totals(); lost != 0 {
		t.Errorf("lost %d", lost)
	}
}

func TestSpeaking(t *testing.T) {
	now := Instant(1e18)
	var s Speaking
	events := 0
	talk := func(level uint8, d time.Duration) {
		for end := now.Add(d); now < end; now = now.Add(20 * time.Millisecond) {
			if s.Update(level, now) {
				events++
			}
		}
	}
	if s.Active() || s.Level() != 127 {
		t.Error("speaks before any packet")
	}
	talk(127, time.Second)
	talk(20, 100*time.Millisecond) // a click
	talk(127, time.Second)
	if events != 0 || s.Active() {
		t.Fatalf("a click counts as speech: %d events", events)
	}
	talk(0x80|25, 400*time.Millisecond) // the V bit does not matter
	if !s.Active() || s.Level() > 30 {
		t.Fatalf("not speaking after 400 ms at level %d", s.Level())
	}
	events = 0
	talk(90, 300*time.Millisecond) // between two words
	talk(25, 300*time.Millisecond)
	if !s.Active() {
		t.Error("a pause between words ended speech")
	}
	if events > 6 {
		t.Errorf("%d events in half a second", events)
	}
	talk(100, 2*time.Second)
	if s.Active() {
		t.Error("still speaks after two silent seconds")
	}
	talk(25, time.Second)
	// The packets stop: muted at the source.
	now = now.Add(levelTimeout + 1)
	s.Tick(now)
	now = now.Add(silentAfter)
	if !s.Tick(now) || s.Active() {
		t.Error("speaks without packets")
	}
	if s.Tick(now.Add(time.Hour)) {
		t.Error("silence told twice")
	}
	// A room's hum at 50 dB neither starts nor ends anything.
	talk(50, 3*time.Second)
	if s.Active() {
		t.Error("hum counts as speech")
	}
}

func TestSpeakingTellsLevel(t *testing.T) {
	now := Instant(1e18)
	var s Speaking
	for range 100 {
		s.Update(40, now)
		now = now.Add(20 * time.Millisecond)
	}
	told := 0
	for range 100 {
		if s.Update(15, now) {
			told++
		}
		now = now.Add(20 * time.Millisecond)
	}
	if told < 2 || told > 5 || s.Level() != 15 {
		t.Errorf("25 dB louder told %d times, level %d", told, s.Level())
	}
}

func TestChooseLayer(t *testing.T) {
	three := []LayerState{{true, 320, 180}, {true, 640, 360}, {true, 1280, 720}}
	dead := func(i ...int) []LayerState {
		l := append([]LayerState(nil), three...)
		for _, j := range i {
			l[j].Live = false
		}
		return l
	}
	unknown := []LayerState{{Live: true}, {Live: true}, {Live: true}}
	top := []LayerState{{Live: true}, {Live: true}, {true, 1920, 1080}}
	for _, tt := range []struct {
		name    string
		layers  []LayerState
		height  int
		current int
		want    int
	}{
		{"tiny tile", three, 90, -1, 0},
		{"exact", three, 360, -1, 1},
		{"three quarters are enough", three, 480, -1, 1},
		{"less is not", three, 490, -1, 2},
		{"more than there is", three, 2160, -1, 2},
		{"nothing wanted", three, 0, -1, 0},
		{"wanted layer dead, next above", dead(1), 360, -1, 2},
		{"all above dead", dead(1, 2), 720, -1, 0},
		{"lowest dead", dead(0), 90, -1, 1},
		{"none live", dead(0, 1, 2), 360, 1, -1},
		{"stays up: lower one barely enough", three, 440, 2, 2},
		{"goes down: lower one clearly enough", three, 400, 2, 1},
		{"stays down: still good", three, 540, 1, 1},
		{"goes up: too small", three, 560, 1, 2},
		{"current died", dead(2), 720, 2, 1},
		{"current out of range", three, 360, 7, 1},
		{"unknown sizes", unknown, 360, -1, 1},
		{"sizes from the top layer", top, 540, -1, 1},
		{"one unknown layer", []LayerState{{Live: true}}, 100, -1, 0},
		{"no layers", nil, 100, -1, -1},
	} {
		if got := ChooseLayer(tt.layers, tt.height, tt.current); got != tt.want {
			t.Errorf("%s: layer %d, want %d", tt.name, got, tt.want)
		}
	}
}

// A tile that is dragged slowly through all sizes changes layer twice each
// way, and a tile that trembles by 5 % anywhere changes at most once.
func TestChooseLayerIsCalm(t *testing.T) {
	layers := []LayerState{{true, 320, 180}, {true, 640, 360}, {true, 1280, 720}}
	cur, changes := -1, 0
	choose := func(h int) {
		if next := ChooseLayer(layers, h, cur); next != cur {
			cur = next
			changes++
		}
	}
	for h := 50; h < 1200; h++ {
		choose(h)
	}
	for h := 1200; h > 50; h-- {
		choose(h)
	}
	if changes != 5 || cur != 0 {
		t.Errorf("%d changes, ended at %d", changes, cur)
	}
	for h := 100; h < 1000; h += 7 {
		cur, changes = -1, -1
		for i := range 50 {
			choose(h + h*(i%3-1)*5/100/2)
		}
		if changes > 1 {
			t.Errorf("%d changes at %d lines", changes, h)
		}
	}
}

func TestRepairBudget(t *testing.T) {
	var b RepairBudget
	if b.Take(1) {
		t.Error("repairs before media")
	}
	repaired := 0
	for range 10_000 {
		b.Sent(1000)
		for b.Take(1100) {
			repaired += 1100
		}
	}
	if repaired > 10_000_000 || repaired < 9_900_000 {
		t.Errorf("%d bytes of repairs for 10,000,000 of media", repaired)
	}
	for range 1000 {
		b.Sent(1000)
	}
	burst := 0
	for b.Take(1000) {
		burst += 1000
	}
	if burst > maxRepairBytes {
		t.Errorf("burst of %d bytes", burst)
	}
}
