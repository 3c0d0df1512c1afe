//go:build race

package actors

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestContextBelongsToItsGoroutine(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	stolen := make(chan *Context[step], 1)
	ref := sys.spawn("victim", probe{})
	tell(t, ref, func(ctx *Context[step]) { stolen <- ctx })
	ctx := <-stolen
	uses := map[string]func(){
		"task":  func() { ctx.Go(func(context.Context) step { return nil }) },
		"timer": func() { ctx.After(time.Second, nil) },
		"stop":  func() { ctx.Stop(nil) },
		"spawn": func() { _, _ = Spawn(ctx, Spec[step]{Kind: "x", New: func() Handler[step] { return &probe{} }}) },
	}
	for name, use := range uses {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s from another goroutine is not noticed", name)
				}
			}()
			use()
		}()
	}
	settle(t, ref)
}

func TestWaitingForOneselfIsNoticed(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawnSpec(Spec[step]{Kind: "probe", Mailbox: 1, New: func() Handler[step] { return &probe{} }})
	tell(t, ref, func(ctx *Context[step]) {
		for range 2 {
			_ = ctx.Self().Tell(func(*Context[step]) {}, Wait(time.Minute))
		}
	})
	await(t, ref.Done())
	var p *PanicError
	if !errors.As(ref.Err(), &p) || !strings.Contains(p.Error(), "its own mailbox") {
		t.Fatalf("err %v", ref.Err())
	}
}
