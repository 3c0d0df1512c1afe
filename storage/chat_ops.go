package storage

import "bytes"

// chatOp appends a text, if the quotas allow it. The value was encoded by the caller's goroutine.
type chatOp struct {
	done   func(ChatRecord, error)
	record ChatRecord
	hash   chatHash
	value  []byte // with room for its checksum behind it
	// What done gets: the record that was stored first under the key, or the id.
	first *ChatRecord
	id    string
}

func (o *chatOp) apply(t *txn) error {
	name, room := o.record.Room, roomKey(o.record.Room)
	index := &t.store.index
	o.first, o.id = nil, o.record.ID // it may be the second try
	if !index.has(name) {
		index.put(name, t.roomTexts(name, room))
	}
	keep := t.store.retention(t.now)
	if first, _ := index.find(name, o.hash, keep); first != 0 {
		record, err := decodeChat(name, first, t.text(name, room, first))
		if err == nil {
			o.first = &record
		}
		return err
	}
	if t.noTexts != nil {
		return t.noTexts
	}
	id := newChatID(t.w.chat, t.now)
	value := sealText(room, id, o.value) // in its own room: the try before is forgotten
	text := newChatText(id, value)
	all, source := index.used(name, text.source, keep)
	if err := t.store.o.quota().check(text, all, source); err != nil {
		return err
	}
	t.w.chat = id
	index.add(name, text)
	if t.tx.Writable() {
		t.put(bucketChat, join(room, id.key()), value)
		t.pruneRoom(name, room, 1)
	} else {
		t.store.journal.add(room, id, value)
		t.store.fresh.add(name, freshText{id, value})
	}
	if o.id == "" {
		o.id = id.String()
	}
	t.saw(o.record.At)
	return nil
}

func (o *chatOp) finish(err error) {
	if o.done == nil {
		return
	}
	record := o.record
	switch {
	case err != nil:
		record = ChatRecord{}
	case o.first != nil:
		record = *o.first
	default:
		record.ID = o.id
	}
	o.done(record, err)
}

// Texts beyond the limit are not shown any more, and deleted pruneRoom at a time,
// since each deletion makes the commit write the room's first page as well. At
// most twice that are deleted for each new one.
const pruneRoom = 32

// pruneRoom deletes an indexed room's oldest texts if there are enough beyond the
// limit; added are new.
func (t *txn) pruneRoom(name string, room []byte, added int) {
	index := &t.store.index
	surplus := index.count(name) - t.store.o.ChatLimit
	if surplus <= pruneRoom {
		return
	}
	for _, text := range index.oldest(name, min(surplus, 2*pruneRoom*added)) {
		t.delete(bucketChat, join(room, text.id.key()))
		index.drop(name, text.id)
	}
}

// roomTexts lists what a room has on disk, and what this transaction adds.
func (t *txn) roomTexts(name string, room []byte) []chatText {
	var texts []chatText
	c := t.tx.Bucket(bucketChat).Cursor()
	for k, v := c.Seek(room); bytes.HasPrefix(k, room); k, v = c.Next() {
		texts = append(texts, newChatText(chatID(uint64Of(k[len(room):])), v))
	}
	if !t.tx.Writable() {
		for _, text := range t.store.fresh.all(name) {
			texts = append(texts, newChatText(text.id, text.value))
		}
	}
	return texts
}

// text returns a stored text's value, nil if there is none.
func (t *txn) text(name string, room []byte, id chatID) []byte {
	if !t.tx.Writable() {
		if value := findFresh(t.store.fresh.all(name), id); value != nil {
			return value
		}
	}
	return t.get(bucketChat, join(room, id.key()))
}

// moveFresh puts the journal's texts. It prunes before, so that of many texts in a
// room only those that are still shown are put at all.
func (t *txn) moveFresh() {
	for name, texts := range t.store.fresh.rooms { // only the writer changes it
		room := roomKey(name)
		t.pruneRoom(name, room, len(texts))
		kept := t.store.index.first(name)
		for _, text := range texts {
			if text.id >= kept {
				t.put(bucketChat, join(room, text.id.key()), text.value)
			}
		}
	}
}
