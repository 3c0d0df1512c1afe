package media

import (
	"testing"
	"time"
)

// TestBucketKeepsItsRate: however close or far apart it is used.
func TestBucketKeepsItsRate(t *testing.T) {
	const perSecond, burst = 4000, 1024
	for _, step := range []time.Duration{70 * time.Microsecond, 400 * time.Microsecond, 499 * time.Microsecond, 20 * time.Millisecond} {
		var b Bucket
		now := Instant(time.Hour)
		b.Refill(now, perSecond, burst)
		taken := 0
		for end := now.Add(10 * time.Second); now < end; now = now.Add(step) {
			b.Refill(now, perSecond, burst)
			taken, b.Tokens = taken+b.Tokens, 0
		}
		if want := burst + 10*perSecond; taken < want-perSecond/20 || taken > want {
			t.Errorf("every %v: %d tokens in 10 s, want %d", step, taken, want)
		}
	}
}

func TestBucketAfterALongTime(t *testing.T) {
	const perSecond, burst = 20_000, 10_000
	for _, idle := range []time.Duration{time.Minute, 24 * time.Hour, 1000 * 24 * time.Hour} {
		b := Bucket{At: Instant(time.Hour)}
		if b.Refill(Instant(time.Hour).Add(idle), perSecond, burst); b.Tokens != burst {
			t.Errorf("after %v: %d tokens, want %d", idle, b.Tokens, burst)
		}
	}
}
