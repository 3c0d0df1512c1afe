package storage

import (
	"slices"
	"sync"
	"time"
)

// chatHash stands for a client's identity and key, see keyHash.
type chatHash [16]byte

// chatIndex knows which keys the rooms that were written to lately have seen. It
// saves an index on disk: keys are random, so under load each commit would have
// to write most of that index's pages, and a sync takes longer the more pages
// it has to write.
//
// The writer changes it as it applies writes, so it can be ahead of the disk by
// one commit; a reader who follows it finds nothing there yet.
type chatIndex struct {
	mu    sync.Mutex // guards rooms, what they point to, and texts
	rooms map[string]*roomChat
	texts int // in all rooms
}

// roomChat are the texts of a room that are on disk, oldest first.
type roomChat struct {
	texts    []chatText
	byHash   map[chatHash]chatID // the latest text of a key
	bytes    int64               // of all texts
	bySource map[sourceMark]int64
}

// chatText is what the index knows of a text.
type chatText struct {
	id     chatID
	hash   chatHash
	size   uint32 // of its value
	source sourceMark
}

func newChatText(id chatID, value []byte) chatText {
	return chatText{id, hashOf(value), uint32(len(value)), markIn(value)}
}

// maxIndexed bounds the texts of all indexed rooms together; one takes about 90
// bytes. The room being written to is always indexed.
const maxIndexed = 400_000

// retention is what is still shown: the last limit texts not stored before oldest.
type retention struct {
	limit  int
	oldest chatID
}

func (s *Store) retention(now time.Time) retention {
	oldest := max(now.Add(-s.o.ChatAge).UnixMilli(), 0)
	return retention{limit: s.o.ChatLimit, oldest: chatID(oldest) << 16}
}

// has reports whether the room is indexed.
func (x *chatIndex) has(room string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.rooms[room] != nil
}

// put indexes a room with what is on disk, at the expense of others.
func (x *chatIndex) put(room string, texts []chatText) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for other, r := range x.rooms {
		if x.texts+len(texts) <= maxIndexed {
			break
		}
		x.texts -= len(r.texts)
		delete(x.rooms, other)
	}
	r := &roomChat{
		texts: texts, byHash: make(map[chatHash]chatID, len(texts)), bySource: make(map[sourceMark]int64),
	}
	for _, t := range texts {
		r.byHash[t.hash] = t.id
		r.countText(t, 1)
	}
	if x.rooms == nil {
		x.rooms = make(map[string]*roomChat)
	}
	x.rooms[room] = r
	x.texts += len(texts)
}

// clear forgets all rooms; they are indexed again when they are next written to.
func (x *chatIndex) clear() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.rooms)
	x.texts = 0
}

// add notes a new text of an indexed room.
func (x *chatIndex) add(room string, t chatText) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	r.texts = append(r.texts, t)
	r.byHash[t.hash] = t.id
	r.countText(t, 1)
	x.texts++
}

// count returns how many texts an indexed room has, 0 for one that is not.
func (x *chatIndex) count(room string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	if r == nil {
		return 0
	}
	return len(r.texts)
}

// first returns the id of an indexed room's oldest text, 0 for a room that is not.
func (x *chatIndex) first(room string) chatID {
	if texts := x.oldest(room, 1); len(texts) > 0 {
		return texts[0].id
	}
	return 0
}

// oldest returns up to n texts of an indexed room, none of one that is not.
func (x *chatIndex) oldest(room string, n int) []chatText {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	if r == nil {
		return nil
	}
	return slices.Clone(r.texts[:min(n, len(r.texts))])
}

// drop forgets a text that was the room's oldest; of a room that is not indexed,
// or another text, it takes no notice.
func (x *chatIndex) drop(room string, id chatID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	if r == nil || len(r.texts) == 0 || r.texts[0].id != id {
		return
	}
	if hash := r.texts[0].hash; r.byHash[hash] == id {
		delete(r.byHash, hash)
	}
	r.countText(r.texts[0], -1)
	r.texts = r.texts[1:]
	x.texts--
}

// find returns the text of a key that is still shown, 0 if there is none. known
// is false for a room that is not indexed.
func (x *chatIndex) find(room string, hash chatHash, keep retention) (id chatID, known bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rooms[room]
	if r == nil {
		return 0, false
	}
	id = r.byHash[hash]
	if id < keep.oldest {
		return 0, true
	}
	if beyond := len(r.texts) - keep.limit; beyond > 0 && id < r.texts[beyond].id {
		return 0, true
	}
	return id, true
}
