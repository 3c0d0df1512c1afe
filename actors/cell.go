package actors

import (
	"log/slog"
	"sync"
)

// cell is what of an actor does not depend on the message type: its place in the
// tree, how it ended. The system's root is a cell without a lane.
type cell struct {
	sys    *System
	id     uint64
	kind   *kind
	name   string
	parent *cell
	lane   *lane
	kids   kids
	meter  meter
	done   chan struct{}
	exit   Exit // valid once done is closed

	prev, next *cell // siblings, guarded by parent.kids.mu

	log *slog.Logger // loop-owned, nil until used
}

// logger is loop-owned.
func (c *cell) logger() *slog.Logger {
	if c.log == nil {
		c.log = c.sys.log.With(c.kind.name, c.name)
	}
	return c.log
}

// tellParent lets the parent know of an end or a restart.
func (c *cell) tellParent(exit Exit) {
	if c.parent.lane != nil { // the system's root has none
		c.parent.lane.post(&note{kind: noteExit, exit: exit})
	}
}

// kids are a cell's children in the order they were spawned.
type kids struct {
	mu          sync.Mutex // guards the fields and the children's prev and next
	first, last *cell
	count       int
	closed      bool
}

// add reports false when no child may be added any more.
func (k *kids) add(c *cell) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	c.prev = k.last
	if k.last == nil {
		k.first = c
	} else {
		k.last.next = c
	}
	k.last = c
	k.count++
	return true
}

func (k *kids) remove(c *cell) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.prev == nil {
		k.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		k.last = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	k.count--
}

func (k *kids) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
}

func (k *kids) newest() *cell {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last
}

// list returns the children, oldest first.
func (k *kids) list() []*cell {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]*cell, 0, k.count)
	for c := k.first; c != nil; c = c.next {
		all = append(all, c)
	}
	return all
}
