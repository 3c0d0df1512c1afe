package forward

import (
	"testing"
	"time"

	"parley/media"
)

func TestBucket(t *testing.T) {
	var b bucket
	now := media.Instant(1e18)
	spend := func(n int) (spent int) {
		for range n {
			if !b.flooding(now) {
				b.Tokens--
				spent++
			}
		}
		return spent
	}
	for _, step := range []struct {
		after      time.Duration
		send, pass int
	}{
		{0, 2 * inboundBurst, inboundBurst},
		{0, 100, 0},
		{time.Second / inboundPerSecond, 5, 1},
		{time.Millisecond, 100, inboundPerSecond / 1000},
		{time.Second / inboundPerSecond / 2, 1, 0}, // half a token
		{time.Second / inboundPerSecond / 2, 1, 1}, // the other half
		{time.Hour, 2 * inboundBurst, inboundBurst},
	} {
		now = now.Add(step.after)
		if got := spend(step.send); got != step.pass {
			t.Errorf("%v later: %d of %d pass, want %d", step.after, got, step.send, step.pass)
		}
	}
	if b.ask(1, now) {
		t.Error("an empty bucket gave a token")
	}
}

// TestFloodFromAPeer: what an authentic peer sends beyond its budget is
// dropped before anything is done with it, junk in its name uses none of the
// budget up, and when tokens have come back all is as before.
func TestFloodFromAPeer(t *testing.T) {
	r := newRig(t, 1, options{})
	in := &r.from.rx.inbound
	*in = bucket{Bucket: media.Bucket{At: r.group.clock.now().Add(time.Hour), Tokens: 6}} // none come back
	send := func(n int) (forwarded, dropped uint64) {
		f, d := &r.w.count.forwarded, &r.w.count.drops[dropFlood]
		before := [2]uint64{f.Load(), d.Load()}
		r.frame(n, 100, true)
		r.turn(n)
		return f.Load() - before[0], d.Load() - before[1]
	}
	junk := append([]byte(nil), r.packet(100, false, true, true)...)
	junk[len(junk)-1] ^= 1
	for range 20 {
		if _, err := r.client.Write(junk); err != nil {
			t.Fatal(err)
		}
	}
	r.turn(20)
	if n := r.w.count.drops[dropAuth].Load(); n != 20 {
		t.Fatalf("%d of 20 forgeries were looked at", n)
	}
	if forwarded, dropped := send(10); forwarded != 6 || dropped != 4 {
		t.Errorf("%d packets forwarded, %d dropped, want 6 and 4", forwarded, dropped)
	}
	if forwarded, dropped := send(10); forwarded != 0 || dropped != 10 {
		t.Errorf("%d packets forwarded, %d dropped, want none of 10", forwarded, dropped)
	}
	in.At = r.group.clock.now().Add(-time.Second)
	if forwarded, dropped := send(10); forwarded != 10 || dropped != 0 {
		t.Errorf("%d packets forwarded, %d dropped, want all of 10", forwarded, dropped)
	}
}
