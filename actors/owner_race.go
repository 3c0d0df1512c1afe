//go:build race

package actors

import (
	"bytes"
	"runtime"
	"strconv"
	"sync/atomic"
)

const raceEnabled = true

// owner remembers which goroutine a loop runs on. Go gives no cheap way to ask
// for a goroutine's number, so this exists under the race detector only.
type owner struct{ goroutine atomic.Uint64 }

func (o *owner) bind() { o.goroutine.Store(goroutineNumber()) }

// assert panics when called from another goroutine.
func (o *owner) assert() {
	if o.goroutine.Load() != goroutineNumber() {
		panic("actors: loop-owned state used from another goroutine")
	}
}

func (o *owner) here() bool { return o.goroutine.Load() == goroutineNumber() }

// goroutineNumber reads it from the first line of a trace, "goroutine 18 [".
func goroutineNumber() uint64 {
	var buf [64]byte
	line := buf[:runtime.Stack(buf[:], false)]
	line = bytes.TrimPrefix(line, []byte("goroutine "))
	digits, _, _ := bytes.Cut(line, []byte{' '})
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		panic("actors: unexpected trace " + strconv.Quote(string(line)))
	}
	return n
}
