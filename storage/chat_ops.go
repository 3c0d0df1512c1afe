package storage

import "bytes"

// chatOp appends a text. The value was encoded by the caller's goroutine.
type chatOp struct {
	done   func(ChatRecord, error)
	record ChatRecord
	hash   []byte
	value  []byte
}

func (o *chatOp) apply(t *txn) error {
	room := roomKey(o.record.Room)
	index := join(room, o.hash)
	if first, err := t.store.chatByKey(t.tx, o.record.Room, index, t.now); err != ErrNotFound {
		o.record = first
		return err
	}
	id := newChatID(t.w.chat, t.now)
	t.w.chat = id
	t.put(bucketChat, join(room, id.key()), o.value)
	t.put(bucketChatKeys, index, id.key())
	t.put(bucketChatAges, id.key(), room)
	t.countChat(o.record.Room, room)
	if o.record.ID == "" {
		o.record.ID = id.String()
	}
	t.saw(o.record.At)
	return nil
}

func (o *chatOp) finish(err error) {
	if o.done == nil {
		return
	}
	if err != nil {
		o.record = ChatRecord{}
	}
	o.done(o.record, err)
}

// pruneRoom and pruneAge bound the deletions of one append and of one commit.
// Both are more than one, so a backlog shrinks.
const (
	pruneRoom = 4
	pruneAge  = 64
)

// countChat notes one more text of a room and deletes the oldest beyond the
// limit.
func (t *txn) countChat(name string, room []byte) {
	count, known := t.w.counts[name]
	if known {
		count++
	} else {
		count = t.scanChat(room)
	}
	for i := 0; i < pruneRoom && count > t.store.o.ChatLimit && t.err == nil; i++ {
		k, _ := t.tx.Bucket(bucketChat).Cursor().Seek(room)
		if !bytes.HasPrefix(k, room) {
			break
		}
		t.deleteChat(room, chatID(uint64Of(k[len(room):])))
		count--
	}
	if !known && len(t.w.counts) >= maxCounts {
		clear(t.w.counts) // they are counted anew when next needed
	}
	t.w.counts[name] = count
}

func (t *txn) scanChat(room []byte) int {
	n := 0
	c := t.tx.Bucket(bucketChat).Cursor()
	for k, _ := c.Seek(room); bytes.HasPrefix(k, room); k, _ = c.Next() {
		n++
	}
	return n
}

// deleteChat removes a text and what refers to it.
func (t *txn) deleteChat(room []byte, id chatID) {
	key := join(room, id.key())
	var v chatValue
	if err := t.load(bucketChat, key, &v); err == nil {
		index := join(room, v.Hash)
		if bytes.Equal(t.get(bucketChatKeys, index), id.key()) {
			t.delete(bucketChatKeys, index)
		}
	}
	t.delete(bucketChat, key)
	t.delete(bucketChatAges, id.key())
}

// pruneExpired deletes some of the texts that are too old.
func (t *txn) pruneExpired() {
	for range pruneAge {
		k, v := t.tx.Bucket(bucketChatAges).Cursor().First()
		id := chatID(uint64Of(k))
		if k == nil || !t.store.expired(id, t.now) || t.err != nil {
			return
		}
		room := join(v)
		t.deleteChat(room, id)
		if name, _, ok := roomOf(room); ok {
			if n, known := t.w.counts[name]; known {
				t.w.counts[name] = n - 1
			}
		}
	}
}
