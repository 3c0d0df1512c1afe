package storage

import (
	"bytes"

	bolt "go.etcd.io/bbolt"
)

// chatOp appends a text. The value was encoded by the caller's goroutine.
type chatOp struct {
	done   func(ChatRecord, error)
	record ChatRecord
	hash   chatHash
	value  []byte
}

func (o *chatOp) apply(t *txn) error {
	name, room := o.record.Room, roomKey(o.record.Room)
	index := &t.store.index
	if !index.has(name) {
		index.put(name, roomTexts(t.tx, room))
	}
	if first, _ := index.find(name, o.hash, t.store.retention(t.now)); first != 0 {
		record, err := decodeChat(name, first, t.get(bucketChat, join(room, first.key())))
		if err == nil {
			o.record = record
		}
		return err
	}
	id := newChatID(t.w.chat, t.now)
	t.w.chat = id
	t.put(bucketChat, join(room, id.key()), o.value)
	if count := index.add(name, chatText{id, o.hash}); count > t.store.o.ChatLimit+pruneRoom {
		t.pruneRoom(name, room, count-t.store.o.ChatLimit)
	}
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

// Texts beyond the limit are not shown any more, and deleted pruneRoom at a time,
// since each deletion makes the commit write the room's first page as well. At
// most twice that are deleted with one append.
const pruneRoom = 32

// roomTexts lists what a room has on disk.
func roomTexts(tx *bolt.Tx, room []byte) []chatText {
	var texts []chatText
	c := tx.Bucket(bucketChat).Cursor()
	for k, v := c.Seek(room); bytes.HasPrefix(k, room); k, v = c.Next() {
		texts = append(texts, chatText{chatID(uint64Of(k[len(room):])), hashOf(v)})
	}
	return texts
}

// pruneRoom deletes an indexed room's oldest texts.
func (t *txn) pruneRoom(name string, room []byte, surplus int) {
	for _, text := range t.store.index.oldest(name, min(surplus, 2*pruneRoom)) {
		t.delete(bucketChat, join(room, text.id.key()))
		t.store.index.drop(name, text.id)
	}
}
