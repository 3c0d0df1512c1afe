package storage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// writerState is what the writer remembers between commits. It belongs to the
// writer's goroutine once Open has returned. When a commit fails it is ahead of the
// disk, and taken back before the next try (commitment.before).
type writerState struct {
	last    int64  // latest known time, Unix milliseconds
	chat    chatID // last given
	running int    // meetings that have not ended
	// revision is the last one given, entries are how many there are of each kind. The
	// map is not changed but replaced.
	revision uint64
	entries  map[string]int
	sweep    sweep
	closing  bool // the next commit is the last
}

func (w *writerState) load(db *bolt.DB) error {
	return db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		w.running = 0 // recovery has counted down
		w.last = int64(uint64Of(meta.Get(keyLast)))
		w.chat = chatID(uint64Of(meta.Get(keyChat)))
		c := tx.Bucket(bucketRunning).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			w.running++
		}
		w.revision, w.entries = uint64Of(meta.Get(keyRevision)), make(map[string]int)
		return tx.Bucket(bucketEntries).ForEach(func(k, _ []byte) error {
			if kind, _, ok := entryOf(k); ok {
				w.entries[kind]++
			}
			return nil
		})
	})
}

// txn is a write transaction that remembers its first failure, so that its users
// deal with records and not with the disk. For a batch of texts, which goes to the
// journal, tx only reads.
type txn struct {
	tx    *bolt.Tx
	store *Store
	w     *writerState
	now   time.Time
	err   error

	noTexts error // for new texts, if they are refused
}

func newTxn(tx *bolt.Tx, s *Store) *txn {
	tx.Bucket(bucketChat).FillPercent = 0.9 // a room's keys only grow
	return &txn{tx: tx, store: s, w: &s.writer, now: s.o.Now()}
}

// txn begins a try of c.
func (c *commitment) txn(tx *bolt.Tx, s *Store) *txn {
	t := newTxn(tx, s)
	t.now, t.noTexts = c.now, c.noTexts
	return t
}

// saw notes a time of which a record speaks.
func (t *txn) saw(at time.Time) { t.w.last = max(t.w.last, at.UnixMilli()) }

// apply applies a batch and notes the time.
func (t *txn) apply(batch []op, results []error) error {
	for i, o := range batch {
		results[i] = o.apply(t)
		if t.err != nil {
			return t.err
		}
	}
	if len(batch) > 0 {
		t.saw(t.now)
	}
	return nil
}

// finish puts what the writer remembers.
func (t *txn) finish() error {
	t.putUint64(keyLast, uint64(t.w.last))
	t.putUint64(keyChat, uint64(t.w.chat))
	t.putUint64(keyRevision, t.w.revision)
	if t.w.closing {
		t.putUint64(keyClean, 1)
	}
	return t.err
}

func (t *txn) putUint64(key []byte, n uint64) {
	t.put(bucketMeta, key, seal(key, binary.BigEndian.AppendUint64(nil, n)))
}

// get returns bytes that are valid until the next change.
func (t *txn) get(bucket, key []byte) []byte { return t.tx.Bucket(bucket).Get(key) }

func (t *txn) put(bucket, key, value []byte) {
	if t.err == nil {
		t.err = t.tx.Bucket(bucket).Put(key, value)
	}
}

func (t *txn) delete(bucket, key []byte) {
	if t.err == nil {
		t.err = t.tx.Bucket(bucket).Delete(key)
	}
}

// load reads a record into value; ErrNotFound if there is none.
func (t *txn) load(bucket, key []byte, value any) error {
	return decode(key, t.get(bucket, key), value)
}

func (t *txn) save(bucket, key []byte, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("storage: marshal %T: %v", value, err)) // our own types
	}
	t.put(bucket, key, seal(key, data))
}

// decode reads the record stored below a key.
func decode(key, stored []byte, value any) error {
	if stored == nil {
		return ErrNotFound
	}
	data, err := unseal(key, stored, asJSON)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("%w: %w", ErrNotAStore, err)
	}
	return nil
}
