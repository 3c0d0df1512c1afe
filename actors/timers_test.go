package actors

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// stamp returns a message that notes name and the virtual time since start.
func stamp(j *journal, start time.Time, name string) step {
	return func(*Context[step]) { j.add(fmt.Sprint(name, " ", time.Since(start))) }
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		var j journal
		start := time.Now()
		ref := sys.spawn("timed", probe{})
		tell(t, ref, func(ctx *Context[step]) {
			ctx.After(3*time.Second, stamp(&j, start, "three"))
			ctx.After(time.Second, stamp(&j, start, "one"))
			ctx.After(time.Second, stamp(&j, start, "one again"))
			ctx.After(-time.Second, stamp(&j, start, "past"))
			stopped := ctx.After(2*time.Second, stamp(&j, start, "stopped"))
			if !stopped.Stop() || stopped.Stop() {
				t.Error("Stop misreports")
			}
		})
		time.Sleep(10 * time.Second)
		j.want(t, "past 0s", "one 1s", "one again 1s", "three 3s")
	})
}

// TestStoppedTimerNeverFires: also when it was due before it was stopped.
func TestStoppedTimerNeverFires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		ref := sys.spawn("timed", probe{})
		tell(t, ref, func(ctx *Context[step]) {
			timer := ctx.After(time.Second, func(*Context[step]) { t.Error("fired") })
			time.Sleep(5 * time.Second)
			timer.Stop()
		})
		time.Sleep(time.Minute)
	})
}

// TestTimersNeedNoRoom: a full mailbox, and one that never empties, delay no
// timer by more than a budget of messages.
func TestTimersNeedNoRoom(t *testing.T) {
	sys := newTestSystem(t)
	defer sys.stop()
	fired := make(chan struct{})
	ref := sys.spawnSpec(Spec[step]{Kind: "full", Mailbox: 4, New: func() Handler[step] { return &probe{} }})
	tell(t, ref, func(ctx *Context[step]) { ctx.After(time.Millisecond, func(*Context[step]) { close(fired) }) })
	var again step
	again = func(ctx *Context[step]) { _ = ctx.Self().Tell(again, Drop) }
	for range 4 {
		_ = ref.Tell(again, Drop)
	}
	await(t, fired)
}

func TestRestartAndStopClearTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		var j journal
		spec := phoenix(&j, Restart{Max: 1, Within: time.Minute}, false)
		ref := sys.spawnSpec(spec)
		var old *Timer[step]
		tell(t, ref, func(ctx *Context[step]) {
			old = ctx.After(time.Second, func(*Context[step]) { j.add("old timer") })
			panic("boom")
		})
		tell(t, ref, func(*Context[step]) {
			if old.Stop() {
				t.Error("the old handler's timer still runs")
			}
		})
		time.Sleep(time.Minute)
		j.want(t, "init 1", "init 2")
	})
}

func TestManyTimersFireInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := newTestSystem(t)
		defer sys.stop()
		ref := sys.spawn("timed", probe{})
		var last time.Duration
		fired := 0
		start := time.Now()
		tell(t, ref, func(ctx *Context[step]) {
			for i := range 1000 {
				due := time.Duration(i*7919%1000) * time.Millisecond
				timer := ctx.After(due, func(*Context[step]) {
					if got := time.Since(start); got != due || got < last {
						t.Errorf("due %v fired at %v after %v", due, got, last)
					}
					last = due
					fired++
				})
				if i%3 == 0 {
					timer.Stop()
				}
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if fired != 666 {
			t.Fatalf("%d of 666 fired", fired)
		}
	})
}
