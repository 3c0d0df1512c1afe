package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestOpenOfALargeStore measures how long a store of PARLEY_STORE_MIB takes to open.
// It has no limit of its own: the machine's disk decides.
func TestOpenOfALargeStore(t *testing.T) {
	var mib int
	if fmt.Sscan(os.Getenv("PARLEY_STORE_MIB"), &mib); mib == 0 {
		t.Skip("PARLEY_STORE_MIB is not set")
	}
	dir := t.TempDir()
	s := open(t, dir, Options{})
	id := fill(t, s)
	db := s.db
	meeting, err := meetingKey(id)
	if err != nil {
		t.Fatal(err)
	}
	value := []byte(`{"participant":"p","user":"u","name":"` + strings.Repeat("n", 120) + `","intervals":[{"join":"2026-03-01T09:00:00Z","leave":"2026-03-01T09:02:00Z","reason":"left"}]}`)
	for n := 0; ; n++ {
		err := db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketParticipants)
			b.FillPercent = 0.9
			for i := range 50_000 {
				key := join(meeting, []byte(fmt.Sprintf("q%08d", n*50_000+i)))
				if err := b.Put(key, seal(key, value)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(db.Path()); err != nil || info.Size() > int64(mib)<<20 {
			break
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(filepath.Join(dir, FileName))
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 3 {
		start := time.Now()
		found, err := checkFile(f)
		checked := time.Since(start)
		if err != nil || found.damaged > 0 {
			t.Fatal(err, found)
		}
		start = time.Now()
		s = open(t, dir, Options{})
		t.Logf("%d MiB, %d pages: checked in %v, opened in %v", info.Size()>>20, found.pages, checked, time.Since(start))
		s.Close()
	}
}
