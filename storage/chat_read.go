package storage

import (
	"bytes"
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
	records := []ChatRecord{}
	err := s.view(func(tx *bolt.Tx) error {
		return eachText(tx, roomKey(room), keep, func(id chatID, value []byte) (bool, error) {
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
	hash, keep := keyHash(identity, key), s.retention(s.o.Now())
	id, known := s.index.find(room, hash, keep)
	err = s.view(func(tx *bolt.Tx) (err error) {
		if !known {
			err = eachText(tx, roomKey(room), keep, func(one chatID, value []byte) (bool, error) {
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
		record, err = decodeChat(room, id, tx.Bucket(bucketChat).Get(join(roomKey(room), id.key())))
		return err
	})
	return record, err
}

// eachText visits the texts of a room that are still shown, the latest first,
// while visit returns true.
func eachText(tx *bolt.Tx, room []byte, keep retention, visit func(chatID, []byte) (bool, error)) error {
	c := tx.Bucket(bucketChat).Cursor()
	k, v := c.Seek(pastRoom(room))
	if k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	for range keep.limit {
		if !bytes.HasPrefix(k, room) {
			return nil
		}
		id := chatID(uint64Of(k[len(room):]))
		if id < keep.oldest {
			return nil
		}
		if more, err := visit(id, v); !more || err != nil {
			return err
		}
		k, v = c.Prev()
	}
	return nil
}
