package actors

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// phoenix is a spec whose handlers are numbered by the journal.
func phoenix(j *journal, r Restart, keep bool) Spec[step] {
	made := 0
	return Spec[step]{
		Kind: "phoenix", Name: "p", Restart: r, KeepChildren: keep,
		New: func() Handler[step] {
			made++
			n := made
			return &probe{
				init:    func(*Context[step]) error { j.add(fmt.Sprint("init ", n)); return nil },
				stopped: func(_ *Context[step], err error) { j.add(fmt.Sprint("stopped ", n)) },
				exited:  func(_ *Context[step], e Exit) { j.add(fmt.Sprint("exit of ", e.Name)) },
			}
		},
	}
}

func TestRestartKeepsTheMailbox(t *testing.T) {
	sys := newTestSystem(t)
	var j journal
	ref := sys.spawnSpec(phoenix(&j, Restart{Max: 1, Within: time.Minute}, false))
	hold := make(chan struct{})
	tell(t, ref, func(*Context[step]) { <-hold })
	tell(t, ref, func(*Context[step]) { j.add("bad"); panic("boom") })
	tell(t, ref, func(ctx *Context[step]) { j.add(fmt.Sprint("next, restarts ", ctx.Restarts())) })
	close(hold)
	settle(t, ref)
	sys.stop()
	j.want(t, "init 1", "bad", "init 2", "next, restarts 1", "stopped 2")
	log := sys.log.String()
	for _, want := range []string{"actor panicked, restarting", "boom", "crash_test.go", `"phoenix":"p"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
	if f := sys.figure("phoenix"); f.Panics != 1 || f.Restarts != 1 {
		t.Errorf("figure %+v", f)
	}
}

func TestRestartIntensity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		var j journal
		ref := sys.spawnSpec(phoenix(&j, Restart{Max: 2, Within: time.Minute}, false))
		boom := func(*Context[step]) { panic(io.ErrUnexpectedEOF) }
		for range 6 { // two per minute are allowed, for ever
			tell(t, ref, boom)
			time.Sleep(31 * time.Second)
		}
		settle(t, ref)
		for range 3 {
			_ = ref.Tell(boom, Drop)
		}
		<-ref.Done()
		var p *PanicError
		if err := ref.Err(); !errors.As(err, &p) || !errors.Is(err, io.ErrUnexpectedEOF) || len(p.Stack) == 0 {
			t.Fatalf("err %v", err)
		}
	})
}

func TestPanicsOutsideHandle(t *testing.T) {
	boom := func() { panic("boom") }
	cases := []struct {
		name  string
		probe probe
		do    step
	}{
		{"init", probe{init: func(*Context[step]) error { boom(); return nil }}, nil},
		{"timer", probe{}, func(ctx *Context[step]) { ctx.After(0, func(*Context[step]) { boom() }) }},
		{"stopped", probe{stopped: func(*Context[step], error) { boom() }}, func(ctx *Context[step]) { ctx.Stop(nil) }},
		{"exited", probe{exited: func(*Context[step], Exit) { boom() }}, func(ctx *Context[step]) {
			_, _ = Spawn(ctx, Spec[step]{Kind: "c", New: func() Handler[step] {
				return &probe{init: func(*Context[step]) error { return io.EOF }}
			}})
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sys := newTestSystem(t)
			defer sys.stop()
			ref := sys.spawn(c.name, c.probe)
			if c.do != nil {
				tell(t, ref, c.do)
			}
			await(t, ref.Done())
			var p *PanicError
			if !errors.As(ref.Err(), &p) || p.Value != "boom" {
				t.Fatalf("err %v", ref.Err())
			}
		})
	}
}

func TestPanickingInitIsRestartedWithinTheIntensity(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	tries := 0
	ref := sys.spawnSpec(Spec[step]{
		Kind: "phoenix", Restart: Restart{Max: 3, Within: time.Minute},
		New: func() Handler[step] {
			return &probe{init: func(*Context[step]) error {
				if tries++; tries < 3 {
					panic("not yet")
				}
				return nil
			}}
		},
	})
	settle(t, ref)
	if tries != 3 {
		t.Fatalf("%d tries", tries)
	}
}

func TestRestartAndChildren(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprint("keep ", keep), func(t *testing.T) {
			sys := newTestSystem(t)
			var j journal
			ref := sys.spawnSpec(phoenix(&j, Restart{Max: 1, Within: time.Minute}, keep))
			kid := make(chan Ref[step], 1)
			tell(t, ref, func(ctx *Context[step]) { kid <- child(t, ctx, "kid", probe{}) })
			k := <-kid
			left := -1
			tell(t, ref, func(*Context[step]) { panic("boom") })
			tell(t, ref, func(ctx *Context[step]) { left = len(ctx.a.kids.list()) })
			settle(t, ref)
			sys.stop()
			if keep {
				j.want(t, "init 1", "init 2", "exit of kid", "stopped 2")
			} else {
				j.want(t, "init 1", "init 2", "stopped 2")
			}
			if (left == 1) != keep {
				t.Errorf("%d children after the restart", left)
			}
			await(t, k.Done())
		})
	}
}

func TestParentIsTold(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	exits := make(chan Exit, 4)
	parent := sys.spawn("parent", probe{exited: func(_ *Context[step], e Exit) { exits <- e }})
	kids := make(chan Ref[step], 1)
	tell(t, parent, func(ctx *Context[step]) {
		ref, err := Spawn(ctx, Spec[step]{
			Kind: "child", Name: "kid", Restart: Restart{Max: 1, Within: time.Minute},
			New: func() Handler[step] { return &probe{} },
		})
		if err != nil {
			t.Error(err)
		}
		kids <- ref
	})
	kid := <-kids
	boom := func(*Context[step]) { panic("boom") }
	tell(t, kid, boom)
	first := <-exits
	if !first.Restarted || first.ID != kid.ID() || first.Kind != "child" || first.Name != "kid" {
		t.Fatalf("told %+v", first)
	}
	tell(t, kid, boom)
	last := <-exits
	if last.Restarted || last.Err == nil || last.Err.Error() != "panic: boom" {
		t.Fatalf("told %+v", last)
	}
}
