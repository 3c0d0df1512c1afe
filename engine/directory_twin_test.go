package engine

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// memDirectory is a directory of which this node is one of several, in memory.
type memDirectory struct {
	mu sync.Mutex // guards the rest
	// delay is how long a claim of a room takes; deaf, whether it does even if
	// nobody waits any more.
	delay map[string]time.Duration
	deaf  bool
	// owner is whose a room is that is not ours.
	owner   map[string]string
	fail    error // of all claims
	panicky bool
	out     map[string]*memLease // ours
	lost    map[*memLease]bool   // and not given back
	// rooms counts those that run. One that does without a lease, neither held nor
	// lost, may be another node's already.
	rooms  func() int
	wrongs []string
}

func newMemDirectory() *memDirectory {
	return &memDirectory{delay: map[string]time.Duration{}, owner: map[string]string{}, out: map[string]*memLease{}, lost: map[*memLease]bool{}}
}

func (d *memDirectory) Claim(ctx context.Context, room string) (Lease, error) {
	d.mu.Lock()
	delay, deaf := d.delay[room], d.deaf
	d.mu.Unlock()
	over := ctx.Done()
	if deaf {
		over = nil
	}
	select {
	case <-time.After(delay):
	case <-over:
		return nil, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.panicky:
		panic("directory twin was told to")
	case d.fail != nil:
		return nil, d.fail
	case d.owner[room] != "":
		return &memLease{owner: d.owner[room]}, nil
	case d.out[room] != nil:
		d.wrongs = append(d.wrongs, fmt.Sprintf("%s claimed twice", room))
	}
	l := &memLease{directory: d, room: room, owner: "here", lost: make(chan struct{})}
	d.out[room] = l
	return l, nil
}

func (d *memDirectory) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// lose makes a room another node's.
func (d *memDirectory) lose(room, to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owner[room] = to
	d.out[room].loseLocked()
}

// held returns how many leases are out.
func (d *memDirectory) held() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.out)
}

type memLease struct {
	directory *memDirectory // nil if it is another node's
	room      string
	owner     string
	lost      chan struct{}
	over      bool // guarded by directory.mu
}

func (l *memLease) Owner() string         { return l.owner }
func (l *memLease) Mine() bool            { return l.directory != nil }
func (l *memLease) Lost() <-chan struct{} { return l.lost }

func (l *memLease) Release() {
	d := l.directory
	if d == nil {
		return
	}
	rooms := d.rooms()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.lost, l)
	l.endLocked()
	if leases := len(d.out) + len(d.lost); rooms > leases {
		d.wrongs = append(d.wrongs, fmt.Sprintf("%s is given back, and %d rooms run on %d leases", l.room, rooms, leases))
	}
}

// loseLocked makes the lease void before it is given back.
func (l *memLease) loseLocked() {
	l.directory.lost[l] = true
	l.endLocked()
}

func (l *memLease) endLocked() {
	if !l.over {
		l.over = true
		delete(l.directory.out, l.room)
		close(l.lost)
	}
}
