package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// AdHoc says what becomes of a room that nobody has made before.
type AdHoc string

// Who may enter rooms that are not kept, and thereby open them.
const (
	AdHocOpen AdHoc = "open" // everybody
	AdHocKey  AdHoc = "key"  // who has a token
	AdHocOff  AdHoc = "off"  // nobody
)

// Options are what a Book is made of besides its entries. Zero fields take the
// default.
type Options struct {
	AdHoc    AdHoc            // AdHocOpen
	MaxLimit int              // the greatest Settings.Limit; 1,000
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // slog.Default
}

// Book answers who may what. It knows all entries by heart: only changes touch the
// disk. Methods may be called from any goroutine; those without a context never wait.
type Book struct {
	entries   Entries
	options   Options
	passwords *passwords
	stop      func() // of Watch
	ready     chan struct{}
	ears      ears

	mu      sync.RWMutex // guards the rest; values are never changed, only replaced
	rooms   shelf[room]
	keys    shelf[Key]
	tokens  shelf[Token]
	revoked shelf[Revocation]
	order   shelf[[]byte]
	seen    uint64 // the greatest revision that Watch has told
	isReady bool
	// moved is closed and made anew with each change.
	moved chan struct{}
}

// OpenBook returns a Book that knows all entries. It waits for that as long as ctx
// lets it. Close ends its watch.
func OpenBook(ctx context.Context, entries Entries, options Options) (*Book, error) {
	options.AdHoc = cmp.Or(options.AdHoc, AdHocOpen)
	options.MaxLimit = cmp.Or(options.MaxLimit, 1000)
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	b := &Book{
		entries: entries, options: options, passwords: newPasswords(), ready: make(chan struct{}), moved: make(chan struct{}),
		rooms:   newShelf(readRoom),
		keys:    newShelf(func(_ string, data []byte) (Key, error) { return readKey(data) }),
		tokens:  newShelf(readToken),
		revoked: newShelf(readRevocation),
		order:   newShelf(func(_ string, data []byte) ([]byte, error) { return data, nil }),
	}
	b.stop = entries.Watch(b.told)
	select {
	case <-b.ready:
		return b, nil
	case <-ctx.Done():
		b.stop()
		return nil, fmt.Errorf("read who may what: %w", ctx.Err())
	}
}

// Close ends the watch: the Book goes on answering with what it knows.
func (b *Book) Close() { b.stop() }

func (b *Book) now() time.Time { return b.options.Now() }

// told takes a change from Watch.
func (b *Book) told(c Change) {
	b.mu.Lock()
	if c.Ready {
		if !b.isReady {
			b.isReady = true
			close(b.ready)
		}
		b.mu.Unlock()
		return
	}
	b.seen = max(b.seen, c.Revision)
	changed, err := b.shelfOf(c.Kind).told(c)
	b.moveLocked()
	tell := changed && b.isReady
	b.mu.Unlock()
	if err != nil { // fail closed: see room, Authorize and readRevocation
		b.options.Log.Error("entry can not be read", "kind", c.Kind, "error", err)
	}
	if tell {
		b.announce(c.Kind, c.Key)
	}
}

// anyShelf is a shelf of whatever kind.
type anyShelf interface {
	told(c Change) (changed bool, err error)
	stored(key string, value []byte, revision, seen uint64) (changed bool)
	deleted(key string, was uint64) (changed bool)
	revision(key string) uint64
}

func (b *Book) shelfOf(kind Kind) anyShelf {
	switch kind {
	case Rooms:
		return &b.rooms
	case Keys:
		return &b.keys
	case Tokens:
		return &b.tokens
	case Revoked:
		return &b.revoked
	case Order:
		return &b.order
	}
	return noShelf{}
}

// noShelf is for kinds of a later version: they are not ours to read.
type noShelf struct{}

func (noShelf) told(Change) (bool, error)                  { return false, nil }
func (noShelf) stored(string, []byte, uint64, uint64) bool { return false }
func (noShelf) deleted(string, uint64) bool                { return false }
func (noShelf) revision(string) uint64                     { return 0 }

func (b *Book) moveLocked() {
	close(b.moved)
	b.moved = make(chan struct{})
}

// put stores an entry and knows it before it returns.
func (b *Book) put(ctx context.Context, kind Kind, key string, value []byte, was uint64) error {
	revision, err := b.entries.Put(ctx, kind, key, value, was)
	if err != nil {
		return err
	}
	b.mu.Lock()
	changed := b.shelfOf(kind).stored(key, value, revision, b.seen)
	b.moveLocked()
	b.mu.Unlock()
	if changed {
		b.announce(kind, key)
	}
	return nil
}

// remove deletes an entry and knows it before it returns.
func (b *Book) remove(ctx context.Context, kind Kind, key string, was uint64) error {
	if err := b.entries.Delete(ctx, kind, key, was); err != nil {
		return err
	}
	b.mu.Lock()
	changed := b.shelfOf(kind).deleted(key, was)
	b.moveLocked()
	b.mu.Unlock()
	if changed {
		b.announce(kind, key)
	}
	return nil
}

// maxCatchUp is how long a change waits for what another has stored meanwhile.
const maxCatchUp = 2 * time.Second

// again runs a change that looks at an entry and stores it, until nobody else has
// changed it in between.
func (b *Book) again(ctx context.Context, kind Kind, key string, change func(was uint64) error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*maxCatchUp)
	defer cancel()
	for {
		was, _ := b.revisionOf(kind, key)
		err := change(was)
		if !errors.Is(err, ErrConflict) || !b.catchUp(ctx, kind, key, was) {
			return err
		}
	}
}

func (b *Book) revisionOf(kind Kind, key string) (revision uint64, moved <-chan struct{}) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.shelfOf(kind).revision(key), b.moved
}

// catchUp waits until the revision of an entry is not was any more.
func (b *Book) catchUp(ctx context.Context, kind Kind, key string, was uint64) bool {
	ctx, cancel := context.WithTimeout(ctx, maxCatchUp)
	defer cancel()
	for {
		revision, moved := b.revisionOf(kind, key)
		if revision != was {
			return true
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}
