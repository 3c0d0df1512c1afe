package storage

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
)

// Entries are small records by kind and key: the settings of rooms, keys of programs,
// what is revoked. They are written rarely and kept until they are deleted; who reads
// them often keeps them in memory, by WatchEntries. Each has a revision, a number that
// grows with every change of any entry of the store, so that who changes an entry says
// which one it has seen.

// Change is an entry as it is after a change.
type Change struct {
	Kind, Key string
	// Value is nil for an entry that was deleted. It is only read.
	Value []byte
	// Revision is that of the change, also of one that deletes.
	Revision uint64
	// Ready: all there was has been told. Nothing else is set.
	Ready bool
}

// Bounds of entries, in bytes unless the name says otherwise; ErrInvalid beyond.
const (
	MaxKind     = 32 // and only small letters and _
	MaxEntryKey = 256
	MaxValue    = 64 << 10
	MaxEntries  = 20_000 // of a kind; ErrTooMany beyond
)

// PutEntry stores value, which the caller does not change any more, if the entry's
// revision is still was, 0 for one that is not there. It waits until that is on disk
// and returns the new revision. Errors: ErrConflict, with which revision is the one
// that the entry has; ErrTooMany; ErrUnknown if ctx ends meanwhile; and those of all
// writes.
func (s *Store) PutEntry(ctx context.Context, kind, key string, value []byte, was uint64) (revision uint64, err error) {
	if err := check("value", string(value), 0, MaxValue); err != nil {
		return 0, err
	}
	return waitEntry(ctx, func(done func(uint64, error)) error {
		return s.submitEntry(Change{Kind: kind, Key: key, Value: append([]byte{}, value...)}, was, done)
	})
}

// DeleteEntry removes an entry if its revision is still was, as PutEntry stores one.
// One that is not there is ErrConflict.
func (s *Store) DeleteEntry(ctx context.Context, kind, key string, was uint64) error {
	_, err := waitEntry(ctx, func(done func(uint64, error)) error {
		return s.submitEntry(Change{Kind: kind, Key: key}, was, done)
	})
	return err
}

// waitEntry waits for a change of an entry, as long as ctx allows.
func waitEntry(ctx context.Context, change func(done func(uint64, error)) error) (revision uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	type outcome struct {
		revision uint64
		err      error
	}
	result := make(chan outcome, 1)
	if err := change(func(revision uint64, err error) { result <- outcome{revision, err} }); err != nil {
		return 0, err
	}
	select {
	case o := <-result:
		return o.revision, o.err
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
}

// submitEntry queues a change; its revision is set when it is stored.
func (s *Store) submitEntry(c Change, was uint64, done func(revision uint64, err error)) error {
	if err := checkKind(c.Kind); err != nil {
		return err
	}
	if err := check("key", c.Key, 1, MaxEntryKey); err != nil {
		return err
	}
	o := &entryOp{store: s, change: c, was: was, done: done}
	if s.values.Add(o.size()) > maxValues {
		s.values.Add(-o.size())
		s.totals.refused.Add(1)
		return ErrBusy
	}
	err := s.submit(o)
	if err != nil {
		s.values.Add(-o.size())
	}
	return err
}

// maxValues is how many bytes of values may wait for their commit: while the disk
// fails that may take long.
const maxValues = 64 << 20

func checkKind(kind string) error {
	if err := check("kind", kind, 1, MaxKind); err != nil {
		return err
	}
	for _, c := range []byte(kind) {
		if (c < 'a' || c > 'z') && c != '_' {
			return fmt.Errorf("%w: kind %q", ErrInvalid, kind)
		}
	}
	return nil
}

// entryOp changes an entry.
type entryOp struct {
	store  *Store
	change Change
	was    uint64
	is     uint64 // with ErrConflict
	done   func(revision uint64, err error)
}

func (o *entryOp) size() int64 { return int64(len(o.change.Value)) }

func (o *entryOp) apply(t *txn) error {
	c := &o.change
	key := entryKey(c.Kind, c.Key)
	is, err := t.revisionOf(key)
	if err != nil {
		return err
	}
	if is != o.was || is == 0 && c.Value == nil {
		o.is = is
		return fmt.Errorf("%w: %s has revision %d, not %d", ErrConflict, c.Kind, is, o.was)
	}
	if is == 0 && t.w.entries[c.Kind] >= MaxEntries {
		return fmt.Errorf("%w: %d %s", ErrTooMany, MaxEntries, c.Kind)
	}
	t.w.revision++
	c.Revision = t.w.revision
	switch {
	case c.Value == nil:
		t.delete(bucketEntries, key)
		t.w.countEntry(c.Kind, -1)
	case is == 0:
		t.w.countEntry(c.Kind, 1)
		fallthrough
	default:
		t.put(bucketEntries, key, seal(key, entryValue(c.Revision, c.Value)))
	}
	return nil
}

// finish tells those who watch before the caller: who was told that a change is
// stored finds it everywhere soon.
func (o *entryOp) finish(err error) {
	o.store.values.Add(-o.size())
	if err != nil {
		o.done(o.is, err)
		return
	}
	o.store.watchers.hear(o.change)
	o.done(o.change.Revision, nil)
}

// countEntry counts an entry of a kind. The counts of before are another try's as
// well, and stay as they are.
func (w *writerState) countEntry(kind string, by int) {
	entries := maps.Clone(w.entries)
	if entries == nil {
		entries = make(map[string]int)
	}
	entries[kind] += by
	w.entries = entries
}

// revisionOf returns an entry's revision, 0 if there is none.
func (t *txn) revisionOf(key []byte) (uint64, error) {
	stored := t.get(bucketEntries, key)
	if stored == nil {
		return 0, nil
	}
	revision, _, err := decodeEntry(key, stored)
	return revision, err
}

// entryKey is what an entry is stored below. No kind is a prefix of another's.
func entryKey(kind, key string) []byte { return append(roomKey(kind), key...) }

// entryOf is the reverse of entryKey.
func entryOf(stored []byte) (kind, key string, ok bool) {
	kind, rest, ok := roomOf(stored)
	return kind, string(rest), ok && len(rest) > 0 && checkKind(kind) == nil
}

func entryValue(revision uint64, value []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), revision), value...)
}

// decodeEntry reads a stored entry. The value is a copy.
func decodeEntry(key, stored []byte) (revision uint64, value []byte, err error) {
	plain, err := unseal(key, stored, alwaysSealed)
	if err != nil {
		return 0, nil, err
	}
	revision, value, err = splitEntry(plain)
	return revision, append([]byte{}, value...), err
}

// splitEntry is the reverse of entryValue. value is a part of plain.
func splitEntry(plain []byte) (revision uint64, value []byte, err error) {
	if len(plain) < 8 || binary.BigEndian.Uint64(plain) == 0 {
		return 0, nil, fmt.Errorf("%w: an entry without a revision", ErrNotAStore)
	}
	return binary.BigEndian.Uint64(plain), plain[8:], nil
}
