package storage

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"
)

// stuckDisk does not answer until it is released.
type stuckDisk struct {
	plainFile
	stuck *sync.RWMutex
}

func (d stuckDisk) Datasync() error {
	d.stuck.RLock()
	defer d.stuck.RUnlock()
	return d.plainFile.Datasync()
}

// TestStuckDisk: a sync that does not return holds the writer and nobody else, nor
// Close for ever; what was queued is done when it does.
func TestStuckDisk(t *testing.T) {
	var stuck sync.RWMutex
	o := Options{Queue: 4, Heartbeat: time.Hour, closeWait: 50 * time.Millisecond}
	o.device = func(file *os.File) device { return stuckDisk{plainFile{file}, &stuck} }
	s := open(t, t.TempDir(), o)
	id := fill(t, s)
	stuck.Lock()
	first := make(chan error, 1)
	if err := s.AppendChat(ChatRecord{Room: "demo", Key: "k2", Text: "slow"}, func(_ ChatRecord, err error) { first <- err }); err != nil {
		t.Fatal(err)
	}
	for s.Figures().Running < 10*time.Millisecond || s.Figures().Queued > 0 {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	var last error
	for range 10 {
		last = s.Rate(id, Rating{Participant: "ann", Stars: 1}, nil)
	}
	if last != ErrBusy {
		t.Errorf("beyond the queue: %v", last)
	}
	if got := history(t, s, "demo"); len(got) != 1 {
		t.Errorf("reads give %q", got)
	}
	meeting(t, s, id)
	if err := s.Healthy(); err != nil {
		t.Errorf("healthy, so soon: %v", err)
	}
	s.totals.start.Add(-int64(stuckAfter))
	if err := s.Healthy(); !errors.Is(err, ErrBusy) {
		t.Errorf("healthy: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("all that took %v", took)
	}
	if err := s.Close(); !errors.Is(err, ErrUnknown) {
		t.Errorf("close: %v", err)
	}
	stuck.Unlock()
	if err := <-first; err != nil {
		t.Errorf("the slow text: %v", err)
	}
	<-s.finished
	if err := s.closeFiles(); err != nil {
		t.Error(err)
	}
}
