package poll

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWaitEndsAtItsTimeAndNotAgain(t *testing.T) {
	w, err := newWaiter(4)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for range 3 { // from the second on the timer has rung before
		until := Now().After(20 * time.Millisecond)
		if _, err := w.wait(until); err != nil {
			t.Fatal(err)
		}
		if early := until.Sub(Now()); early > 0 {
			t.Fatalf("the wait ended %v early", early)
		}
	}
	began := Now()
	if _, err := w.wait(began); err != nil {
		t.Fatal(err)
	}
	if took := Now().Sub(began); took > 10*time.Second {
		t.Fatalf("a wait until now took %v", took)
	}
}

// A thread in epoll_wait would show as a system call.
func TestSleepingLoopKeepsNoThread(t *testing.T) {
	p, err := New(Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var state string
	for range 500 {
		if state = loopState(); state == "IO wait" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("a loop with nothing to do is in state %q", state)
}

// loopState is what the runtime says the loop's goroutine does.
func loopState() string {
	all := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(stack, "poll.(*loop).run(") {
			_, state, _ := strings.Cut(stack, "[")
			state, _, _ = strings.Cut(state, "]")
			return state
		}
	}
	return "gone"
}
