package actors

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Options are those of a System. The zero value is fine.
type Options struct {
	// Log gets panics (error) and restarts (warn); slog.Default if nil.
	Log *slog.Logger
}

// System is the root of a tree of actors.
type System struct {
	log    *slog.Logger
	start  time.Time
	root   *cell
	nextID atomic.Uint64

	mu    sync.Mutex // guards kinds
	kinds map[string]*kind

	sampling sync.Mutex     // guards the saturation windows of all actors
	running  sync.WaitGroup // goroutines of actors and tasks
}

// NewSystem makes an empty system. It has no goroutine of its own.
func NewSystem(o Options) *System {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &System{log: o.Log, start: time.Now(), kinds: make(map[string]*kind)}
	s.root = &cell{sys: s}
	return s
}

// Stop ends all actors: the one spawned last first, each after its children. It
// returns when all have ended, or when ctx is done; the rest has then been asked
// to end but not waited for. No actor can be spawned any more.
func (s *System) Stop(ctx context.Context) error {
	s.root.kids.close()
	for c := s.root.kids.newest(); c != nil; c = s.root.kids.newest() {
		c.lane.post(&note{kind: noteStop})
		select {
		case <-c.done:
		case <-ctx.Done():
			return s.abandon(ctx, c)
		}
	}
	s.running.Wait()
	return nil
}

// abandon asks all that are left and gives up on stuck.
func (s *System) abandon(ctx context.Context, stuck *cell) error {
	left := s.root.kids.list()
	for _, c := range left {
		c.lane.post(&note{kind: noteStop})
	}
	return fmt.Errorf("stop actors: %d left, waited for %s %q: %w",
		len(left), stuck.kind.name, stuck.name, ctx.Err())
}

// clock is the time since the system was made, in nanoseconds. It is monotonic.
func (s *System) clock() int64 { return int64(time.Since(s.start)) }

func (s *System) home() *cell { return s.root }

// launch is the one place where this package starts a goroutine.
func (s *System) launch(run func()) {
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		run()
	}()
}
