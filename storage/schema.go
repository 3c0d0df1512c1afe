package storage

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"

	bolt "go.etcd.io/bbolt"
)

// Buckets, see the package comment.
var (
	bucketMeta         = []byte("meta")
	bucketMeetings     = []byte("meetings")
	bucketRunning      = []byte("running")
	bucketRooms        = []byte("rooms")
	bucketParticipants = []byte("participants")
	bucketRatings      = []byte("ratings")
	bucketChat         = []byte("chat")
	bucketEntries      = []byte("entries")
	bucketActs         = []byte("acts")
)

// Keys of bucketMeta.
var (
	keySchema = []byte("schema")
	keyLast   = []byte("last")
	keyChat   = []byte("chat")
	// keyJournal is the generation of the entries in the journal that count.
	keyJournal = []byte("journal")
	// keyStore is what tells this store's journal from another's.
	keyStore = []byte("store")
	// keyClean is 1 while all texts are in parley.db, for Close has moved them.
	keyClean = []byte("clean")
	// keyNames is the rule that the names of rooms follow, see rename.go.
	keyNames = []byte("names")
	// keyRevision is the last revision given to a change of an entry.
	keyRevision = []byte("revision")
)

// migration brings a store from one version to the next. Once released it is
// never changed; each has a test.
type migration struct {
	what string
	run  func(*bolt.Tx) error
}

// migrations[i] leads to version i+1.
var migrations = []migration{
	{"first schema", createFirst},
	{"journal for texts", addJournal},
	{"checksums, and whose journal it is", addStoreID},
	{"names of rooms by a rule", addNames},
	{"entries, and acts of meetings", addEntries},
}

// migrate brings the store to the latest version in one transaction: after a
// crash in the middle it is as before. from is the version found.
func migrate(db *bolt.DB, steps []migration) (from int, err error) {
	err = update(db, func(tx *bolt.Tx) error {
		from, err = schemaVersion(tx)
		if err != nil {
			return err
		}
		if from > len(steps) {
			return fmt.Errorf("%w: schema %d, this one knows %d", ErrNewerSchema, from, len(steps))
		}
		for version := from; version < len(steps); version++ {
			if err := steps[version].run(tx); err != nil {
				return fmt.Errorf("migrate to schema %d (%s): %w", version+1, steps[version].what, err)
			}
		}
		if from == len(steps) {
			return nil
		}
		return tx.Bucket(bucketMeta).Put(keySchema, binary.BigEndian.AppendUint64(nil, uint64(len(steps))))
	})
	return from, err
}

// schemaVersion is 0 for an empty file.
func schemaVersion(tx *bolt.Tx) (int, error) {
	if meta := tx.Bucket(bucketMeta); meta != nil {
		version := uint64Of(meta.Get(keySchema))
		if version == 0 || version > math.MaxInt32 {
			return 0, fmt.Errorf("%w: no schema version", ErrNotAStore)
		}
		return int(version), nil
	}
	if name, _ := tx.Cursor().First(); name != nil {
		return 0, fmt.Errorf("%w: unknown content", ErrNotAStore)
	}
	return 0, nil
}

func createFirst(tx *bolt.Tx) error {
	for _, name := range [][]byte{
		bucketMeta, bucketMeetings, bucketRunning, bucketRooms, bucketParticipants,
		bucketRatings, bucketChat,
	} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return nil
}

// addJournal begins a journal. Programs that know nothing of it must not open the
// store any more: they would not see the texts in it.
func addJournal(tx *bolt.Tx) error {
	return tx.Bucket(bucketMeta).Put(keyJournal, binary.BigEndian.AppendUint64(nil, newGeneration()))
}

// addStoreID tells the store's journal from others. Open has moved the texts of a
// journal of before. The checksums come when records are written: all at once would
// be a transaction as large as the store.
func addStoreID(tx *bolt.Tx) error {
	id := make([]byte, storeIDSize)
	_, _ = rand.Read(id) // never fails
	meta := tx.Bucket(bucketMeta)
	if err := meta.Put(keyStore, seal(keyStore, id)); err != nil {
		return err
	}
	return meta.Put(keyClean, seal(keyClean, binary.BigEndian.AppendUint64(nil, 1)))
}

// addNames says that the names of rooms follow no rule yet: Open renames them when
// all texts are in parley.db and all meetings have ended, see rename.go. Programs
// that do not know the rule would look for a room under another name.
func addNames(tx *bolt.Tx) error {
	return tx.Bucket(bucketMeta).Put(keyNames, seal(keyNames, binary.BigEndian.AppendUint64(nil, 0)))
}

// addEntries makes room for entries, and for the acts of meetings. Programs that do not
// know entries would let in who is banned.
func addEntries(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketEntries, bucketActs} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketMeta).Put(keyRevision, seal(keyRevision, binary.BigEndian.AppendUint64(nil, 0)))
}
