package actors

import (
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestSaturation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		busy, idle := sys.spawn("busy", probe{}), sys.spawn("idle", probe{})
		settle(t, idle)
		tell(t, busy, func(*Context[step]) { time.Sleep(3 * time.Second) })
		time.Sleep(4 * time.Second)
		synctest.Wait()
		f := sys.figure("probe")
		if math.Abs(f.MaxSaturation-0.75) > 1e-6 || math.Abs(f.Saturation-0.375) > 1e-6 {
			t.Errorf("saturation %v, max %v", f.Saturation, f.MaxSaturation)
		}
		if f.Busy != 3*time.Second {
			t.Errorf("busy %v", f.Busy)
		}
		time.Sleep(2 * time.Second)
		if f = sys.figure("probe"); f.MaxSaturation != 0 {
			t.Errorf("saturation %v after two idle seconds", f.MaxSaturation)
		}
		tell(t, busy, func(*Context[step]) { time.Sleep(30 * time.Second) })
		time.Sleep(2 * time.Second)
		if f = sys.figure("probe"); math.Abs(f.MaxSaturation-1) > 1e-6 {
			t.Errorf("saturation %v in the middle of work", f.MaxSaturation)
		}
	})
}

func TestFigures(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	spec := Spec[step]{Kind: "counted", Mailbox: 4, New: func() Handler[step] { return &probe{} }}
	a, b := sys.spawnSpec(spec), sys.spawnSpec(spec)
	release := occupy(t, a)
	noop := step(func(*Context[step]) {})
	for range 6 {
		_ = a.Tell(noop, Coalesce(Key{ID: 1}))
	}
	for range 5 {
		_ = a.Tell(noop, Drop)
	}
	settle(t, b)
	f := sys.figure("counted")
	want := Figure{Kind: "counted", Actors: 2, Spawned: 2, Depth: 4, MaxDepth: 4, Cap: 4, Handled: 2, Dropped: 2, Coalesced: 5}
	f.Busy, f.Saturation, f.MaxSaturation = 0, 0, 0
	if f != want {
		t.Errorf("got  %+v\nwant %+v", f, want)
	}
	release()
	for a.Depth() > 0 {
		runtime.Gosched()
	}
	settle(t, a)
	a.Stop()
	await(t, a.Done())
	f = sys.figure("counted")
	want = Figure{Kind: "counted", Actors: 1, Spawned: 2, Cap: 4, Handled: 7, Dropped: 2, Coalesced: 5}
	f.Busy, f.Saturation, f.MaxSaturation = 0, 0, 0
	if f != want {
		t.Errorf("got  %+v\nwant %+v", f, want)
	}
}
