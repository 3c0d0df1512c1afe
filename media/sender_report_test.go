package media

import (
	"testing"
	"time"
)

// TestSenderReportAfterStandingStill: a publisher whose RTP clock stands still
// while it is muted (some mobile clients, replaceTrack(null)) has, after the
// mute, no report from before it paired with the stretch that came after it;
// one that reports again has that one used.
func TestSenderReportAfterStandingStill(t *testing.T) {
	for _, told := range []bool{true, false} { // whether the mute is known here
		for _, mute := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 4 * time.Second, 6 * time.Second, time.Minute} {
			if !told && mute < 10*time.Second {
				continue // within what may be the network's doing
			}
			s := newSeat(t, KindAudio, 100, 5000)
			s.r.SetTarget(1, 0)
			var clocks LayerClocks
			var offset ClockOffset
			ext, ts := ExtSeq(1<<16), Ticks(1_000_000)
			send := func() Output {
				ext, ts, s.now = ext+1, ts+960, s.now.Add(20*time.Millisecond)
				return s.send(Input{Source: 1, Ext: ext, TS: ts, Clocks: &clocks}, Forward)
			}
			off := func(out Output) time.Duration {
				c, ok := s.r.SenderReport(s.now, &clocks, &offset)
				if !ok {
					t.Fatal("no report")
				}
				return time.Duration(int32(c.RTP-out.TS)) * time.Second / 48000
			}
			report := func() {
				clocks[0] = SenderClock{s.now.NTP(), ts}
				offset.Observe(s.now.NTP(), s.now)
			}
			for range 50 {
				send()
			}
			report()
			s.now = s.now.Add(mute)
			if told {
				s.r.Restart()
			}
			if d := off(send()); d.Abs() > 50*time.Millisecond {
				t.Errorf("mute of %v, told %v: sound is said to be %v from where it is", mute, told, d)
			}
			s.now = s.now.Add(40 * time.Millisecond) // late
			ts += 960
			out := send()
			report()
			clocks[0].RTP += 480 // captured 10 ms before
			if d := off(out); (d - 10*time.Millisecond).Abs() > time.Millisecond {
				t.Errorf("mute of %v, told %v: a new report puts the sound %v from where it is, want 10 ms", mute, told, d)
			}
		}
	}
}
