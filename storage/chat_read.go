package storage

import (
	"bytes"
	"slices"
	"time"

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
	now := s.o.Now()
	prefix := roomKey(room)
	texts := []ChatRecord{}
	err := s.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketChat).Cursor()
		k, v := lastBelow(c, prefix)
		for ; bytes.HasPrefix(k, prefix) && len(texts) < limit; k, v = c.Prev() {
			id := chatID(uint64Of(k[len(prefix):]))
			if s.expired(id, now) {
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
	slices.Reverse(texts)
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
func (s *Store) ChatByKey(room, identity, key string) (record ChatRecord, err error) {
	if err := check("room", room, 1, MaxRoom); err != nil {
		return ChatRecord{}, err
	}
	index := join(roomKey(room), keyHash(identity, key))
	err = s.view(func(tx *bolt.Tx) (err error) {
		record, err = s.chatByKey(tx, room, index, s.o.Now())
		return err
	})
	return record, err
}

// chatByKey finds a text that is not too old.
func (s *Store) chatByKey(tx *bolt.Tx, room string, index []byte, now time.Time) (ChatRecord, error) {
	first := tx.Bucket(bucketChatKeys).Get(index)
	if first == nil {
		return ChatRecord{}, ErrNotFound
	}
	id := chatID(uint64Of(first))
	if s.expired(id, now) {
		return ChatRecord{}, ErrNotFound
	}
	return decodeChat(room, id, tx.Bucket(bucketChat).Get(join(roomKey(room), id.key())))
}

// expired reports whether a text is too old to be shown.
func (s *Store) expired(id chatID, now time.Time) bool {
	return id.time().Before(now.Add(-s.o.ChatAge))
}

// hasExpired reports whether there is chat to prune.
func (s *Store) hasExpired() bool {
	found := false
	now := s.o.Now()
	_ = s.view(func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketChatAges).Cursor().First()
		found = k != nil && s.expired(chatID(uint64Of(k)), now)
		return nil
	})
	return found
}
