package storage

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestAhead looks at which bytes of a file full of ones become zero.
func TestAhead(t *testing.T) {
	const page, size = 4096, aheadStep*2 + 5*4096
	steps := []struct {
		name     string
		used     int64
		from, to int64 // becomes zero; equal: nothing does
	}{
		{"the first step", 3 * page, 3 * page, 3*page + aheadStep},
		{"enough is left", aheadStep - aheadLeft, 0, 0},
		{"nearly used up", aheadStep, 3*page + aheadStep, 2 * aheadStep},
		{"more used than was prepared", 2*aheadStep + page, 2*aheadStep + page, size},
		{"no more file", size - page, 0, 0},
		{"used beyond the file", size + aheadStep, 0, 0},
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := ahead{file: f}
	for _, s := range steps {
		ones := bytes.Repeat([]byte{1}, size)
		if _, err := f.WriteAt(ones, 0); err != nil {
			t.Fatal(err)
		}
		a.prepare(s.used)
		clear(ones[s.from:s.to])
		got, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, ones) {
			t.Errorf("%s: other bytes than %d to %d are zero, or the file is %d bytes instead of %d", s.name, s.from, s.to, len(got), size)
		}
	}
}

// TestAheadOfCommits looks at the file of a store that grows: what comes behind the
// pages in use has been written, and reopening finds all.
func TestAheadOfCommits(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, killOptions)
	fill(t, s)
	if s.ahead.end == 0 {
		t.Error("nothing was written ahead")
	}
	want := history(t, s, "demo")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, killOptions)
	defer s.Close()
	if got := history(t, s, "demo"); len(got) != len(want) || len(got) == 0 {
		t.Errorf("%d texts after reopening, %d before", len(got), len(want))
	}
}
