package storage

import (
	"bytes"

	bolt "go.etcd.io/bbolt"
)

// ChatHistory returns the last texts of a room that are not too old, the oldest
// first. limit is at most Options.ChatLimit; 0 means that.
func (s *Store) ChatHistory(room string, limit int) ([]ChatRecord, error) {
	if err := check("room", room, 1, MaxRoom); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > s.o.ChatLimit {
		limit = s.o.ChatLimit
	}
	oldest := s.o.Now().Add(-s.o.ChatAge)
	prefix := roomKey(room)
	texts := []ChatRecord{}
	err := s.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketChat).Cursor()
		k, v := lastBelow(c, prefix)
		for ; bytes.HasPrefix(k, prefix) && len(texts) < limit; k, v = c.Prev() {
			id := chatID(uint64Of(k[len(prefix):]))
			if id.time().Before(oldest) {
				break
			}
			record, err := decodeChat(room, id, v)
			if err != nil {
				return err
			}
			texts = append(texts, record)
		}
		return nil
	})
	for i, j := 0, len(texts)-1; i < j; i, j = i+1, j-1 {
		texts[i], texts[j] = texts[j], texts[i]
	}
	return texts, err
}

// lastBelow moves to the last key that begins with prefix.
func lastBelow(c *bolt.Cursor, prefix []byte) (k, v []byte) {
	if k, _ := c.Seek(join(prefix, bytes.Repeat([]byte{0xff}, 9))); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// ChatByKey returns the text stored under a client's identity and key, or
// ErrNotFound.
func (s *Store) ChatByKey(room, identity, key string) (ChatRecord, error) {
	var record ChatRecord
	prefix := roomKey(room)
	err := s.view(func(tx *bolt.Tx) (err error) {
		first := tx.Bucket(bucketChatKeys).Get(join(prefix, keyHash(identity, key)))
		if first == nil {
			return ErrNotFound
		}
		id := chatID(uint64Of(first))
		record, err = decodeChat(room, id, tx.Bucket(bucketChat).Get(join(prefix, id.key())))
		return err
	})
	return record, err
}

// hasExpired reports whether there is chat to prune.
func (s *Store) hasExpired() bool {
	expired := false
	oldest := s.o.Now().Add(-s.o.ChatAge)
	_ = s.view(func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketChatAges).Cursor().First()
		expired = k != nil && chatID(uint64Of(k)).time().Before(oldest)
		return nil
	})
	return expired
}
