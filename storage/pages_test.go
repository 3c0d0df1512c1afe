package storage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// pagesFile is a store of several levels, with inline buckets, records over many
// pages and, unless plain, a list of free pages, as its bytes.
func pagesFile(t testing.TB, freelist bool) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, NoFreelistSync: !freelist, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(db, migrations); err != nil {
		t.Fatal(err)
	}
	for round := range 3 { // leaves free pages behind
		err := db.Update(func(tx *bolt.Tx) error {
			chat := tx.Bucket(bucketChat)
			for i := range 400 {
				key := join(roomKey(fmt.Sprint("room", i%7)), chatID(i*3+round).key())
				if err := chat.Put(key, seal(key, []byte(strings.Repeat("x", 30+i)+"}"))); err != nil {
					return err
				}
			}
			key := join(roomKey("long"), chatID(round).key())
			return chat.Put(key, seal(key, []byte(strings.Repeat("y", 30_000)+"}")))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestWalkFindsAll: every record comes once, in order, and nothing is wrong.
func TestWalkFindsAll(t *testing.T) {
	for _, freelist := range []bool{false, true} {
		data := pagesFile(t, freelist)
		records := make(map[string]int)
		var last []byte
		walk, faults := walkPages(bytes.NewReader(data), int64(len(data)), 10, func(bucket string, key, value []byte) {
			records[bucket]++
			if bucket != string(bucketChat) {
				return
			}
			if bytes.Compare(last, key) >= 0 {
				t.Errorf("%x comes after %x", key, last)
			}
			last = append(last[:0], key...)
			if _, err := unseal(key, value, asJSON); err != nil {
				t.Error(err)
			}
		})
		if len(faults) > 0 || records["chat"] != 1203 || records["meta"] != 6 || walk.pages < 100 {
			t.Errorf("faults %v, records %v on %d pages", faults, records, walk.pages)
		}
	}
}

// brokenReader fails where a disk can not read.
type brokenReader struct {
	*bytes.Reader
	from, to int64
}

func (r brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off < r.to && off+int64(len(p)) > r.from {
		return 0, syscall.EIO
	}
	return r.Reader.ReadAt(p, off)
}

// TestWalkOfAnUnreadablePage: an error of the disk is that, and names the page.
func TestWalkOfAnUnreadablePage(t *testing.T) {
	data := pagesFile(t, false)
	meta, _ := readMetas(bytes.NewReader(data), int64(len(data)))
	size := int64(meta.pageSize)
	at := int64(meta.root) * size
	_, faults := walkPages(brokenReader{bytes.NewReader(data), at, at + size}, int64(len(data)), 10, nil)
	if len(faults) != 1 || faults[0].Page != meta.root || !errors.Is(faults[0], syscall.EIO) {
		t.Errorf("got %v", faults)
	}
}

// TestWalkGoesOn: with all faults wanted, those of other trees are found, too, and
// their records come.
func TestWalkGoesOn(t *testing.T) {
	data := pagesFile(t, false)
	size := int64(os.Getpagesize())
	leaves := 0
	for page := int64(2); (page+1)*size <= int64(len(data)) && leaves < 20; page++ {
		if native.Uint16(data[page*size+8:]) == flagLeaf && native.Uint64(data[page*size:]) == uint64(page) {
			data[page*size+8] = 0x77
			leaves++
		}
	}
	_, faults := walkPages(bytes.NewReader(data), int64(len(data)), 1000, nil)
	if len(faults) == 0 {
		t.Fatal("nothing was found")
	}
	_, one := walkPages(bytes.NewReader(data), int64(len(data)), 1, nil)
	if len(one) != 1 {
		t.Errorf("wanted one fault, got %d", len(one))
	}
}

// FuzzPages changes a store's bytes, or reads others as one. The walk never panics,
// reads each page at most once, and what it finds sound bbolt opens and reads.
func FuzzPages(f *testing.F) {
	sound := pagesFile(f, false)
	listed := pagesFile(f, true)
	f.Add(uint32(0), []byte(nil), false)
	for at := range 40 {
		f.Add(uint32(at*400), bytes.Repeat([]byte{0xff}, 8), at%2 == 0)
	}
	for _, at := range []uint32{8, 10, 12, 16, 24, 72} {
		f.Add(4096*3+at, []byte{1, 0, 0, 0}, false)
	}
	path := filepath.Join(f.TempDir(), FileName)
	f.Fuzz(func(t *testing.T, at uint32, change []byte, list bool) {
		data := sound
		if list {
			data = listed
		}
		data = bytes.Clone(data)
		copy(data[int(at)%len(data):], change)
		r := &countingReader{Reader: bytes.NewReader(data)}
		_, faults := walkPages(r, int64(len(data)), 1, func(string, []byte, []byte) {})
		if r.read > int64(2*len(data))+1<<20 {
			t.Errorf("%d bytes were read of %d", r.read, len(data))
		}
		walkPages(bytes.NewReader(data), int64(len(data)), 100, func(string, []byte, []byte) {})
		walkPages(bytes.NewReader(change), int64(len(change)), 100, func(string, []byte, []byte) {})
		if len(faults) > 0 {
			return
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := openBolt(path, &bolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
		if err != nil {
			t.Fatalf("bbolt does not open what is sound: %v", err)
		}
		defer db.Close()
		err = db.View(func(tx *bolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bolt.Bucket) error {
				return b.ForEach(func(_, _ []byte) error { return nil })
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

type countingReader struct {
	*bytes.Reader
	read int64
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.read += int64(len(p))
	return r.Reader.ReadAt(p, off)
}
