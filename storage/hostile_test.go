package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// crowdedLeaf is a leaf whose elements all lie on each other: each is a bucket in
// whose value is a leaf of the same kind, so many levels deep.
func crowdedLeaf(levels int) []byte {
	const each = 100
	var inner []byte
	if levels > 0 {
		inner = append(make([]byte, bucketSize), crowdedLeaf(levels-1)...)
	}
	page := make([]byte, pageHeader+each*elementSize+1, pageHeader+each*elementSize+1+len(inner))
	binary.NativeEndian.PutUint16(page[8:], flagLeaf)
	binary.NativeEndian.PutUint16(page[10:], each)
	for i := range each {
		at := pageHeader + i*elementSize
		native.PutUint32(page[at:], 1)
		native.PutUint32(page[at+4:], uint32(len(page)-1-at))
		native.PutUint32(page[at+8:], 1)
		native.PutUint32(page[at+12:], uint32(len(inner)))
	}
	return append(page, inner...)
}

// TestSalvageCrowdedLeaf: a page costs a repair what its size says, however its
// elements lie on each other. Read to the end this one would take years.
func TestSalvageCrowdedLeaf(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		new(salvage).leaf(crowdedLeaf(12), true)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("still reading")
	}
}

// TestWalkCrowdedLeaf: elements that lie on each other are a fault.
func TestWalkCrowdedLeaf(t *testing.T) {
	page := make([]byte, 4096)
	const each = 64
	native.PutUint16(page[8:], flagLeaf)
	native.PutUint16(page[10:], each)
	for i := range each {
		at := pageHeader + i*elementSize
		page[2048+i] = byte(i + 1) // keys in order
		native.PutUint32(page[at+4:], uint32(2048+i-at))
		native.PutUint32(page[at+8:], 1)
		native.PutUint32(page[at+12:], 1024)
	}
	seen := 0
	w := &pageWalk{most: 1, visit: func(_ string, key, value []byte) { seen += len(key) + len(value) }}
	w.leaf(pageStep{id: 5, bucket: "chat", inBucket: true}, page)
	if len(w.faults) != 1 || seen > len(page) {
		t.Fatalf("%d faults, %d bytes read of a page of %d", len(w.faults), seen, len(page))
	}
}

// TestNoFile: what is no file is said to be none, not waited for, and a journal of
// any size is read as far as one can be.
func TestNoFile(t *testing.T) {
	for _, name := range []string{FileName, JournalName} {
		dir := t.TempDir()
		open(t, dir, Options{}).Close()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); !errors.Is(err, ErrNotAStore) {
			t.Errorf("%s is a folder: Open says %v", name, err)
		}
		if name == FileName {
			if _, err := Check(dir); !errors.Is(err, ErrNotAStore) {
				t.Errorf("%s is a folder: Check says %v", name, err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), JournalName)
	if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte{1}, 100), 0o600), os.Truncate(path, 1<<36)); err != nil {
		t.Skip(err)
	}
	if raw, err := readJournalFile(path); err != nil || len(raw) != journalSize {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
}
