package access

import "context"

// Kind is what an entry is about.
type Kind string

// The kinds of entries, and what their keys are.
const (
	Rooms   Kind = "rooms"   // Settings of kept rooms, by the room's key
	Keys    Kind = "keys"    // API keys, by id
	Tokens  Kind = "tokens"  // what is known of tokens that this server made, by id
	Revoked Kind = "revoked" // revocations, by "jti:…", "user:…" or "key:…"
	Order   Kind = "order"   // what a running meeting has decided, by the room's key; the engine's
)

// Bounds of entries. Bytes unless the name says otherwise.
const (
	MaxEntryKey = 256
	MaxValue    = 64 << 10
	MaxEntries  = 20_000 // of a kind
)

// Entries keeps small records by kind and key, with a revision each. They are
// written rarely; who reads them often keeps them in memory, by Watch. A bucket of
// JetStream's key values has the same shape. Methods may be called from any
// goroutine.
type Entries interface {
	// Put stores value, which the caller does not change any more, if the entry's
	// revision is still was, 0 for one that is not there. It returns when that is on
	// disk, with the new revision, which is greater than all before in this store; or
	// with an error: ErrConflict, ErrTooMany, ErrTooLarge, ErrUnknown, ctx's or the
	// store's.
	Put(ctx context.Context, kind Kind, key string, value []byte, was uint64) (revision uint64, err error)
	// Delete removes an entry whose revision is still was. It takes a revision as Put
	// does, which the change that Watch tells has.
	Delete(ctx context.Context, kind Kind, key string, was uint64) error
	// Watch calls on with all there is, then with Ready, then with each change in
	// the order in which they were stored, until stop, after which on is not called
	// any more. Of several changes of one key the last is enough. on is called from
	// one goroutine at a time and does not block; who writes does not wait for it.
	Watch(on func(Change)) (stop func())
}

// Change is an entry as it is now.
type Change struct {
	Kind Kind
	Key  string
	// Value is nil for an entry that was deleted. It belongs to nobody: it is only read.
	Value    []byte
	Revision uint64
	// Ready: all there was has been told. Nothing else is set.
	Ready bool
}
