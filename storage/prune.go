package storage

import (
	"bytes"

	bolt "go.etcd.io/bbolt"
)

// sweep is the search for texts that are too old. It goes from room to room, some
// at each heartbeat, and begins anew after the last. Nobody sees an old text in
// the meantime, for reads look at the age.
type sweep struct {
	after  []byte // key of the room last looked at, nil at the beginning
	broken bool   // the file is damaged there
}

// Bounds of one heartbeat.
const (
	sweepRooms = 256
	sweepTexts = 512
)

// next returns the keys of texts that are older than keep allows.
func (w *sweep) next(tx *bolt.Tx, keep retention) (old [][]byte) {
	c := tx.Bucket(bucketChat).Cursor()
	for range sweepRooms {
		k, _ := c.Seek(pastRoom(w.after))
		name, _, ok := roomOf(k)
		if !ok {
			w.after = nil
			return old
		}
		room := roomKey(name)
		for ; bytes.HasPrefix(k, room) && chatID(uint64Of(k[len(room):])) < keep.oldest; k, _ = c.Next() {
			if len(old) == sweepTexts {
				return old // this room comes again
			}
			old = append(old, join(k))
		}
		w.after = room
	}
	return old
}

// pastRoom is greater than all keys of a room, and less than the next room's.
func pastRoom(room []byte) []byte {
	if room == nil {
		return nil
	}
	return join(room, bytes.Repeat([]byte{0xff}, 9))
}

// pruneOp deletes texts.
type pruneOp struct{ old [][]byte }

func (o *pruneOp) apply(t *txn) error {
	for _, key := range o.old {
		t.delete(bucketChat, key)
		if name, id, ok := roomOf(key); ok {
			t.store.index.drop(name, chatID(uint64Of(id)))
		}
	}
	return nil
}

func (*pruneOp) finish(error) {}

// beat notes the time while meetings run, deletes old chat and empties the journal.
// It gives up on old chat when the file is damaged there: the meetings go on.
func (s *Store) beat() {
	var old [][]byte
	if sweep := &s.writer.sweep; !sweep.broken {
		err := s.view(func(tx *bolt.Tx) error {
			old = sweep.next(tx, s.retention(s.o.Now()))
			return nil
		})
		if err != nil {
			sweep.broken = true
			s.o.Log.Error("old chat is not deleted any more", "error", err.Error())
		}
	}
	if s.writer.running > 0 || len(old) > 0 || !s.journal.empty() {
		s.commit([]op{&pruneOp{old}})
	}
}
