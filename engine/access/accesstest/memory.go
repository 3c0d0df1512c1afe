// Package accesstest has the in-memory twin of the storage behind package access,
// which can be slow and fail as a disk does.
package accesstest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"parley/engine/access"
)

// Memory is access.Entries without a disk. Fields are set before it is used.
type Memory struct {
	// Delay is how long a change takes, and TellAfter how much later a Watch hears of
	// it. With neither, Watch hears before the change returns.
	Delay, TellAfter time.Duration
	// Fail, if not nil, is asked before each change: an error that it returns is the
	// outcome, and nothing is stored, but with access.ErrUnknown, where it is.
	Fail func(kind access.Kind, key string) error

	mu       sync.Mutex // guards the rest
	entries  map[id]access.Change
	counts   map[access.Kind]int
	revision uint64
	watchers map[*watcher]bool
	changes  int // asked for, whatever became of them
}

type id struct {
	kind access.Kind
	key  string
}

var _ access.Entries = (*Memory)(nil)

// Changes returns how often something was to be changed.
func (m *Memory) Changes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changes
}

// Put implements access.Entries.
func (m *Memory) Put(ctx context.Context, kind access.Kind, key string, value []byte, was uint64) (uint64, error) {
	if value == nil {
		value = []byte{}
	}
	return m.change(ctx, access.Change{Kind: kind, Key: key, Value: slices.Clone(value)}, was)
}

// Delete implements access.Entries.
func (m *Memory) Delete(ctx context.Context, kind access.Kind, key string, was uint64) error {
	_, err := m.change(ctx, access.Change{Kind: kind, Key: key}, was)
	return err
}

func (m *Memory) change(ctx context.Context, c access.Change, was uint64) (uint64, error) {
	if err := m.wait(ctx); err != nil {
		return 0, err
	}
	var told error
	if m.Fail != nil {
		told = m.Fail(c.Kind, c.Key)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	if told != nil && told != access.ErrUnknown {
		return 0, told
	}
	if err := m.checkLocked(c, was); err != nil {
		return 0, err
	}
	m.revision++
	c.Revision = m.revision
	m.keepLocked(c)
	for w := range m.watchers {
		w.hear(c, m.TellAfter)
	}
	return c.Revision, told
}

func (m *Memory) wait(ctx context.Context) error {
	if m.Delay <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(m.Delay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Memory) checkLocked(c access.Change, was uint64) error {
	is := m.entries[id{c.Kind, c.Key}].Revision
	switch {
	case len(c.Key) > access.MaxEntryKey || len(c.Value) > access.MaxValue:
		return access.ErrTooLarge
	case is != was || c.Value == nil && is == 0:
		return access.ErrConflict
	case is == 0 && m.counts[c.Kind] >= access.MaxEntries:
		return access.ErrTooMany
	}
	return nil
}

func (m *Memory) keepLocked(c access.Change) {
	if m.entries == nil {
		m.entries, m.counts = map[id]access.Change{}, map[access.Kind]int{}
	}
	at := id{c.Kind, c.Key}
	if _, there := m.entries[at]; there {
		m.counts[c.Kind]--
	}
	delete(m.entries, at)
	if c.Value != nil {
		m.entries[at] = c
		m.counts[c.Kind]++
	}
}

// Watch implements access.Entries.
func (m *Memory) Watch(on func(access.Change)) (stop func()) {
	w := &watcher{on: on}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.watchers == nil {
		m.watchers = map[*watcher]bool{}
	}
	all := make([]access.Change, 0, len(m.entries))
	for _, c := range m.entries {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b access.Change) int { return cmp.Compare(a.Revision, b.Revision) })
	for _, c := range all {
		w.hear(c, 0)
	}
	w.hear(access.Change{Ready: true}, 0)
	m.watchers[w] = true
	return func() {
		m.mu.Lock()
		delete(m.watchers, w)
		m.mu.Unlock()
		w.end()
	}
}

// watcher tells changes in their order, one at a time.
type watcher struct {
	on func(access.Change)

	mu    sync.Mutex // guards the rest, and is held while on is called
	queue []access.Change
	over  bool
}

// hear tells a change, later if it is to be late: all that came before is told with
// it.
func (w *watcher) hear(c access.Change, after time.Duration) {
	w.mu.Lock()
	w.queue = append(w.queue, c)
	w.mu.Unlock()
	if after <= 0 {
		w.tell()
		return
	}
	time.AfterFunc(after, w.tell)
}

func (w *watcher) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 && !w.over {
		c := w.queue[0]
		w.queue = w.queue[1:]
		w.on(c)
	}
}

func (w *watcher) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}
