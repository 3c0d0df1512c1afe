package media

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestNackAsksAndForgets(t *testing.T) {
	const rtt = 40 * time.Millisecond // retry after 50 ms
	for _, start := range starts {
		var tr NackTracker
		now := Instant(1e18)
		base := 1<<16 + ExtSeq(start)
		due := func(after time.Duration, want ...ExtSeq) {
			t.Helper()
			now = now.Add(after)
			got, gaveUp := tr.Due(now, rtt, nil)
			var seqs []Seq
			for _, e := range want {
				seqs = append(seqs, e.Seq())
			}
			if !slices.Equal(got, seqs) || gaveUp != 0 {
				t.Fatalf("start %d: asked for %v, want %v; gave up %d", start, got, seqs, gaveUp)
			}
		}
		push := func(ext ExtSeq, want Arrival) {
			t.Helper()
			if got := tr.Push(ext, now); got != want {
				t.Fatalf("start %d: packet %d is %d, want %d", start, ext-base, got, want)
			}
		}
		push(base, ArrivalNew)
		due(time.Second)
		push(base+3, ArrivalNew)
		due(reorderWait - 1) // may still come by itself
		push(base+1, ArrivalLate)
		due(1, base+2)
		due(49 * time.Millisecond)
		due(time.Millisecond, base+2)
		push(base+2, ArrivalLate)
		push(base+2, ArrivalDuplicate)
		push(base+3, ArrivalDuplicate)
		due(time.Second)
		if tr.Missing() != 0 {
			t.Fatal("still missing something")
		}
	}
}

func TestNackGivesUp(t *testing.T) {
	var tr NackTracker
	now := Instant(1e18)
	tr.Push(70000, now)
	tr.Push(70002, now)
	asked, gaveUp := 0, 0
	for range 2000 {
		now = now.Add(time.Millisecond)
		seqs, g := tr.Due(now, 20*time.Millisecond, nil)
		asked += len(seqs)
		gaveUp += g
	}
	if asked != maxTries || gaveUp != 1 || tr.Missing() != 0 {
		t.Errorf("asked %d times, gave up %d", asked, gaveUp)
	}
	// With a long round trip age ends it first.
	tr.Push(70004, now)
	asked, gaveUp = 0, 0
	for range 2000 {
		now = now.Add(time.Millisecond)
		seqs, g := tr.Due(now, time.Second, nil)
		asked += len(seqs)
		gaveUp += g
	}
	if asked != 4 || gaveUp != 1 {
		t.Errorf("asked %d times over a second, gave up %d", asked, gaveUp)
	}
}

func TestNackBounds(t *testing.T) {
	var tr NackTracker
	now := Instant(1e18)
	tr.Push(70000, now)
	tr.Push(70000+301, now) // 300 missing, 256 remembered
	if tr.Missing() != maxMissing {
		t.Errorf("%d holes remembered", tr.Missing())
	}
	now = now.Add(reorderWait)
	for i := range 4 {
		seqs, _ := tr.Due(now, 0, nil)
		if len(seqs) != maxBurst || seqs[0] != ExtSeq(70000+301-maxMissing+i*maxBurst).Seq() {
			t.Errorf("burst %d: %d numbers from %d", i, len(seqs), seqs[0])
		}
	}
	if got := tr.Push(70301+maxNackGap+2, now); got != ArrivalJump || tr.Missing() != 0 {
		t.Errorf("jump: %d with %d holes", got, tr.Missing())
	}
	if got := tr.Push(70302, now); got != ArrivalLate {
		t.Errorf("late packet after a jump: %d", got)
	}
	if got := tr.Push(60000, now); got != ArrivalOld || !got.Drop() {
		t.Errorf("ancient packet: %d", got)
	}
	tr.Reset()
	if got := tr.Push(5, now); got != ArrivalNew {
		t.Errorf("after reset: %d", got)
	}
}

// The newest holes are remembered, whatever the gaps and what was there before.
func TestNackRemembersTheNewestHoles(t *testing.T) {
	for _, gaps := range [][]ExtSeq{
		{maxMissing}, {maxNackGap}, {maxNackGap, maxNackGap}, {10, maxNackGap}, {maxMissing, 1},
		{200, 100}, {maxMissing - 1, 1}, {maxMissing - 1, 2}, {1, 2, 3, 250, 0, 1}, {512, 3, 512, 256, 255},
	} {
		var tr NackTracker
		ext := ExtSeq(70000)
		tr.Push(ext, 1)
		var want []ExtSeq
		for _, gap := range gaps {
			for range gap {
				ext++
				want = append(want, ext)
			}
			ext++
			if got := tr.Push(ext, 1); got != ArrivalNew {
				t.Fatalf("gaps %v: arrival %d", gaps, got)
			}
		}
		want = want[max(0, len(want)-maxMissing):]
		var got []ExtSeq
		for _, m := range tr.missing {
			got = append(got, m.ext)
		}
		if !slices.Equal(got, want) {
			t.Errorf("gaps %v: %d holes from %d, want %d from %d", gaps, len(got), got[0], len(want), want[0])
		}
	}
}

// Over a lossy link with repairs nearly everything arrives, nothing is
// accepted twice, and nothing that has arrived is asked for.
func TestNackOverLossyLink(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 8))
		var tr NackTracker
		now, ext := Instant(1e18), ExtSeq(1<<16+65000)
		got := map[ExtSeq]bool{}
		type repair struct {
			ext ExtSeq
			at  Instant
		}
		var repairs []repair
		requests := 0
		deliver := func(e ExtSeq) {
			a := tr.Push(e, now)
			if a.Drop() != got[e] {
				t.Fatalf("seed %d: packet %d drop %v, arrived before %v", seed, e, a.Drop(), got[e])
			}
			got[e] = true
		}
		const n = 5000
		for i := range ExtSeq(n) {
			now = now.Add(4 * time.Millisecond)
			if rng.IntN(10) != 0 || i == 0 {
				deliver(ext + i)
			}
			var later []repair
			for _, r := range repairs {
				if r.at > now {
					later = append(later, r)
				} else {
					deliver(r.ext)
				}
			}
			repairs = later
			seqs, _ := tr.Due(now, 30*time.Millisecond, nil)
			for _, s := range seqs {
				e := extendNear(ext+i, s)
				if got[e] {
					t.Fatalf("seed %d: asked for %d which is here", seed, e)
				}
				requests++
				if rng.IntN(10) != 0 {
					repairs = append(repairs, repair{e, now.Add(30 * time.Millisecond)})
				}
			}
		}
		if len(got) < n*995/1000 {
			t.Errorf("seed %d: %d of %d arrived", seed, len(got), n)
		}
		if requests > n*14/100 {
			t.Errorf("seed %d: %d requests for about %d losses", seed, requests, n/10)
		}
	}
}

func TestNackNoAlloc(t *testing.T) {
	var tr NackTracker
	now, ext := Instant(1e18), ExtSeq(70000)
	var seqs [64]Seq
	step := func() {
		ext += 2
		now = now.Add(10 * time.Millisecond)
		tr.Push(ext, now)
		tr.Due(now, 30*time.Millisecond, seqs[:0])
		tr.Push(ext-3, now)
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkNackPush is the cost of a packet after nothing was lost, and after
// as many as are not yet a new start: what a hostile sender could make of every
// packet.
func BenchmarkNackPush(b *testing.B) {
	for _, gap := range []ExtSeq{0, maxNackGap} {
		b.Run(fmt.Sprintf("gap%d", gap), func(b *testing.B) {
			var tr NackTracker
			ext := ExtSeq(70000)
			for b.Loop() {
				ext += gap + 1
				tr.Push(ext, 1)
			}
		})
	}
}
