//go:build linux

package storage

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	faultRuns = flag.Int("faultruns", 1000, "runs of TestFaults")
	faultSeed = flag.Int64("faultseed", -1, "the one seed that TestFaults runs, if not negative")
)

// TestFaults does random operations on a store whose disk fails at random, and
// checks after power cuts at random moments, and at the end, that all is there that
// was acknowledged, nothing that was refused, and each text once and in order.
//
//	go test ./storage -run TestFaults -args -faultseed 17
func TestFaults(t *testing.T) {
	first, last := int64(0), int64(*faultRuns)
	switch {
	case *faultSeed >= 0:
		first, last = *faultSeed, *faultSeed+1
	case testing.Short(), raceOn: // the step "faults" of check does them all
		last = min(last, 100)
	}
	var total faultTotals
	start := time.Now()
	for seed := first; seed < last; seed++ {
		runFaults(t, seed, &total)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d runs in %v: %+v", last-first, time.Since(start).Round(time.Millisecond), total)
	if last-first >= 100 {
		for kind, n := range total.faults {
			if fault(kind) != noFault && n == 0 {
				t.Errorf("no fault of kind %d: this tests less than it says", kind)
			}
		}
	}
}

type faultTotals struct {
	acked, refused, unknown, cuts, failures int
	faults                                  [faults]int
}

// step is one operation and what became of it.
type step struct {
	kind      string
	meeting   int // index of a begin's
	room, who string
	key       string
	was       uint64 // of an entry
	state     stepState
	err       error // with decided
}

type stepState int

const (
	undecided stepState = iota
	decided
	refused // surely not done
	unknown
)

// faultRun is one run of TestFaults.
type faultRun struct {
	t    *testing.T
	rng  *rand.Rand
	disk *faultDisk
	s    *Store
	ids  []string

	mu    sync.Mutex // guards steps and known
	steps []step
	known map[string]uint64 // the latest revision that was told of an entry
	left  sync.WaitGroup
	cuts  []powerCut
}

// powerCut is what was left, and what had become of all steps then.
type powerCut struct {
	dir   string
	steps []step
	trace []string
}

// shm is where no sync takes time.
func shm(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "parley-faults-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

var faultOptions = Options{Heartbeat: 2 * time.Millisecond, ChatLimit: 1 << 20, Queue: 64, retry: 100 * time.Microsecond, Log: quiet}

func runFaults(t *testing.T, seed int64, total *faultTotals) {
	dir := shm(t)
	defer os.RemoveAll(dir)
	r := &faultRun{t: t, rng: rand.New(rand.NewPCG(uint64(seed), 1)), known: make(map[string]uint64)}
	r.disk = newFaultDisk(t, rand.New(rand.NewPCG(uint64(seed), 2)))
	r.s = open(t, dir, r.disk.options(faultOptions))
	r.disk.event = r.maybeCut
	for range 20 + r.rng.IntN(20) {
		if r.rng.IntN(6) == 0 {
			r.disk.down.Store(1 + r.rng.Int32N(5))
		}
		r.do()
		switch r.rng.IntN(5) {
		case 0:
			r.left.Wait()
		case 1:
			time.Sleep(time.Duration(r.rng.IntN(500)) * time.Microsecond)
			r.read()
		}
	}
	if r.rng.IntN(3) == 0 { // an end while it fails
		r.disk.down.Store(1000)
	} else {
		r.disk.down.Store(0)
		r.left.Wait()
		r.compare("at the end", r.s, r.steps, false)
	}
	total.failures += int(r.s.Figures().Failures)
	_ = r.s.Close()
	r.left.Wait()
	if r.checkAfter(dir, r.steps); r.t.Failed() {
		r.t.Fatalf("seed %d, the disk before the end:\n%s", seed, strings.Join(r.disk.trace, "\n"))
	}
	for _, cut := range r.cuts {
		for i := range cut.steps { // what was refused later must not have been done then
			if r.steps[i].state == refused {
				cut.steps[i].state = refused
			}
		}
		if r.checkAfter(cut.dir, cut.steps); r.t.Failed() {
			r.t.Fatalf("seed %d, the disk before the cut:\n%s", seed, strings.Join(cut.trace, "\n"))
		}
		os.RemoveAll(cut.dir)
	}
	r.count(total)
	for _, f := range r.disk.files {
		f.real.Close()
	}
}

func (r *faultRun) count(total *faultTotals) {
	for _, s := range r.steps {
		switch s.state {
		case decided:
			total.acked++
		case refused:
			total.refused++
		case unknown:
			total.unknown++
		}
	}
	total.cuts += len(r.cuts)
	for kind, n := range r.disk.count {
		total.faults[kind] += n
	}
}

// do submits a step.
func (r *faultRun) do() {
	st := step{room: fmt.Sprint("room", r.rng.IntN(2)), who: fmt.Sprint("p", r.rng.IntN(3))}
	if len(r.ids) > 0 {
		st.meeting = r.rng.IntN(len(r.ids))
	}
	switch n := r.rng.IntN(20); {
	case n < 2 || len(r.ids) == 0:
		st.kind, st.meeting = "begin", len(r.ids)
		r.ids = append(r.ids, NewID())
	case n < 3:
		st.kind = "end"
	case n < 6:
		st.kind = "join"
	case n < 8:
		st.kind = "leave"
	case n < 9:
		st.kind = "rate"
	case n < 12:
		st.kind, st.key = "put", fmt.Sprint("e", r.rng.IntN(3))
	case n < 13:
		st.kind, st.key = "delete", fmt.Sprint("e", r.rng.IntN(3))
	default:
		st.kind, st.key = "say", fmt.Sprint("k", r.rng.IntN(30))
	}
	r.mu.Lock()
	st.was = r.known[st.key]
	n := len(r.steps)
	r.steps = append(r.steps, st)
	r.mu.Unlock()
	r.left.Add(1)
	if err := r.submit(st, func(err error) { r.decide(n, err); r.left.Done() }); err != nil {
		if !errors.Is(err, ErrReadOnly) && !errors.Is(err, ErrBusy) {
			r.t.Errorf("%s: %v", st.kind, err)
		}
		if st.kind != "say" && errors.Is(err, ErrReadOnly) {
			r.t.Errorf("a record was refused: %v", err)
		}
		r.mu.Lock()
		r.steps[n].state = refused
		r.mu.Unlock()
		r.left.Done()
	}
}

func (r *faultRun) submit(st step, done func(error)) error {
	id, now := r.ids[st.meeting:], time.Now()
	switch st.kind {
	case "begin":
		return r.s.BeginMeeting(Meeting{ID: id[0], Room: st.room, Start: now}, done)
	case "end":
		return r.s.EndMeeting(id[0], now, "", done)
	case "join":
		return r.s.Join(id[0], Joining{Participant: st.who, At: now}, done)
	case "leave":
		return r.s.Leave(id[0], st.who, now, "left", done)
	case "rate":
		return r.s.Rate(id[0], Rating{Participant: st.who, Stars: 3, At: now}, done)
	case "put":
		return r.change(st, []byte(st.key), done)
	case "delete":
		return r.change(st, nil, done)
	}
	record := ChatRecord{Room: st.room, Key: st.key, Text: strings.Repeat(st.key, 1+r.rng.IntN(300))}
	return r.s.AppendChat(record, func(got ChatRecord, err error) {
		if err == nil && got.Key != st.key {
			r.t.Errorf("said %s, got %+v", st.key, got)
		}
		done(err)
	})
}

// change changes an entry, of the revision that was known when this began.
func (r *faultRun) change(st step, value []byte, done func(error)) error {
	return r.s.submitEntry(Change{Kind: "rooms", Key: st.key, Value: value}, st.was, func(revision uint64, err error) {
		if err == nil || errors.Is(err, ErrConflict) {
			r.mu.Lock()
			r.known[st.key] = revision
			if err == nil && value == nil {
				r.known[st.key] = 0
			}
			r.mu.Unlock()
		}
		done(err)
	})
}

// decide notes an outcome, on the writer's goroutine.
func (r *faultRun) decide(n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case errors.Is(err, ErrReadOnly):
		r.steps[n].state = refused
	case errors.Is(err, ErrUnknown):
		r.steps[n].state = unknown
	default:
		r.steps[n].state, r.steps[n].err = decided, err
		if f := r.disk.files[FileName]; f != nil { // the latest commit was synced
			f.flush()
		}
	}
}

// maybeCut keeps what a power cut would leave now, on the writer's goroutine.
func (r *faultRun) maybeCut() {
	if len(r.cuts) >= 3 || r.disk.rng.IntN(60) > 0 {
		return
	}
	dir := shm(r.t)
	r.disk.cut(dir)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cuts = append(r.cuts, powerCut{dir, slices.Clone(r.steps), slices.Clone(r.disk.trace)})
}

// read looks for what is acknowledged, and for what was refused.
func (r *faultRun) read() {
	r.mu.Lock()
	steps := slices.Clone(r.steps)
	r.mu.Unlock()
	for _, room := range []string{"room0", "room1"} {
		records, err := r.s.ChatHistory(room, 0)
		if err != nil {
			r.t.Errorf("a read: %v", err)
		}
		for _, st := range steps {
			if st.kind == "say" && st.room == room && st.state == decided && !slices.ContainsFunc(records, func(c ChatRecord) bool { return c.Key == st.key }) {
				r.t.Errorf("%s: %s is acknowledged and can not be read", room, st.key)
			}
		}
	}
}

// checkAfter opens what is in dir, as after a power cut or an end, and compares;
// then it says again what is undecided, refused or unknown: each is there once.
func (r *faultRun) checkAfter(dir string, steps []step) {
	o := faultOptions
	o.Heartbeat = time.Hour
	s, err := Open(dir, o)
	if err != nil {
		r.t.Errorf("open after the cut: %v", err)
		return
	}
	defer s.Close()
	r.compare("after a cut", s, steps, true)
	checkPages(r.t, s)
	want := make(map[string][]string)
	for _, room := range []string{"room0", "room1"} {
		want[room] = keys(r.t, s, room)
	}
	for _, st := range steps {
		if st.kind != "say" {
			continue
		}
		mustSay(r.t, s, st.room, "", st.key, "again")
		if !slices.Contains(want[st.room], st.key) {
			want[st.room] = append(want[st.room], st.key)
		}
	}
	for room, keysWanted := range want {
		if got := keys(r.t, s, room); !slices.Equal(got, keysWanted) {
			r.t.Errorf("%s after all was said again: %v, want %v", room, got, keysWanted)
		}
	}
}

func keys(t *testing.T, s *Store, room string) []string {
	records, err := s.ChatHistory(room, 0)
	if err != nil {
		t.Error(err)
	}
	all := []string{}
	for _, r := range records {
		all = append(all, r.Key)
	}
	return all
}

// compare compares a store with what the steps should have made of it. Of those
// that are undecided, or unknown, it may have as many as it likes, from the first.
func (r *faultRun) compare(when string, s *Store, steps []step, crashed bool) {
	got := r.dump(s)
	want := ""
	open := 0
	for _, st := range steps {
		if st.state == undecided || st.state == unknown {
			open++
		}
	}
	for k := 0; k <= open; k++ {
		m := newFaultModel(len(r.ids))
		left := k
		for i, st := range steps {
			if st.state == refused {
				continue
			}
			if st.state != decided {
				if left--; left < 0 {
					continue
				}
			}
			err := m.do(st)
			if st.state == decided && !errors.Is(st.err, err) {
				r.t.Errorf("%s: step %d %s got %v, want %v", when, i, st.kind, st.err, err)
			}
		}
		if crashed {
			m.crash()
		}
		if want = m.String(); want == got {
			return
		}
	}
	r.t.Errorf("%s, %d steps undecided:\ngot\n%s\nwant\n%s\nsteps %+v", when, open, got, want, steps)
}

// dump describes a store as faultModel does.
func (r *faultRun) dump(s *Store) string {
	m := newFaultModel(len(r.ids))
	for i, id := range r.ids {
		record, err := s.Meeting(id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			r.t.Error(err)
			continue
		}
		v := &faultMeeting{room: record.Room, ended: !record.End.IsZero(), people: make(map[string]*faultPerson)}
		for j := range record.Participants {
			a := &record.Participants[j]
			v.people[a.Participant] = &faultPerson{intervals: len(a.Intervals), in: a.open() != nil}
		}
		for _, rating := range record.Ratings {
			v.people[rating.Participant].rated = true
		}
		m.meetings[i] = v
	}
	for _, room := range []string{"room0", "room1"} {
		m.chat[room] = keys(r.t, s, room)
	}
	all, revision, err := s.entries()
	if err != nil {
		r.t.Error(err)
	}
	m.revision = revision
	for _, c := range all {
		m.entries[c.Key] = c.Revision
	}
	return m.String()
}
