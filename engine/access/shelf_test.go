package access

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestShelfWhateverComesFirst: a history of one store reaches the shelf by Watch, in
// order and perhaps with only the last of a key, and by what the Book itself has
// stored, late or early. At the end the shelf is what the store is; and what the Book
// has deleted it never sees again before somebody stores it anew.
func TestShelfWhateverComesFirst(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 5))
		h := makeHistory(r)
		s := newShelf(func(_ string, data []byte) (string, error) { return string(data), nil })
		h.play(t, r, &s)
		for key := range 3 {
			want := h.is[fmt.Sprint(key)]
			got, there := s.get(fmt.Sprint(key))
			if there != (want.Value != nil) || there && *got != string(want.Value) {
				t.Fatalf("seed %d: key %d is %v, want %s", seed, key, got, want.Value)
			}
		}
		for key, it := range s.items {
			if it.gone {
				t.Fatalf("seed %d: %s is remembered as deleted for ever", seed, key)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// history is what was stored, in order. own are those changes that the Book made.
type history struct {
	all []Change
	was []uint64 // of deletions
	own []bool
	is  map[string]Change
}

func makeHistory(r *rand.Rand) history {
	h := history{is: map[string]Change{}}
	for revision := uint64(1); revision <= 12; revision++ {
		c := Change{Key: fmt.Sprint(r.IntN(3)), Revision: revision}
		is := h.is[c.Key]
		if is.Value == nil || r.IntN(3) > 0 {
			c.Value = fmt.Appendf(nil, "v%d", revision)
		}
		h.all, h.was, h.own = append(h.all, c), append(h.was, is.Revision), append(h.own, r.IntN(2) == 0)
		h.is[c.Key] = c
	}
	return h
}

// play tells the shelf all of Watch in order, and the own changes in their order at
// some time after they were stored, Watch being behind or ahead.
func (h *history) play(t *testing.T, r *rand.Rand, s *shelf[string]) {
	told, own, seen := 0, 0, uint64(0)
	for told < len(h.all) || own < len(h.all) {
		if own < len(h.all) && (told == len(h.all) || r.IntN(2) == 0) {
			if c := h.all[own]; h.own[own] {
				if c.Value != nil {
					s.stored(c.Key, c.Value, c.Revision, seen)
				} else {
					s.deleted(c.Key, h.was[own])
				}
				if it, known := s.items[c.Key]; c.Value == nil && known && !it.gone && it.revision < c.Revision {
					t.Errorf("deleted by revision %d, and still there as of %d", c.Revision, it.revision)
				}
			}
			own++
			continue
		}
		if told == len(h.all) {
			continue
		}
		c := h.all[told]
		told++
		if h.superseded(told, c.Key) && r.IntN(2) == 0 {
			continue // Watch tells the last one only
		}
		_, _ = s.told(c)
		seen = max(seen, c.Revision)
	}
}

func (h *history) superseded(from int, key string) bool {
	for _, c := range h.all[from:] {
		if c.Key == key {
			return true
		}
	}
	return false
}

// TestShelfAfterOwnDeletion: what Watch still has to tell of before is not seen.
func TestShelfAfterOwnDeletion(t *testing.T) {
	s := newShelf(func(_ string, data []byte) (string, error) { return string(data), nil })
	s.stored("k", []byte("old"), 5, 0)
	if !s.deleted("k", 5) {
		t.Error("deleting changed nothing")
	}
	for _, c := range []Change{{Key: "k", Value: []byte("older"), Revision: 4}, {Key: "k", Value: []byte("old"), Revision: 5}} {
		if changed, _ := s.told(c); changed {
			t.Errorf("revision %d came back", c.Revision)
		}
	}
	if _, there := s.get("k"); there || s.revision("k") != 0 {
		t.Error("there again")
	}
	if changed, _ := s.told(Change{Key: "k", Revision: 6}); changed || len(s.items) != 0 {
		t.Errorf("told of the deletion: changed %v, %d items", changed, len(s.items))
	}
	if s.stored("k", []byte("old"), 5, 6) {
		t.Error("what Watch has passed came back")
	}
}
