package storage

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// WatchEntries calls on with all entries there are, then with Ready, then with each
// change in the order in which they were stored, until stop or Close. Of several
// changes of one entry that on has not kept up with, it gets the last. An entry that
// is damaged has revision 0 and an empty value. on is called on one goroutine and
// must not call stop or Close, which wait until it has returned; writes do not wait
// for it. While the disk fails, Ready may come late.
func (s *Store) WatchEntries(on func(Change)) (stop func()) {
	w := &watcher{
		on: on, wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
		pending: make(map[entryID]Change),
	}
	if !s.watchers.add(w, func() { w.run(s) }) {
		return func() {}
	}
	var once sync.Once
	return func() {
		once.Do(func() { close(w.stop) })
		<-w.ended
	}
}

// watchers are those who want to know of changes. The writer tells them.
type watchers struct {
	mu      sync.Mutex // guards all and closing
	all     map[*watcher]bool
	closing bool
	closed  chan struct{} // closed when no change comes any more
	running sync.WaitGroup
}

// add begins to tell w, unless the store is closed, on a goroutine that ends with
// its stop or with close.
func (ws *watchers) add(w *watcher, run func()) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.closing {
		return false
	}
	ws.all[w] = true
	ws.running.Go(func() {
		defer close(w.ended)
		run()
		ws.mu.Lock()
		defer ws.mu.Unlock()
		delete(ws.all, w)
	})
	return true
}

// hear takes a change that is on disk.
func (ws *watchers) hear(c Change) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.hear(c)
	}
}

// close lets all end when they have told what is there, and waits for that.
func (ws *watchers) close() {
	ws.mu.Lock()
	ws.closing = true
	close(ws.closed)
	ws.mu.Unlock()
	ws.running.Wait()
}

// entryID names an entry.
type entryID struct{ kind, key string }

// watcher tells one who watches. What it has not told yet is at most one change of
// each entry, however slow that one is.
type watcher struct {
	on    func(Change)
	wake  chan struct{} // something is pending
	stop  chan struct{} // closed when it is to end
	ended chan struct{} // closed when it has

	mu      sync.Mutex // guards pending
	pending map[entryID]Change
}

func (w *watcher) hear(c Change) {
	w.mu.Lock()
	w.pending[entryID{c.Kind, c.Key}] = c
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run tells what there is and what comes. It is told of changes since before it
// reads: what it has read already it leaves out.
func (w *watcher) run(s *Store) {
	all, revision, ok := w.read(s)
	if !ok || !w.tell(append(all, Change{Ready: true})) {
		return
	}
	for last := false; !last; {
		select {
		case <-w.stop:
			return
		case <-w.wake:
		case <-s.watchers.closed:
			last = true
		}
		if !w.tell(w.take(revision)) {
			return
		}
	}
}

// tell calls on, and reports whether it may be called again.
func (w *watcher) tell(changes []Change) bool {
	for _, c := range changes {
		select {
		case <-w.stop:
			return false
		default:
			w.on(c)
		}
	}
	return true
}

// take returns what is pending after a revision, in order.
func (w *watcher) take(after uint64) []Change {
	w.mu.Lock()
	changes := w.pending
	w.pending = make(map[entryID]Change)
	w.mu.Unlock()
	maps.DeleteFunc(changes, func(_ entryID, c Change) bool { return c.Revision <= after })
	return slices.SortedFunc(maps.Values(changes), byRevision)
}

func byRevision(a, b Change) int { return cmp.Compare(a.Revision, b.Revision) }

// read reads all entries, again and again while the disk does not give them.
func (w *watcher) read(s *Store) (all []Change, revision uint64, ok bool) {
	said := false
	for {
		all, revision, err := s.entries()
		if err == nil || errors.Is(err, ErrClosed) {
			return all, revision, err == nil
		}
		if !said {
			s.o.Log.Error("entries can not be read", "error", err.Error())
			said = true
		}
		select {
		case <-w.stop:
			return nil, 0, false
		case <-s.watchers.closed:
			return nil, 0, false
		case <-time.After(4 * s.o.retry):
		}
	}
}

// entries returns all entries in the order of their revisions, and the latest that
// any has had.
func (s *Store) entries() (all []Change, revision uint64, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		all, revision = nil, uint64Of(tx.Bucket(bucketMeta).Get(keyRevision))
		return tx.Bucket(bucketEntries).ForEach(func(k, v []byte) error {
			kind, key, ok := entryOf(k)
			if !ok {
				return nil // no entry of anybody's; Check says it
			}
			c := Change{Kind: kind, Key: key, Value: []byte{}}
			if number, value, err := decodeEntry(k, v); err == nil {
				c.Revision, c.Value = number, value
			}
			all = append(all, c)
			return nil
		})
	})
	slices.SortStableFunc(all, byRevision)
	return all, revision, err
}
