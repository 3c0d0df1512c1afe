package rtc

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/media/rtc/rtctest"
)

// recorder is an Events that remembers.
type recorder struct {
	mu        sync.Mutex
	changed   *sync.Cond
	connected int
	failed    []error
	speaking  []bool
	layers    []layerEvent
	limited   []string
	wasted    []string
	problems  []string
	onProblem func(source string) // nil: nothing more happens
}

type layerEvent struct {
	seat          int
	layer         string
	width, height int
	reason        string
}

func newRecorder() *recorder {
	r := &recorder{}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *recorder) note(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	r.changed.Broadcast()
}

func (r *recorder) MediaConnected()       { r.note(func() { r.connected++ }) }
func (r *recorder) MediaFailed(err error) { r.note(func() { r.failed = append(r.failed, err) }) }
func (r *recorder) MediaSpeaking(on bool, _ int) {
	r.note(func() { r.speaking = append(r.speaking, on) })
}
func (r *recorder) MediaLayer(seat int, layer string, w, h int, reason string) {
	r.note(func() { r.layers = append(r.layers, layerEvent{seat, layer, w, h, reason}) })
}

func (r *recorder) MediaLimited(source string, limit uint64) {
	r.note(func() { r.limited = append(r.limited, fmt.Sprint(source, " ", limit)) })
}

func (r *recorder) MediaMuted(source string) {
	r.note(func() { r.wasted = append(r.wasted, source) })
}

func (r *recorder) MediaProblem(source string) {
	r.note(func() {
		r.problems = append(r.problems, source)
		if r.onProblem != nil {
			r.onProblem(source)
		}
	})
}

// wait blocks until ok, called with the lock held, is true.
func (r *recorder) wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !r.waitFor(rtctest.Patience, ok) {
		t.Fatalf("waited too long for %s", what)
	}
}

func (r *recorder) waitFor(d time.Duration, ok func() bool) bool {
	expired := time.Now().Add(d)
	timer := time.AfterFunc(d, r.changed.Broadcast)
	defer timer.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !ok() {
		if time.Now().After(expired) {
			return false
		}
		r.changed.Wait()
	}
	return true
}

// flags are switches that goroutines share.
type flags struct {
	mu sync.Mutex
	on map[string]bool
}

func newFlags(names ...string) *flags {
	f := &flags{on: make(map[string]bool)}
	for _, n := range names {
		f.on[n] = true
	}
	return f
}

func (f *flags) get(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.on[name]
}

func (f *flags) set(name string, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on[name] = on
}
