package access

import (
	"maps"
	"slices"
	"sync"
)

// ears are who is told of changes.
type ears struct {
	mu      sync.Mutex // guards the rest
	next    int
	changed map[int]func(room string)
	revoked map[int]func(Match)
}

// OnChanged calls heard with the key of a room whenever its settings have changed,
// until stop. heard is called by whoever made the change, of several goroutines, and
// must not block; it looks by itself at what there is now (Room, Review), so order
// does not matter.
func (b *Book) OnChanged(heard func(room string)) (stop func()) {
	return listen(&b.ears, func(e *ears) *map[int]func(string) { return &e.changed }, heard)
}

// OnRevoked calls heard whenever something was revoked, until stop, as OnChanged
// does. Whose grant matches must go.
func (b *Book) OnRevoked(heard func(Match)) (stop func()) {
	return listen(&b.ears, func(e *ears) *map[int]func(Match) { return &e.revoked }, heard)
}

func listen[F any](e *ears, of func(*ears) *map[int]F, heard F) (stop func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := of(e)
	if *all == nil {
		*all = map[int]F{}
	}
	e.next++
	id := e.next
	(*all)[id] = heard
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(*of(e), id)
	}
}

// announce tells of a change, without any lock.
func (b *Book) announce(kind Kind, key string) {
	b.ears.mu.Lock()
	changed := slices.Collect(maps.Values(b.ears.changed))
	revoked := slices.Collect(maps.Values(b.ears.revoked))
	b.ears.mu.Unlock()
	switch kind {
	case Rooms:
		for _, heard := range changed {
			heard(key)
		}
	case Revoked:
		b.mu.RLock()
		r, _ := b.revoked.get(key)
		b.mu.RUnlock()
		if r == nil {
			return
		}
		for _, heard := range revoked {
			heard(r.match)
		}
	}
}
