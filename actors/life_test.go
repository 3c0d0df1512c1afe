package actors

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStopGoesChildrenFirstInReverse(t *testing.T) {
	sys := newTestSystem(t)
	var j journal
	report := func(name string) probe {
		return probe{stopped: func(*Context[step], error) { j.add(name) }}
	}
	for _, room := range []string{"a", "b"} {
		ref := sys.spawn(room, report(room))
		tell(t, ref, func(ctx *Context[step]) {
			for _, name := range []string{"1", "2", "3"} {
				child(t, ctx, name, report(room+name))
			}
		})
		settle(t, ref)
	}
	sys.stop()
	j.want(t, "b3", "b2", "b1", "b", "a3", "a2", "a1", "a")
	if _, err := Spawn(sys.System, Spec[step]{Kind: "late", New: func() Handler[step] { return &probe{} }}); err != ErrStopped {
		t.Fatalf("spawn after stop: %v", err)
	}
}

func TestSystemStopGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		quick := sys.spawn("quick", probe{})
		stuck := sys.spawn("stuck", probe{})
		release := occupy(t, stuck)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := sys.Stop(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stuck") {
			t.Fatalf("stop: %v", err)
		}
		<-quick.Done() // asked all the same
		release()
		<-stuck.Done()
	})
}

func TestStopOfOne(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	reasons := make(chan error, 1)
	ref := sys.spawn("one", probe{stopped: func(_ *Context[step], reason error) { reasons <- reason }})
	release := occupy(t, ref)
	for range 3 {
		tell(t, ref, func(*Context[step]) { t.Error("handled after Stop") })
	}
	ref.Stop()
	ref.Stop()
	release()
	await(t, ref.Done())
	if reason := <-reasons; reason != nil || ref.Err() != nil {
		t.Fatalf("reason %v, err %v", reason, ref.Err())
	}
	if err := ref.Tell(nil, Drop); err != ErrStopped {
		t.Fatalf("tell after the end: %v", err)
	}
	if dead := sys.figure("probe").Dead; dead != 4 {
		t.Fatalf("%d dead letters, want 3 left and 1 refused", dead)
	}
}

func TestStopWithReason(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	full := errors.New("room full")
	byInit := sys.spawn("init", probe{init: func(*Context[step]) error { return full }})
	byHand := sys.spawn("hand", probe{})
	tell(t, byHand, func(ctx *Context[step]) { ctx.Stop(full); ctx.Stop(nil) })
	for _, ref := range []Ref[step]{byInit, byHand} {
		await(t, ref.Done())
		if ref.Err() != full {
			t.Errorf("%s: %v, want %v", ref.Name(), ref.Err(), full)
		}
	}
}

func TestGoexitEndsTheActor(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawn("goexit", probe{})
	tell(t, ref, func(*Context[step]) { runtime.Goexit() })
	await(t, ref.Done())
	if ref.Err() != ErrGoexit {
		t.Fatalf("err %v", ref.Err())
	}
}

func TestParentSeesItsChildrenEndWhileStopping(t *testing.T) {
	sys := newTestSystem(t)
	var j journal
	parent := sys.spawn("parent", probe{
		exited:  func(_ *Context[step], e Exit) { j.add("exit " + e.Name) },
		stopped: func(*Context[step], error) { j.add("stopped") },
	})
	tell(t, parent, func(ctx *Context[step]) {
		child(t, ctx, "1", probe{})
		child(t, ctx, "2", probe{})
	})
	settle(t, parent)
	sys.stop()
	j.want(t, "exit 2", "exit 1", "stopped")
}

func TestAChildTellingItsStoppingParentIsNotStuck(t *testing.T) {
	sys := newTestSystem(t)
	parent := sys.spawnSpec(Spec[step]{Kind: "probe", Mailbox: 1, New: func() Handler[step] { return &probe{} }})
	errs := make(chan error, 1)
	tell(t, parent, func(ctx *Context[step]) {
		child(t, ctx, "teller", probe{stopped: func(*Context[step], error) {
			errs <- parent.Tell(func(*Context[step]) {}, Block(context.Background()))
		}})
	})
	settle(t, parent)
	sys.stop()
	if err := <-errs; err != ErrStopped {
		t.Fatalf("got %v", err)
	}
}

func TestNotesOvertakeMessages(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	var j journal
	ref := sys.spawn("parent", probe{exited: func(*Context[step], Exit) { j.add("exit") }})
	hold := make(chan struct{})
	kid := make(chan Ref[step], 1)
	tell(t, ref, func(ctx *Context[step]) { kid <- child(t, ctx, "kid", probe{}); <-hold })
	tell(t, ref, func(*Context[step]) { j.add("message") })
	k := <-kid
	k.Stop()
	await(t, k.Done())
	close(hold)
	settle(t, ref)
	j.want(t, "exit", "message")
}

func TestZeroRef(t *testing.T) {
	var ref Ref[step]
	if err := ref.Tell(nil, Drop); err != ErrNoActor {
		t.Fatalf("tell: %v", err)
	}
	ref.Stop()
	if ref.ID() != 0 || ref.Name() != "" || ref.Done() != nil || ref.Err() != nil || ref.Depth() != 0 {
		t.Fatal("the zero Ref is somebody")
	}
	if _, err := Ask(t.Context(), ref, func(Reply[int]) step { return nil }); err != ErrNoActor {
		t.Fatalf("ask: %v", err)
	}
}

func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		ref := sys.spawn("answers", probe{})
		cases := []struct {
			name string
			act  func(*Context[step], Reply[int])
			want int
			err  error
		}{
			{"value", func(_ *Context[step], r Reply[int]) { r.Send(7); r.Send(8) }, 7, nil},
			{"no answer", func(*Context[step], Reply[int]) {}, 0, context.DeadlineExceeded},
			{"answer and end", func(c *Context[step], r Reply[int]) { r.Send(9); c.Stop(nil) }, 9, nil},
			{"after the end", func(*Context[step], Reply[int]) {}, 0, ErrStopped},
		}
		for _, c := range cases {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			got, err := Ask(ctx, ref, func(r Reply[int]) step {
				return func(actor *Context[step]) { c.act(actor, r) }
			})
			cancel()
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%s: %d, %v; want %d, %v", c.name, got, err, c.want, c.err)
			}
			synctest.Wait()
		}
	})
}

func TestAskOfOneThatEnds(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawn("mute", probe{})
	_, err := Ask(t.Context(), ref, func(Reply[int]) step { return func(ctx *Context[step]) { ctx.Stop(nil) } })
	if err != ErrStopped {
		t.Fatalf("got %v", err)
	}
}
