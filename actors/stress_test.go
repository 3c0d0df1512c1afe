package actors

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNoLostWakeup has senders whose pauses make the loop fall asleep and wake
// all the time. A message put in between the loop's last look and its sleep must
// wake it; if one did not, the exchange would stop.
func TestNoLostWakeup(t *testing.T) {
	const senders, rounds = 4, 20000
	sys := newTestSystem(t)
	defer sys.stop()
	var handled atomic.Int64
	ref := sys.spawnSpec(Spec[step]{Kind: "stress", Mailbox: 3, New: func() Handler[step] { return &probe{} }})
	var wait sync.WaitGroup
	for sender := range senders {
		wait.Go(func() {
			reply := make(chan struct{}, 1)
			message := step(func(*Context[step]) { handled.Add(1); reply <- struct{}{} })
			for i := range rounds {
				if err := ref.Tell(message, Wait(time.Minute)); err != nil {
					t.Errorf("round %d: %v", i, err)
					return
				}
				<-reply
				if i%(sender+2) == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { wait.Wait(); close(finished) }()
	await(t, finished)
	if got := handled.Load(); got != senders*rounds {
		t.Fatalf("handled %d of %d", got, senders*rounds)
	}
}

// TestNoLostWakeupWithTimers lets timers and messages wake the same loop, which
// leaves tokens in the bell now and then.
func TestNoLostWakeupWithTimers(t *testing.T) {
	const rounds = 3000
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawn("ticking", probe{})
	var ticks atomic.Int64
	tell(t, ref, func(ctx *Context[step]) {
		var tick step
		tick = func(ctx *Context[step]) {
			ticks.Add(1)
			ctx.After(20*time.Microsecond, tick)
		}
		tick(ctx)
	})
	for range rounds {
		settle(t, ref)
	}
	for deadline := time.Now().Add(time.Minute); ticks.Load() < 10; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the timer stopped ticking")
		}
	}
}

// TestOrderPerSender: many senders into a small mailbox with every policy that
// waits; each sender's messages arrive in its order and none is lost.
func TestOrderPerSender(t *testing.T) {
	const senders, each = 8, 2000
	sys := newTestSystem(t)
	defer sys.stop()
	ref := sys.spawnSpec(Spec[step]{Kind: "stress", Mailbox: 5, New: func() Handler[step] { return &probe{} }})
	var next [senders]int // loop-owned
	var wait sync.WaitGroup
	for s := range senders {
		wait.Go(func() {
			policy := Wait(time.Minute)
			if s%2 == 0 {
				policy = Block(t.Context())
			}
			for i := range each {
				err := ref.Tell(func(*Context[step]) {
					if next[s] != i {
						t.Errorf("sender %d: message %d came when %d was next", s, i, next[s])
					}
					next[s]++
				}, policy)
				if err != nil {
					t.Errorf("sender %d: %v", s, err)
					return
				}
			}
		})
	}
	wait.Wait()
	settle(t, ref)
	for s, n := range next {
		if n != each {
			t.Errorf("sender %d: %d of %d arrived", s, n, each)
		}
	}
}

// TestStopUnderLoad stops actors while others tell, ask and spawn: every call
// returns, and what was not handled is counted as dead.
func TestStopUnderLoad(t *testing.T) {
	for range 50 {
		sys := newTestSystem(t)
		ref := sys.spawnSpec(Spec[step]{Kind: "busy", Mailbox: 4, New: func() Handler[step] { return &probe{} }})
		var accepted, handled, refused atomic.Int64
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for {
					err := ref.Tell(func(*Context[step]) { handled.Add(1) }, Wait(time.Minute))
					if err != nil {
						refused.Add(1)
						return
					}
					accepted.Add(1)
				}
			})
		}
		for handled.Load() < 20 {
			runtime.Gosched()
		}
		sys.stop()
		wait.Wait()
		dead := int64(sys.figure("busy").Dead)
		if lost := accepted.Load() - handled.Load(); dead != lost+refused.Load() {
			t.Fatalf("dead letters %d, want %d left in the mailbox and %d refused", dead, lost, refused.Load())
		}
	}
}
