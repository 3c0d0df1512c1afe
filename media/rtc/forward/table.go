package forward

import (
	"cmp"
	"slices"
)

// table is a track's forwarding table: the streams that carry it. It is
// immutable: workers load it for each layer of a batch, control replaces it; no stream
// is in two tables within one batch (see quiesce). The streams are in the order of
// their exits, see forwardAbreast.
type table struct {
	streams []*stream
}

// link adds st to the track's table. It does nothing for a closed track.
func (t *track) link(st *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	old := t.table.Load().streams
	i, _ := slices.BinarySearchFunc(old, st.order+1, func(s *stream, order uint64) int { return cmp.Compare(s.order, order) })
	next := make([]*stream, 0, len(old)+1)
	next = append(append(next, old[:i]...), st)
	t.table.Store(&table{streams: append(next, old[i:]...)})
	t.wake()
}

// unlink takes st out of the track's table. Workers may go on using it until
// the end of their batch.
func (t *track) unlink(st *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.table.Load().streams
	i := slices.Index(old, st)
	if i < 0 {
		return
	}
	next := make([]*stream, 0, len(old)-1)
	next = append(next, old[:i]...)
	t.table.Store(&table{streams: append(next, old[i+1:]...)})
}

// close empties the table for good.
func (t *track) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.table.Store(&table{})
}

// wake makes the owner look at the table at once: a new subscriber wants a
// key frame.
func (t *track) wake() {
	t.from.post(command{kind: cmdTable, track: t})
}
