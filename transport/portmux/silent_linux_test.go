package portmux

import (
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestSilentOnesCostNoGoroutine: 200 that say nothing, and 100 that say too little,
// cost none, and hinder nobody. Elsewhere than on Linux each has one. Their time is long
// enough for all to be there together on any machine, and few enough descriptors are
// taken (twice as many as connections) for any limit.
func TestSilentOnesCostNoGoroutine(t *testing.T) {
	const silent, slow = 200, 100
	r := start(t, time.Hour, false)
	before := runtime.NumGoroutine()
	for i := range silent + slow {
		conn := r.dial(t)
		if i >= silent {
			say(t, conn, "\x00\x14")
		}
	}
	soon(t, "all wait", func() bool { return r.Figures().Waiting == silent+slow })
	if now := runtime.NumGoroutine(); now > before+5 {
		t.Errorf("%d goroutines more", now-before)
	}
	client := r.dial(t)
	say(t, client, "GET")
	claimed(t, r.port)
	if f := r.Figures(); f.Waiting != silent+slow || f.Claimed != 1 {
		t.Errorf("figures %+v", f)
	}
}

// TestSilentOnesAreGoneInTime: those that say nothing, and those that say too little,
// are ended when their time is over, not before, and counted as what they were.
func TestSilentOnesAreGoneInTime(t *testing.T) {
	const silent, slow, limit = 200, 100, time.Second
	r := start(t, limit, false)
	var all sync.WaitGroup
	for i := range silent + slow {
		begun := time.Now()
		conn := r.dial(t)
		if i >= silent {
			say(t, conn, "\x00\x14")
		}
		all.Go(func() {
			_, err := io.Copy(io.Discard, conn)
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("a connection is still open")
			}
			if took := time.Since(begun); took < limit {
				t.Errorf("gone after %s", took)
			}
		})
	}
	all.Wait()
	r.wantUnclaimed(t, "silent", silent)
	r.wantUnclaimed(t, "slow", slow)
	if f := r.Figures(); f.Waiting != 0 || f.Claimed != 0 {
		t.Errorf("figures %+v", f)
	}
}
