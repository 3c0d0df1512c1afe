package storage

import (
	"bytes"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// ChatHistory returns the last texts of a room that are not too old, the oldest
// first. limit is at most Options.ChatLimit; 0 means that.
func (s *Store) ChatHistory(room string, limit int) ([]ChatRecord, error) {
	if err := check("room", room, 1, MaxRoom); err != nil {
		return nil, err
	}
	keep := s.retention(s.o.Now())
	if limit > 0 {
		keep.limit = min(keep.limit, limit)
	}
	records, fresh := []ChatRecord{}, s.fresh.of(room)
	err := s.view(func(tx *bolt.Tx) error {
		return eachText(tx, fresh, roomKey(room), keep, func(id chatID, value []byte) (bool, error) {
			record, err := decodeChat(room, id, value)
			records = append(records, record)
			return true, err
		})
	})
	slices.Reverse(records)
	return records, err
}

// ChatByKey returns the text stored under a client's identity and key if it is
// still shown, else ErrNotFound.
func (s *Store) ChatByKey(room, identity, key string) (record ChatRecord, err error) {
	if err := check("room", room, 1, MaxRoom); err != nil {
		return ChatRecord{}, err
	}
	return s.chatByHash(room, keyHash(identity, key))
}

// chatByHash returns the text of a key, or ErrNotFound.
func (s *Store) chatByHash(room string, hash chatHash) (record ChatRecord, err error) {
	keep := s.retention(s.o.Now())
	id, known := s.index.find(room, hash, keep)
	fresh := s.fresh.of(room)
	err = s.view(func(tx *bolt.Tx) (err error) {
		if !known {
			err = eachText(tx, fresh, roomKey(room), keep, func(one chatID, value []byte) (bool, error) {
				if hashOf(value) == hash {
					id = one
				}
				return id == 0, nil
			})
		}
		if err != nil {
			return err
		}
		if id == 0 {
			return ErrNotFound
		}
		value := findFresh(fresh, id)
		if value == nil {
			value = tx.Bucket(bucketChat).Get(join(roomKey(room), id.key()))
		}
		record, err = decodeChat(room, id, value)
		return err
	})
	return record, err
}

// eachText visits the texts of a room that are still shown, the latest first,
// while visit returns true.
func eachText(tx *bolt.Tx, fresh []freshText, room []byte, keep retention, visit func(chatID, []byte) (bool, error)) error {
	left := keep.limit
	for id, value := range latestFirst(tx, fresh, room) {
		if left == 0 || id < keep.oldest {
			return nil
		}
		left--
		if more, err := visit(id, value); !more || err != nil {
			return err
		}
	}
	return nil
}

// latestFirst goes through a room's fresh texts and then what parley.db has from
// before them.
func latestFirst(tx *bolt.Tx, fresh []freshText, room []byte) iter.Seq2[chatID, []byte] {
	return func(yield func(chatID, []byte) bool) {
		past := pastRoom(room)
		for _, text := range slices.Backward(fresh) {
			if !yield(text.id, text.value) {
				return
			}
			past = join(room, text.id.key())
		}
		c := tx.Bucket(bucketChat).Cursor()
		k, v := c.Seek(past)
		if k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
		for ; bytes.HasPrefix(k, room); k, v = c.Prev() {
			if !yield(chatID(uint64Of(k[len(room):])), v) {
				return
			}
		}
	}
}
