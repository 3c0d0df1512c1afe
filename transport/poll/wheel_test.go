package poll

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type probe struct {
	timer timer[probe]
	fired int
	last  Instant
}

func newProbe() *probe {
	p := &probe{}
	p.timer.owner = p
	return p
}

func TestWheelFiresOnceAndNeverEarly(t *testing.T) {
	cases := []struct {
		name      string
		start, at Instant
	}{
		{"at once", 1000 * wheelTick, 1},
		{"within the present tick", 7*wheelTick + 5, 7*wheelTick + 6},
		{"on a tick", 0, 3 * wheelTick},
		{"just after a tick", 0, 3*wheelTick + 1},
		{"one turn less one", 0, (wheelSlots - 1) * wheelTick},
		{"exactly one turn", 0, wheelSlots * wheelTick},
		{"several turns", 123, 5*wheelSlots*wheelTick + 17},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWheel[probe](c.start)
			p := newProbe()
			w.set(&p.timer, c.at)
			for now := c.start; now < max(c.at, c.start)+3*wheelTick; now += wheelTick / 3 {
				for _, d := range w.advance(now, nil) {
					d.fired++
					d.last = now
				}
			}
			// A deadline in the past fires with the next tick.
			latest := max(c.at, c.start) + wheelTick + wheelTick/3
			if p.fired != 1 || p.last < c.at || p.last > latest {
				t.Fatalf("fired %d times, last at %d, want once in %d…%d", p.fired, p.last, c.at, latest)
			}
			if w.next() != 0 || w.count != 0 {
				t.Fatalf("the wheel is not empty: next %d, count %d", w.next(), w.count)
			}
		})
	}
}

func TestWheelNextIsNeverTooLate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		start := Instant(rng.Int64N(int64(3 * wheelSlots * wheelTick)))
		w := newWheel[probe](start)
		var at []Instant
		for range 1 + rng.IntN(4) {
			p := newProbe()
			due := start + Instant(rng.Int64N(int64(wheelSlots*wheelTick)))
			w.set(&p.timer, due)
			at = append(at, due)
		}
		first := slices.Min(at)
		if next := w.next(); next <= start-wheelTick || next > first+wheelTick {
			t.Fatalf("start %d, first deadline %d, next %d", start, first, next)
		}
	}
}

// TestWheelAgainstModel compares random operations with a sorted list.
func TestWheelAgainstModel(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 3))
		now := Instant(rng.Int64N(1 << 40))
		w := newWheel[probe](now)
		probes := make([]*probe, 40)
		armed := map[*probe]Instant{}
		for i := range probes {
			probes[i] = newProbe()
		}
		for step := range 3000 {
			p := probes[rng.IntN(len(probes))]
			switch rng.IntN(4) {
			case 0:
				at := now + Instant(rng.Int64N(int64(2*wheelSlots*wheelTick)))
				w.set(&p.timer, at)
				armed[p] = at
			case 1:
				w.remove(&p.timer)
				delete(armed, p)
			default:
				now += Instant(rng.Int64N(int64(4 * wheelTick)))
				if rng.IntN(100) == 0 {
					now += 2 * wheelSlots * wheelTick
				}
				for _, d := range w.advance(now, nil) {
					at, ok := armed[d]
					if !ok || at > now {
						t.Fatalf("seed %d step %d: fired at %d, armed %v for %d", seed, step, now, ok, at)
					}
					delete(armed, d)
				}
				for d, at := range armed {
					if at+2*wheelTick < now {
						t.Fatalf("seed %d step %d: deadline %d missed at %d (slot %d)", seed, step, at, now, d.timer.slot)
					}
				}
			}
			if w.count != len(armed) || (w.next() == 0) != (len(armed) == 0) {
				t.Fatalf("seed %d step %d: count %d next %d, model %d", seed, step, w.count, w.next(), len(armed))
			}
		}
	}
}
