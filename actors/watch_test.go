package actors

import (
	"errors"
	"testing"
)

func TestWatch(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	exits := make(chan Exit, 8)
	watcher := sys.spawn("watcher", probe{exited: func(_ *Context[step], e Exit) { exits <- e }})
	bad := errors.New("bad")
	failing, stopping, gone, dropped := sys.spawn("failing", probe{}), sys.spawn("stopping", probe{}),
		sys.spawn("gone", probe{}), sys.spawn("dropped", probe{})
	gone.Stop()
	await(t, gone.Done())
	tell(t, watcher, func(ctx *Context[step]) {
		for _, ref := range []Ref[step]{failing, failing, stopping, gone, dropped} {
			ctx.Watch(ref)
		}
		ctx.Watch(Ref[step]{})
		ctx.Unwatch(dropped)
	})
	if e := <-exits; e.Name != "gone" || e.Child || e.Err != nil {
		t.Fatalf("told %+v", e)
	}
	tell(t, failing, func(ctx *Context[step]) { ctx.Stop(bad) })
	if e := <-exits; e.ID != failing.ID() || e.Err != bad {
		t.Fatalf("told %+v", e)
	}
	dropped.Stop()
	await(t, dropped.Done())
	stopping.Stop()
	if e := <-exits; e.Name != "stopping" || e.Err != nil {
		t.Fatalf("told %+v", e)
	}
	settle(t, watcher)
	if len(exits) != 0 {
		t.Fatalf("told %+v as well", <-exits)
	}
}

// TestUnwatchIsOnesOwn: who stops watching another is still watched by it.
func TestUnwatchIsOnesOwn(t *testing.T) {
	cases := []struct {
		name string
		how  func(*Context[step], Target) // what the first does before it stops watching
	}{
		{"watch", (*Context[step]).Watch},
		{"link", (*Context[step]).Link},
		{"both", func(ctx *Context[step], other Target) { ctx.Watch(other); ctx.Link(other) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sys := newTestSystem(t)
			defer sys.stop()
			exits := make(chan Exit, 1)
			a, b := sys.spawn("a", probe{}), sys.spawn("b", probe{exited: func(_ *Context[step], e Exit) { exits <- e }})
			tell(t, b, func(ctx *Context[step]) { ctx.Watch(a) })
			settle(t, b)
			tell(t, a, func(ctx *Context[step]) {
				c.how(ctx, b)
				ctx.Unwatch(b)
			})
			settle(t, a)
			bad := errors.New("bad")
			tell(t, a, func(ctx *Context[step]) { ctx.Stop(bad) })
			await(t, a.Done())
			settle(t, b) // not ended: the link is over
			if len(exits) != 1 {
				t.Fatal("not told of the end of the one that it watches")
			}
			if e := <-exits; e.ID != a.ID() || e.Err != bad {
				t.Errorf("told %+v", e)
			}
		})
	}
}

// TestWatchersLeaveNoTrace: a long-lived actor does not remember those that
// watched it once.
func TestWatchersLeaveNoTrace(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	target := sys.spawn("target", probe{})
	for range 20 {
		w := sys.spawn("watcher", probe{})
		tell(t, w, func(ctx *Context[step]) { ctx.Watch(target) })
		l := sys.spawn("linked", probe{})
		tell(t, l, func(ctx *Context[step]) { ctx.Link(target) })
		settle(t, w)
		settle(t, l)
		w.Stop()
		l.Stop()
		await(t, w.Done())
		await(t, l.Done())
	}
	settle(t, target)
	target.a.watchMu.Lock()
	defer target.a.watchMu.Unlock()
	if n := len(target.a.watchers); n != 0 {
		t.Fatalf("%d watchers are remembered", n)
	}
}

// TestLinksLeaveNoTrace: nor does one that linked itself to many.
func TestLinksLeaveNoTrace(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	keeper := sys.spawn("keeper", probe{})
	for range 20 {
		other := sys.spawn("other", probe{})
		tell(t, keeper, func(ctx *Context[step]) { ctx.Link(other); ctx.Watch(other) })
		settle(t, keeper)
		other.Stop()
		await(t, other.Done())
	}
	settle(t, keeper)
	keeper.a.watchMu.Lock()
	defer keeper.a.watchMu.Unlock()
	if n, m := len(keeper.a.watchers), len(keeper.a.watching); n+m != 0 {
		t.Fatalf("%d links and %d watches are remembered", n, m)
	}
}

func TestLink(t *testing.T) {
	bad := errors.New("bad")
	cases := []struct {
		name       string
		reason     error
		endsSecond bool // the end begins at the one that was linked to
		want       error
	}{
		{"failure of the linking", bad, false, ErrLinked},
		{"failure of the linked", bad, true, ErrLinked},
		{"orderly stop", nil, false, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			sys := newTestSystem(t)
			defer sys.stop()
			a, b := sys.spawn("a", probe{}), sys.spawn("b", probe{})
			tell(t, a, func(ctx *Context[step]) { ctx.Link(b) })
			settle(t, a)
			first, second := a, b
			if c.endsSecond {
				first, second = b, a
			}
			tell(t, first, func(ctx *Context[step]) { ctx.Stop(c.reason) })
			await(t, first.Done())
			if c.want == nil {
				settle(t, second)
				return
			}
			await(t, second.Done())
			if second.Err() != c.want {
				t.Fatalf("ended with %v", second.Err())
			}
		})
	}
}

func TestLinkToOneThatFailedAlready(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	dead := sys.spawn("dead", probe{init: func(*Context[step]) error { return errors.New("bad") }})
	await(t, dead.Done())
	late := sys.spawn("late", probe{})
	tell(t, late, func(ctx *Context[step]) { ctx.Link(dead) })
	await(t, late.Done())
	if late.Err() != ErrLinked {
		t.Fatalf("ended with %v", late.Err())
	}
}
