package storage

import (
	"bytes"
	"cmp"

	bolt "go.etcd.io/bbolt"
)

// Rooms are renamed when the rule for their names changes, once, on opening and
// after recovery: nobody is in a meeting then and no text is in the journal. It is
// one transaction, so that an end in the middle leaves everything for the next time.
//
// Two rooms may become one. Their meetings and texts then stand in the order of
// time, for meetings and texts have ids that rise over all rooms. The texts of both
// take the room's quota, which may have no place for new ones until old ones are
// too old; a source's share begins anew, since its mark is of the old name.
//
// What is no name any more keeps its records, under the name it has.

// nameRule is the rule that Options.RoomKey follows. Whoever changes what that
// returns for names that exist makes it one more.
const nameRule = 1

// renameRooms brings the rooms' names under the rule.
func (s *Store) renameRooms() error {
	if s.o.RoomKey == nil {
		return nil
	}
	renamed := 0
	err := update(s.db, func(tx *bolt.Tx) error {
		t := newTxn(tx, s)
		if uint64Of(t.get(bucketMeta, keyNames)) == nameRule {
			return nil
		}
		for _, old := range t.roomNames() {
			if name := s.o.RoomKey(old); name != old && name != "" && len(name) <= MaxRoom {
				t.renameRoom(old, name)
				renamed++
			}
		}
		t.putUint64(keyNames, nameRule)
		return t.err
	})
	if err == nil && renamed > 0 {
		s.o.Log.Info("rooms renamed: different ways to type a name are one room now", "rooms", renamed)
	}
	return err
}

// roomNames returns the rooms that have meetings or texts, each once.
func (t *txn) roomNames() []string {
	var names []string
	seen := make(map[string]bool)
	for _, bucket := range [][]byte{bucketRooms, bucketChat} {
		c := t.tx.Bucket(bucket).Cursor()
		for k, _ := c.First(); k != nil; {
			name, _, ok := roomOf(k)
			if !ok {
				k, _ = c.Next()
				continue
			}
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
			k, _ = c.Seek(join(roomKey(name), bytes.Repeat([]byte{0xff}, 17)))
		}
	}
	return names
}

// renameRoom moves a room's meetings and texts to another name.
func (t *txn) renameRoom(old, name string) {
	from, to := roomKey(old), roomKey(name)
	for _, key := range t.moveKeys(bucketRooms, from, to) {
		t.renameMeeting(key[len(to):], old, name)
	}
	t.moveKeys(bucketChat, from, to)
}

// moveKeys moves the records below a room's name and returns their new keys.
func (t *txn) moveKeys(bucket, from, to []byte) (moved [][]byte) {
	type record struct{ key, value []byte }
	var all []record // for a cursor does not bear changes
	c := t.tx.Bucket(bucket).Cursor()
	for k, v := c.Seek(from); bytes.HasPrefix(k, from); k, v = c.Next() {
		all = append(all, record{join(k), bytes.Clone(v)})
	}
	for _, r := range all {
		key := join(to, r.key[len(from):])
		value, err := reseal(r.key, key, r.value, plainLength(string(bucket), r.key))
		if err != nil {
			continue // damaged: it stays where it is
		}
		t.put(bucket, key, value)
		t.delete(bucket, r.key)
		moved = append(moved, key)
	}
	return moved
}

// renameMeeting says in a meeting's record which room it was in; people go on to
// see the name they know. A record that can not be read stays as it is.
func (t *txn) renameMeeting(key []byte, old, name string) {
	var m Meeting
	if t.load(bucketMeetings, key, &m) != nil {
		return
	}
	m.Room, m.Title = name, cmp.Or(m.Title, old)
	t.save(bucketMeetings, key, &m)
}
