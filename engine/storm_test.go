package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"parley/engine/wire"
)

// TestStormOfClaims: directory and authority take their time, fail, panic and take
// leases away while people come, wait, give up, leave and come back. Whatever the
// order, in the end nobody waits, nothing is counted that is not there and every
// lease is given back.
func TestStormOfClaims(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d, a := newMemDirectory(), newMemAuthority()
			run(t, Options{Directory: d, Authority: a, Faults: true}, func(w *world) { storm(w, d, a, rand.New(rand.NewPCG(seed, 8))) })
			if n := d.held(); n != 0 {
				t.Errorf("%d leases were not given back", n)
			}
			for _, wrong := range d.wrongs {
				t.Error(wrong)
			}
		})
	}
}

func storm(w *world, d *memDirectory, a *memAuthority, rng *rand.Rand) {
	room := func() string { return fmt.Sprintf("room%d", rng.IntN(4)) }
	var all []*client
	for range 600 {
		switch rng.IntN(12) {
		case 0, 1, 2, 3:
			c := w.connect()
			c.send(joinReq(room(), fmt.Sprintf("P%d", rng.IntN(5)), 0))
			all = append(all, c)
		case 4, 5:
			if len(all) > 0 {
				i := rng.IntN(len(all))
				all[i].drop()
				all = append(all[:i], all[i+1:]...)
			}
		case 6:
			if len(all) > 0 {
				all[rng.IntN(len(all))].send(&wire.Leave{})
			}
		case 7:
			d.set(func() {
				d.delay[room()], d.deaf = time.Duration(rng.IntN(12))*time.Second, rng.IntN(5) == 0
				d.fail, d.panicky = nil, rng.IntN(10) == 0
				if rng.IntN(6) == 0 {
					d.fail = errors.New("no leader")
				}
			})
		case 8:
			a.set(func() {
				a.delay[fmt.Sprintf("P%d", rng.IntN(5))], a.deaf = time.Duration(rng.IntN(12))*time.Second, rng.IntN(5) == 0
				a.panicky = fmt.Sprintf("P%d", rng.IntN(30))
				clear(a.no)
				a.no[fmt.Sprintf("P%d", rng.IntN(10))] = refuse(wire.CodeDenied, "not you")
			})
		case 9:
			d.set(func() {
				if l := d.out[room()]; l != nil {
					l.loseLocked()
				}
			})
		case 10:
			_ = w.engine.PanicRoom(room())
		case 11:
			for _, c := range all {
				if c.pump(); c.joined != nil && rng.IntN(3) == 0 {
					back := w.connect()
					back.names, back.seq, back.joined = map[string]string{}, c.seq, c.joined
					back.send(&wire.Resume{Token: c.joined.Resume, Seq: c.seq})
					all = append(all, back)
					break
				}
			}
		}
		w.advance(time.Duration(rng.IntN(800)) * time.Millisecond)
	}
	d.set(func() { clear(d.delay); d.fail, d.panicky = nil, false })
	a.set(func() { clear(a.delay); clear(a.no); a.panicky = "" })
	for _, c := range all {
		c.drop()
	}
	w.advance(10 * time.Minute)
	f := w.engine.Figures()
	if f.Rooms != 0 || f.Participants != 0 || d.held() != 0 {
		w.t.Errorf("in the end %d rooms, %d participants, %d leases", f.Rooms, f.Participants, d.held())
	}
	for _, result := range []string{"ok", "gone", string(wire.CodeUnavailable)} {
		if f.Joins[result] == 0 {
			w.t.Errorf("no join was %q: a calm storm, %v", result, f.Joins)
		}
	}
	w.connect().ok(joinReq("room0", "P0", 0))
}
