package actors

import "sync"

// lane is what of a mailbox does not depend on the message type: the lock, the
// system notes, and the bell that wakes the loop.
//
// The bell: the loop sets parked under mu after it found nothing, then waits on
// wake. Whoever puts something in clears parked under mu and rings if it was
// set. So between "found nothing" and "parked" nobody can slip in.
type lane struct {
	mu     sync.Mutex // guards everything here and in the mailbox around it
	wake   chan struct{}
	notes  []*note
	depth  int  // messages in the ring
	bound  int  // most messages in the ring
	parked bool // the loop waits on wake, or is about to
	shut   bool // takes no messages any more
	gone   bool // takes no notes any more

	counts counts
}

// counts are totals since the actor was spawned. handled counts messages taken
// out of the mailbox, the one that panicked included.
type counts struct {
	handled, dropped, coalesced, blocked, expired uint64
}

func (c *counts) add(o counts) {
	c.handled += o.handled
	c.dropped += o.dropped
	c.coalesced += o.coalesced
	c.blocked += o.blocked
	c.expired += o.expired
}

// note is a system message.
type note struct {
	kind noteKind
	exit Exit  // noteExit
	err  error // noteStop: the reason; noteCrash: the PanicError
}

type noteKind uint8

const (
	noteStop  noteKind = iota // from Ref.Stop and from a stopping parent
	noteExit                  // a child ended or restarted
	noteCrash                 // a task panicked
)

// post queues n and reports false if the actor is gone. Notes are few (one per
// stop and child), so they are not bounded beside that.
func (l *lane) post(n *note) bool {
	l.mu.Lock()
	if l.gone {
		l.mu.Unlock()
		return false
	}
	l.notes = append(l.notes, n)
	ring := l.parked
	l.parked = false
	l.mu.Unlock()
	if ring {
		l.ringBell()
	}
	return true
}

// ringBell wakes the loop. A token already there does as well.
func (l *lane) ringBell() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// unpark undoes park when the loop woke for another reason than the bell.
func (l *lane) unpark() {
	l.mu.Lock()
	l.parked = false
	l.mu.Unlock()
}

// takeNote needs mu.
func (l *lane) takeNoteLocked() *note {
	n := l.notes[0]
	l.notes[0] = nil
	l.notes = l.notes[1:]
	if len(l.notes) == 0 {
		l.notes = nil
	}
	return n
}

// takeChildExits removes and returns the notes about ended children.
func (l *lane) takeChildExits() []Exit {
	l.mu.Lock()
	defer l.mu.Unlock()
	var exits []Exit
	rest := l.notes[:0]
	for _, n := range l.notes {
		if n.kind == noteExit {
			exits = append(exits, n.exit)
		} else {
			rest = append(rest, n)
		}
	}
	clear(l.notes[len(rest):])
	l.notes = rest
	return exits
}

// snapshot returns depth and totals.
func (l *lane) snapshot() (depth int, c counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.depth, l.counts
}
