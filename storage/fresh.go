package storage

import (
	"cmp"
	"slices"
	"sync"
)

// fresh are the texts that are in the journal and not yet in parley.db, so that
// reads find them there as well. The journal's size bounds them. The writer adds a
// text before its commit; readers see it after.
type fresh struct {
	mu      sync.Mutex // guards rooms and durable
	rooms   map[string][]freshText
	durable chatID // the latest that a commit has brought to the disk
}

// freshText is a text and its id. A room's are in the order of their ids.
type freshText struct {
	id    chatID
	value []byte
}

func (f *fresh) add(room string, t freshText) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rooms == nil {
		f.rooms = make(map[string][]freshText)
	}
	f.rooms[room] = append(f.rooms[room], t)
}

// committed shows readers all texts up to id.
func (f *fresh) committed(id chatID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable = id
}

// clear forgets all: they are in parley.db.
func (f *fresh) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rooms = nil
}

// rollBack forgets the texts of a commit that failed.
func (f *fresh) rollBack() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for room, texts := range f.rooms {
		n, _ := slices.BinarySearchFunc(texts, f.durable+1, freshText.compare)
		f.rooms[room] = texts[:n]
	}
}

// of returns a room's texts that are on disk, oldest first. A reader asks for them
// before it begins its transaction: what is then moved it finds twice and not
// never.
func (f *fresh) of(room string) []freshText {
	f.mu.Lock()
	defer f.mu.Unlock()
	texts := f.rooms[room]
	n, _ := slices.BinarySearchFunc(texts, f.durable+1, freshText.compare)
	return texts[:n]
}

// all returns a room's texts, those of the running commit included. For the writer.
func (f *fresh) all(room string) []freshText {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rooms[room]
}

// compare orders texts by id.
func (t freshText) compare(id chatID) int { return cmp.Compare(t.id, id) }

// findFresh returns the value of the text with that id, nil if there is none.
func findFresh(texts []freshText, id chatID) []byte {
	i, found := slices.BinarySearchFunc(texts, id, freshText.compare)
	if !found {
		return nil
	}
	return texts[i].value
}
