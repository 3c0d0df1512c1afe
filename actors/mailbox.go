package actors

// mailbox is a bounded queue of messages with many senders and one receiver.
//
// The ring's length is a power of two; a message's slot is its position, counted
// from the actor's start, modulo that. Positions do not change when the ring
// grows, so the coalescing index can hold them.
type mailbox[M any] struct {
	lane
	ring    []M
	head    uint64 // position of the oldest message
	high    int    // greatest depth since the ring was last fitted
	waiting waitList[M]
	keys    *keyIndex // nil until the first coalesced message
}

// minRing is the smallest ring that is kept while the actor idles.
const minRing = 8

// event says what take found.
type event uint8

const (
	nothing event = iota
	gotNote
	gotMessage
)

// tell is Ref.Tell.
func (b *mailbox[M]) tell(msg M, p Policy) error {
	b.mu.Lock()
	if b.shut {
		b.mu.Unlock()
		return ErrStopped
	}
	if p.mode == modeCoalesce && b.replaceLocked(p.key, msg) {
		b.mu.Unlock()
		return nil
	}
	if b.depth >= b.bound {
		return b.tellFullLocked(msg, p)
	}
	if p.mode == modeCoalesce {
		b.keys.mark(p.key, b.head+uint64(b.depth))
	}
	b.pushLocked(msg)
	ring := b.parked
	b.parked = false
	b.mu.Unlock()
	if ring {
		b.ringBell()
	}
	return nil
}

// tellFullLocked finishes a tell to a full mailbox and unlocks.
func (b *mailbox[M]) tellFullLocked(msg M, p Policy) error {
	if p.mode != modeBlock && p.mode != modeWait {
		b.counts.dropped++
		b.mu.Unlock()
		return ErrFull
	}
	b.counts.blocked++
	w := b.waiting.add(msg)
	b.mu.Unlock()
	err := w.await(p)
	if err == nil {
		return w.err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.waiting.remove(w) {
		return w.err // admitted or refused in the meantime
	}
	b.counts.expired++
	return err
}

func (b *mailbox[M]) pushLocked(msg M) {
	if b.depth == len(b.ring) {
		b.resizeLocked(max(minRing, 2*len(b.ring)))
	}
	b.ring[(b.head+uint64(b.depth))&uint64(len(b.ring)-1)] = msg
	b.depth++
	b.high = max(b.high, b.depth)
}

func (b *mailbox[M]) resizeLocked(size int) {
	ring := make([]M, size)
	for i := range uint64(b.depth) {
		pos := b.head + i
		ring[pos&uint64(size-1)] = b.ring[pos&uint64(len(b.ring)-1)]
	}
	b.ring = ring
}

// replaceLocked puts msg where a message of the same key is queued.
func (b *mailbox[M]) replaceLocked(key Key, msg M) bool {
	if b.keys == nil {
		b.keys = newKeyIndex()
	}
	pos, ok := b.keys.find(key)
	if !ok {
		return false
	}
	b.ring[pos&uint64(len(b.ring)-1)] = msg
	b.counts.coalesced++
	return true
}

// take removes what comes next: notes before messages.
func (b *mailbox[M]) take() (msg M, n *note, e event) {
	b.mu.Lock()
	switch {
	case len(b.notes) > 0:
		n, e = b.takeNoteLocked(), gotNote
	case b.depth > 0:
		msg, e = b.popLocked(), gotMessage
	}
	b.mu.Unlock()
	return msg, n, e
}

func (b *mailbox[M]) popLocked() M {
	var zero M
	slot := &b.ring[b.head&uint64(len(b.ring)-1)]
	msg := *slot
	*slot = zero
	if b.keys != nil {
		b.keys.forget(b.head)
	}
	b.head++
	b.depth--
	b.counts.handled++
	if w := b.waiting.first; w != nil {
		b.waiting.remove(w)
		b.pushLocked(w.msg)
		w.settle(nil)
	}
	return msg
}

// park prepares the loop's sleep. It reports false when there is something to
// do after all.
func (b *mailbox[M]) park() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.notes) > 0 || b.depth > 0 {
		return false
	}
	b.fitLocked()
	b.parked = true
	return true
}

// fitLocked halves an empty ring of which the last busy time used less than a
// quarter, so that a burst's memory is given back over a few quiet ones.
func (b *mailbox[M]) fitLocked() {
	if len(b.ring) > minRing && b.high < len(b.ring)/4 {
		b.ring = make([]M, len(b.ring)/2)
	}
	b.high = 0
}

// shutDown refuses further messages and the senders that wait.
func (b *mailbox[M]) shutDown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut = true
	for w := b.waiting.first; w != nil; w = b.waiting.first {
		b.waiting.remove(w)
		w.settle(ErrStopped)
	}
}

// dispose ends the mailbox and returns how many messages were left in it.
func (b *mailbox[M]) dispose() (left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left = b.depth
	b.gone = true
	b.notes, b.ring, b.keys = nil, nil, nil
	b.depth = 0
	return left
}

// full reports whether a message would have to wait.
func (b *mailbox[M]) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.shut && b.depth >= b.bound
}
