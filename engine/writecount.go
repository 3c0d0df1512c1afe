package engine

import "sync"

// writeCount counts records on their way to disk. It is safe from any
// goroutine; the zero value is ready for use.
type writeCount struct {
	mu    sync.Mutex // guards the rest
	count int
	idle  chan struct{} // closed when count is 0; nil if nobody waits
}

func (w *writeCount) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
}

func (w *writeCount) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count--
	if w.count == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// wait returns what is closed when nothing is on its way.
func (w *writeCount) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	return w.idle
}
