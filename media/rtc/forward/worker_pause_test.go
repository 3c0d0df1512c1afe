package forward

import (
	"testing"
	"time"

	"parley/media"
)

func TestPauseOnlyWhereSoundComesOften(t *testing.T) {
	tests := []struct {
		name  string
		every time.Duration // between batches
		size  int           // packets in each
		bytes int           // in each packet
		want  bool
	}{
		{"one speaker", 20 * time.Millisecond, 1, 120, false},
		{"pictures of one camera", 33 * time.Millisecond, 4, 1100, false},
		{"a meeting of ten", time.Second / 800, 2, 900, false},
		{"fifteen rooms of four speakers", time.Second / 3000, 1, 120, false},
		{"a hundred speakers", 200 * time.Microsecond, 1, 120, true},
		{"a hundred speakers, gathered", 600 * time.Microsecond, 3, 120, true},
		{"batches that load makes", 500 * time.Microsecond, pauseMost + 1, 120, false},
		{"many pictures", 300 * time.Microsecond, 4, 1100, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p pace
			now := media.Instant(time.Hour)
			pauses := 0
			for range 1000 {
				now = now.Add(tt.every)
				p.note(now, tt.size, tt.size*tt.bytes)
				if p.worthPause() {
					pauses++
				}
			}
			if got := pauses > 500; got != tt.want || !tt.want && pauses > 0 {
				t.Errorf("%d pauses in 1000 batches at %.0f packets/s, want pauses: %v", pauses, p.rate, tt.want)
			}
		})
	}
}

func TestNoPauseWithoutPackets(t *testing.T) {
	var p pace
	now := media.Instant(time.Hour)
	for range 1000 {
		now = now.Add(200 * time.Microsecond)
		p.note(now, 1, 120)
	}
	if p.note(now.Add(time.Microsecond), 0, 0); p.worthPause() {
		t.Error("a worker that was woken without packets pauses")
	}
	if p.note(now.Add(time.Second), 1, 120); p.worthPause() {
		t.Errorf("the first packet after a silence waits (%.0f packets/s)", p.rate)
	}
}
