package storage

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// oldEntry is an entry as version 2 wrote it, over whole blocks without checksums.
func oldEntry(generation uint64, last int64, texts ...journalText) []byte {
	e := make([]byte, entryHeader)
	for _, text := range texts {
		e = append(e, text.key...)
		e = binary.BigEndian.AppendUint32(e, uint32(len(text.value)))
		e = append(e, text.value...)
	}
	binary.BigEndian.PutUint32(e[4:], uint32(len(e)-entryHeader))
	binary.BigEndian.PutUint64(e[8:], generation)
	binary.BigEndian.PutUint64(e[16:], uint64(last))
	binary.BigEndian.PutUint32(e, crc32.Checksum(e[4:], castagnoli))
	return append(e, make([]byte, (blockSize-len(e)%blockSize)%blockSize)...)
}

// TestJournalOfBefore: the texts that a crash of version 2's program left in its
// journal are in the store of version 3, once, and its records have no checksums
// until they are written again.
func TestJournalOfBefore(t *testing.T) {
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, &bolt.Options{Timeout: time.Second, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(db, migrations[:2]); err != nil {
		t.Fatal(err)
	}
	const generation = 77
	err = db.Update(func(tx *bolt.Tx) error {
		if err := putFirstText(tx); err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keyJournal, chatID(generation).key())
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var journal []byte
	for i, key := range []string{"k2", "k3"} {
		id, hash := firstText+chatID(i)+1, keyHash("ann", key)
		value := `{"key":"` + key + `","participant":"p","name":"Ann","at":1772355600000,"text":"` + key + `"}`
		journal = append(journal, oldEntry(generation, 1772355600000+int64(i), journalText{join(roomKey("demo"), id.key()), join(hash[:], []byte(value))})...)
	}
	journal = append(journal, make([]byte, oldJournalSize-len(journal))...)
	write(t, filepath.Join(dir, JournalName), journal)

	damaged := t.TempDir()
	copyFile(t, dir, damaged, FileName)
	write(t, filepath.Join(damaged, JournalName), slices.Concat(journal[:100], []byte{journal[100] ^ 1}, journal[101:]))
	if s, err := Open(damaged, Options{Log: quiet}); err == nil {
		t.Error("a damaged journal of before was not noticed")
		s.Close()
	}

	o := Options{Now: newClock().now}
	s := open(t, dir, o)
	want := []string{"hello", "k2", "k3"}
	if got := history(t, s, "demo"); !slices.Equal(got, want) {
		t.Errorf("history %q, want %q", got, want)
	}
	mustSay(t, s, "demo", "ann", "k4", "k4")
	again := open(t, crash(t, s), o)
	if got := history(t, again, "demo"); !slices.Equal(got, append(want, "k4")) {
		t.Errorf("after a crash %q", got)
	}
	again.Close()
	s.Close()
	if copies, _ := filepath.Glob(filepath.Join(dir, "*damaged*")); len(copies) > 0 {
		t.Errorf("a sound journal was set aside: %q", copies)
	}
	if info, err := os.Stat(filepath.Join(dir, JournalName)); err != nil || info.Size() != journalSize {
		t.Errorf("the journal: %v, %v", info, err)
	}
}
