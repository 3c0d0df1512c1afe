package actors

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// step is the tests' message: what the actor shall do.
type step func(*Context[step])

// probe is a handler that does what it is told and remembers what happened to it.
type probe struct {
	init    func(*Context[step]) error
	stopped func(*Context[step], error)
	exited  func(*Context[step], Exit)
}

func (p *probe) Handle(ctx *Context[step], s step) { s(ctx) }

func (p *probe) Init(ctx *Context[step]) error {
	if p.init == nil {
		return nil
	}
	return p.init(ctx)
}

func (p *probe) Stopped(ctx *Context[step], reason error) {
	if p.stopped != nil {
		p.stopped(ctx, reason)
	}
}

func (p *probe) Exited(ctx *Context[step], exit Exit) {
	if p.exited != nil {
		p.exited(ctx, exit)
	}
}

// testSystem is a System that the test stops, and what it logged.
type testSystem struct {
	*System
	t   *testing.T
	log *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newTestSystem(t *testing.T) *testSystem {
	t.Helper()
	log := &lockedBuffer{}
	sys := &testSystem{t: t, log: log, System: NewSystem(Options{Log: slog.New(slog.NewJSONHandler(log, nil))})}
	return sys
}

func (s *testSystem) stop() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testSystem) spawn(name string, p probe) Ref[step] {
	s.t.Helper()
	return s.spawnSpec(Spec[step]{Kind: "probe", Name: name, New: func() Handler[step] { return &p }})
}

func (s *testSystem) spawnSpec(spec Spec[step]) Ref[step] {
	s.t.Helper()
	ref, err := Spawn(s.System, spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return ref
}

func (s *testSystem) figure(kind string) Figure {
	s.t.Helper()
	for _, f := range s.Figures() {
		if f.Kind == kind {
			return f
		}
	}
	s.t.Fatalf("no figure of kind %q", kind)
	return Figure{}
}

// tell fails the test when the message is refused.
func tell(t *testing.T, ref Ref[step], s step) {
	t.Helper()
	if err := ref.Tell(s, Wait(time.Minute)); err != nil {
		t.Fatalf("tell %s: %v", ref.Name(), err)
	}
}

// settle returns when ref has handled what it was told before.
func settle(t *testing.T, ref Ref[step]) {
	t.Helper()
	done := make(chan struct{})
	tell(t, ref, func(*Context[step]) { close(done) })
	await(t, done)
}

// occupy has ref busy until release is called.
func occupy(t *testing.T, ref Ref[step]) (release func()) {
	t.Helper()
	busy, done := make(chan struct{}), make(chan struct{})
	tell(t, ref, func(*Context[step]) { close(busy); <-done })
	await(t, busy)
	return func() { close(done) }
}

func await(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("nothing happened for a minute")
	}
}

// child spawns an actor below the one that ctx belongs to.
func child(t *testing.T, ctx *Context[step], name string, p probe) Ref[step] {
	ref, err := Spawn(ctx, Spec[step]{Kind: "child", Name: name, New: func() Handler[step] { return &p }})
	if err != nil {
		t.Errorf("spawn %s: %v", name, err)
	}
	return ref
}

// journal collects what happened, in order, from several actors.
type journal struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

func (j *journal) want(t *testing.T, want ...string) {
	t.Helper()
	got := j.take()
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
