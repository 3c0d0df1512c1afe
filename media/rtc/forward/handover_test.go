package forward

import (
	"slices"
	"testing"
)

// seating is a stream of a session, and tracks that it may carry, on a server
// with one worker that the test plays itself.
type seating struct {
	t      *testing.T
	group  *Group
	worker *worker
	viewer *Remote
	stream *stream
	tracks map[string]*track
}

func newSeating(t *testing.T, names ...string) *seating {
	w := &worker{}
	s := &Group{handovers: newHandovers()}
	s.network.Store(&network{workers: []*worker{w}})
	viewer := &Remote{group: s}
	g := &seating{t: t, group: s, worker: w, viewer: viewer, stream: &stream{exit: viewer}, tracks: map[string]*track{"": nil}}
	for _, name := range names {
		g.tracks[name] = &track{from: &publisher{}}
		g.tracks[name].table.Store(&table{})
	}
	return g
}

// seat is Place or, with no name, Vacate.
func (g *seating) seat(name string) {
	g.viewer.mu.Lock()
	defer g.viewer.mu.Unlock()
	g.group.reseatLocked(map[*stream]*track{g.stream: g.tracks[name]})
}

// carried checks which track has the stream in its table, "" for none.
func (g *seating) carried(want string) {
	g.t.Helper()
	for name, track := range g.tracks {
		if name == "" {
			continue
		}
		has := slices.Contains(track.table.Load().streams, g.stream)
		if has != (name == want) {
			g.t.Errorf("track %q has the stream: %v; %q should have it", name, has, want)
		}
	}
	if got := g.stream.holder.Load(); got != g.tracks[want] {
		g.t.Errorf("the stream is not held by %q", want)
	}
}

// TestReseatingWaitsForNoWorker: a worker in the middle of a batch makes
// neither the caller wait nor the stream change hands too early.
func TestReseatingWaitsForNoWorker(t *testing.T) {
	g := newSeating(t, "anna", "ben")
	g.worker.epoch.Store(1) // busy
	g.seat("anna")
	g.carried("anna") // nobody can have it yet
	g.seat("ben")
	g.carried("")

	over := make(chan struct{})
	go func() {
		g.group.handOver()
		close(over)
	}()
	select {
	case <-over:
		t.Fatal("handed over while the worker was busy")
	default:
	}
	g.worker.epoch.Store(2)
	<-over
	g.carried("ben")
}

// TestReseatingAgain: what was decided last holds, and a stream that was in a
// table after a round began waits for the next one.
func TestReseatingAgain(t *testing.T) {
	steps := map[string]struct {
		before, during []string // reseated so, before and during the wait
		then, after    string   // carried after this round and the next one
	}{
		"once":                   {[]string{"ben"}, nil, "ben", "ben"},
		"twice before":           {[]string{"ben", "cleo"}, nil, "cleo", "cleo"},
		"back before":            {[]string{"ben", "anna"}, nil, "anna", "anna"},
		"vacated before":         {[]string{"ben", ""}, nil, "", ""},
		"vacated meanwhile":      {[]string{"ben"}, []string{""}, "", ""},
		"another meanwhile":      {[]string{"ben"}, []string{"cleo"}, "", "cleo"},
		"the same meanwhile":     {[]string{"ben"}, []string{"ben"}, "ben", "ben"},
		"to and fro":             {[]string{"ben"}, []string{"cleo", "ben"}, "", "ben"},
		"vacated and taken anew": {[]string{"ben"}, []string{"", "ben"}, "", "ben"},
	}
	for name, c := range steps {
		t.Run(name, func(t *testing.T) {
			g := newSeating(t, "anna", "ben", "cleo")
			g.seat("anna")
			for _, to := range c.before {
				g.seat(to)
			}
			g.carried("")
			round, waiting := g.group.handovers.take()
			for _, to := range c.during {
				g.seat(to)
			}
			for _, st := range waiting {
				g.group.passOn(st, round)
			}
			g.carried(c.then)
			g.group.handOver()
			g.carried(c.after)
		})
	}
}

// TestLinkedAgainMeanwhile: a round that began before the stream was last
// taken out of a table does not hand it over.
func TestLinkedAgainMeanwhile(t *testing.T) {
	g := newSeating(t, "anna", "ben", "cleo")
	g.seat("anna")
	g.seat("ben")
	first, waiting := g.group.handovers.take()
	g.seat("cleo") // queued for the second round as well
	g.seat("ben")
	for _, st := range waiting {
		g.group.passOn(st, first)
	}
	second, waiting := g.group.handovers.take()
	for _, st := range waiting {
		g.group.passOn(st, second)
	}
	g.carried("ben")

	g.seat("cleo")
	_, waiting = g.group.handovers.take()
	for _, st := range waiting {
		g.group.passOn(st, second) // of a wait that began before
	}
	g.carried("")
}
