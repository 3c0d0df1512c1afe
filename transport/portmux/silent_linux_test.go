package portmux

import (
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestSilentOnesCostNoGoroutine: 2,000 that say nothing, and 100 that say too little,
// cost none, hinder nobody, and are gone when their time is over. Elsewhere than on
// Linux each has one.
func TestSilentOnesCostNoGoroutine(t *testing.T) {
	const silent, slow, limit = 2000, 100, 4 * time.Second
	needDescriptors(t, 2*(silent+slow)+200)
	r := start(t, limit, false)
	before := runtime.NumGoroutine()
	conns := make([]*net.TCPConn, 0, silent+slow)
	begun := time.Now()
	for i := range silent + slow {
		conn := r.dial(t)
		if i >= silent {
			say(t, conn, "\x00\x14")
		}
		conns = append(conns, conn)
	}
	if took := time.Since(begun); took > limit {
		t.Skipf("the first are gone before the last came: %s", took)
	}
	soon(t, "all wait", func() bool { return r.Figures().Waiting == silent+slow })
	if now := runtime.NumGoroutine(); now > before+5 {
		t.Errorf("%d goroutines more", now-before)
	}
	client := r.dial(t)
	say(t, client, "GET")
	claimed(t, r.port)
	for _, conn := range conns {
		wantEnd(t, conn)
	}
	if took := time.Since(begun); took < limit {
		t.Errorf("gone after %s", took)
	}
	r.wantUnclaimed(t, "silent", silent)
	r.wantUnclaimed(t, "slow", slow)
	if f := r.Figures(); f.Waiting != 0 || f.Claimed != 1 {
		t.Errorf("figures %+v", f)
	}
}

// needDescriptors skips a test that takes more than there are.
func needDescriptors(t *testing.T, n uint64) {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur < n {
		t.Skipf("%d descriptors of %d needed, %v", l.Cur, n, err)
	}
}
