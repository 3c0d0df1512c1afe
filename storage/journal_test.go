package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const testGeneration = 7

// testStore is the id of the store whose journal that is.
var testStore = []byte("store of journal")

// testEntries are the texts of a journal's commits. The first fills a block, the
// second has none, and the last takes three blocks.
var testEntries = [][]string{
	{"a", strings.Repeat("b", blockText-entryHeader-textSizeOf("a")-textSizeOf(""))},
	{},
	{"c"},
	{strings.Repeat("d", blockSize), strings.Repeat("e", blockSize), "f"},
}

func textSizeOf(text string) int { return textSize("demo", []byte(text)) - sealSize }

// writeJournal writes entries over what is in the file.
func writeJournal(t testing.TB, path string, generation uint64, entries [][]string) []byte {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	j := journal{file: file, device: plainFile{file}}
	if info, err := file.Stat(); err != nil || info.Size() == 0 && j.format(testStore) != nil {
		t.Fatal("no journal")
	}
	j.restart(generation)
	id := chatID(0)
	for i, texts := range entries {
		j.begin()
		for _, text := range texts {
			id++
			j.add(roomKey("demo"), id, []byte(text))
		}
		if err := j.commit(int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := j.read()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testJournal is a journal with testEntries over the longer leftovers of another
// generation.
func testJournal(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), JournalName)
	writeJournal(t, path, testGeneration-1, slices.Repeat([][]string{{"old"}}, 10))
	return writeJournal(t, path, testGeneration, testEntries)
}

// Where testEntries begin, in blocks.
const (
	firstEntry  = 1
	secondEntry = 2
	thirdEntry  = 3
	lastEntry   = 4
	lastBlock   = 6
)

func TestReadJournal(t *testing.T) {
	old := writeJournal(t, filepath.Join(t.TempDir(), JournalName), testGeneration-1, slices.Repeat([][]string{{"old"}}, 10))
	restore := func(data []byte, block int) { copy(data[block*blockSize:][:blockSize], old[block*blockSize:]) }
	zero := func(data []byte, block int) { clear(data[block*blockSize:][:blockSize]) }
	at := func(block int) int { return block * blockSize }
	cases := []struct {
		name    string
		change  func(data []byte) []byte
		entries int
		torn    int
		damaged string
	}{
		{"as written", func(d []byte) []byte { return d }, 4, 0, ""},
		{"only another generation", func(d []byte) []byte { return slices.Clone(old) }, 0, 0, ""},
		{"the last has not begun", func(d []byte) []byte {
			for block := lastEntry; block <= lastBlock; block++ {
				restore(d, block)
			}
			return d
		}, 3, 0, ""},
		{"the last's beginning only", func(d []byte) []byte { restore(d, lastEntry+1); restore(d, lastBlock); return d }, 3, 1, ""},
		{"the last without its middle", func(d []byte) []byte { restore(d, lastEntry+1); return d }, 3, 1, ""},
		{"the last without its end", func(d []byte) []byte { restore(d, lastBlock); return d }, 3, 1, ""},
		{"the last with a flipped bit", func(d []byte) []byte { d[at(lastBlock)] ^= 1; return d }, 3, 1, ""},
		{"the last without its beginning", func(d []byte) []byte { zero(d, lastEntry); return d }, 3, 1, ""},
		{"the last with two bad blocks", func(d []byte) []byte { zero(d, lastEntry); zero(d, lastBlock); return d }, 3, 2, ""},
		{"the last longer than the file", func(d []byte) []byte { d[at(lastEntry)+4] = 0xff; return d }, 3, 1, ""},
		{"an unused block is damaged", func(d []byte) []byte { d[at(lastBlock+1)+77] ^= 1; return d }, 4, 1, ""},
		{"the zeros behind an entry", func(d []byte) []byte { d[at(secondEntry)+2000] ^= 1; return d }, 4, 0, ""},
		{"the zeros behind the head", func(d []byte) []byte { d[2000] ^= 1; return d }, 4, 0, ""},
		{"empty file", func([]byte) []byte { return nil }, 0, 0, "missing"},
		{"less than a head", func(d []byte) []byte { return d[:20] }, 0, 0, "ends at 20 of"},
		{"cut off", func(d []byte) []byte { return d[:at(lastBlock)+10] }, 0, 0, "ends at"},
		{"nothing but zeros", func(d []byte) []byte { clear(d); return d }, 0, 0, "begin"},
		{"another store's", func(d []byte) []byte { d[len(journalMagic)] ^= 1; return d }, 0, 0, "another store"},
		{"the first with a flipped bit", func(d []byte) []byte { d[at(firstEntry)+entryHeader+40] ^= 1; return d }, 0, 0, "block 1 is damaged"},
		{"the first of a wrong length", func(d []byte) []byte { d[at(firstEntry)+7]--; return d }, 0, 0, "block 1 is damaged"},
		{"the first of another generation", func(d []byte) []byte { restore(d, firstEntry); return d }, 0, 0, "block 1 is damaged"},
		{"a middle one with a flipped bit", func(d []byte) []byte { d[at(thirdEntry)+16] ^= 1; return d }, 0, 0, "block 3 is damaged"},
		{"two in the middle are gone", func(d []byte) []byte { zero(d, secondEntry); zero(d, thirdEntry); return d }, 0, 0, "block 2 is damaged"},
		{"a text without an end", func(d []byte) []byte { return resum(d, 14, 0xff) }, 0, 0, "without an end"},
		{"a room without an end", func(d []byte) []byte { return resum(d, 0, 0xff) }, 0, 0, "without a key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := readJournal(c.change(testJournal(t)), testStore, testGeneration)
			if c.damaged != "" {
				if !errors.Is(err, ErrNotAStore) || !strings.Contains(err.Error(), c.damaged) || got.texts != nil {
					t.Fatalf("got %d texts, %v", len(got.texts), err)
				}
				return
			}
			want := slices.Concat(testEntries[:c.entries]...)
			if err != nil || len(got.texts) != len(want) || got.last != int64(max(c.entries-1, 0)) || got.torn != c.torn {
				t.Fatalf("got %d texts until %d, %d torn, %v; want %d", len(got.texts), got.last, got.torn, err, len(want))
			}
			for i, text := range got.texts {
				key := join(roomKey("demo"), chatID(i+1).key())
				if !bytes.Equal(text.key, key) || string(text.value) != want[i] {
					t.Errorf("text %d: %x → %.20q", i, text.key, text.value)
				}
			}
		})
	}
}

// resum changes a byte of the first entry's texts and makes its checksum right.
func resum(data []byte, at int, to byte) []byte {
	entry := data[firstEntry*blockSize:]
	entry[entryHeader+at] = to
	length := binary.BigEndian.Uint32(entry[4:])
	binary.BigEndian.PutUint32(entry, crc32.Checksum(entry[4:entryHeader+length], castagnoli))
	return data
}

// TestTornEntry: whatever sectors of the last entry a power cut has kept from the
// disk, those before it are read, and nothing else.
func TestTornEntry(t *testing.T) {
	const sector = 512
	whole := testJournal(t)
	begin, end := lastEntry*blockSize, (lastBlock+1)*blockSize
	textsEnd := begin + entryHeader + int(binary.BigEndian.Uint32(whole[begin+4:])) // at least
	for _, rest := range []string{"zeros", "the old ones"} {
		old := make([]byte, len(whole))
		if rest != "zeros" {
			old = writeJournal(t, filepath.Join(t.TempDir(), JournalName), testGeneration-1, slices.Repeat([][]string{{"old"}}, 10))
		}
		for at := begin; at < textsEnd; at += sector {
			for name, lost := range map[string][2]int{
				"from": {at, end}, "before": {begin, at + sector}, "at": {at, at + sector},
			} {
				data := slices.Clone(whole)
				copy(data[lost[0]:lost[1]], old[lost[0]:])
				got, err := readJournal(data, testStore, testGeneration)
				if err != nil || len(got.texts) != 3 {
					t.Fatalf("%s lost %s %d: %d texts, %v", rest, name, at-begin, len(got.texts), err)
				}
				// Only whole blocks from the first on, all as before, look like nothing.
				if nothing := lost[0] == begin && lost[1]%blockSize == 0 && rest != "zeros"; (got.torn == 0) != nothing {
					t.Errorf("%s lost %s %d: %d blocks are torn", rest, name, at-begin, got.torn)
				}
			}
		}
	}
}

// TestCrashPoints copies the files at each step of a store's life and opens every
// combination that a crash can leave: what was acknowledged is there once.
func TestCrashPoints(t *testing.T) {
	c := newClock()
	o := Options{Now: c.now, Heartbeat: time.Hour}
	s := open(t, t.TempDir(), o)
	defer s.Close()
	id := begin(t, s, Meeting{Room: "demo", Start: c.now()})
	enter(t, s, id, "ann", c.now())
	step := func(key string) string {
		c.advance(time.Minute)
		if key == "flush" {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		} else {
			mustSay(t, s, "demo", "ann", key, key)
		}
		return crash(t, s)
	}
	none, a, b, moved, next := crash(t, s), step("a"), step("b"), step("flush"), step("c")
	mix := func(main, journal string) string {
		dir := t.TempDir()
		copyFile(t, main, dir, FileName)
		copyFile(t, journal, dir, JournalName)
		return dir
	}
	torn := func(dir string, block int) string {
		flip(t, filepath.Join(dir, JournalName), (block+1)*blockSize+entryHeader)
		return dir
	}
	cases := []struct {
		name  string
		dir   string
		want  string
		known time.Duration // latest time, since the meeting began
	}{
		{"nothing said", mix(none, none), "", 0},
		{"entry written", mix(none, a), "a", time.Minute},
		{"entry torn", torn(mix(none, a), 0), "", 0},
		{"second entry written", mix(b, b), "a b", 2 * time.Minute},
		{"second entry torn", torn(mix(b, b), 1), "a", time.Minute},
		{"moved, the journal untouched", mix(moved, b), "a b", 3 * time.Minute},
		{"moved, the next entry torn", torn(mix(moved, next), 0), "a b", 3 * time.Minute},
		{"moved, the next entry written", mix(next, next), "a b c", 4 * time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			first := open(t, c.dir, o)
			defer first.Close()
			again := open(t, crash(t, first), o) // a crash right after Open
			defer again.Close()
			for _, s := range []*Store{first, again} {
				if got := strings.Join(history(t, s, "demo"), " "); got != c.want {
					t.Fatalf("history %q, want %q", got, c.want)
				}
				m := meeting(t, s, id)
				if known := m.End.Sub(m.Start); known != c.known {
					t.Errorf("the meeting ended after %v, want %v", known, c.known)
				}
				last := ""
				for _, key := range append(strings.Fields(c.want), "new") {
					r := mustSay(t, s, "demo", "ann", key, "said after the crash")
					if r.ID <= last || (r.Text == key) != (key != "new") {
						t.Errorf("key %s: %+v after %s", key, r, last)
					}
					last = r.ID
				}
				checkPages(t, s)
			}
		})
	}
}

// TestBackupWithoutJournal: parley.db alone is the whole store after Close, and one
// put back beside a journal of later does not take its texts.
func TestBackupWithoutJournal(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	mustSay(t, s, "demo", "ann", "k1", "hello")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	backup, later := t.TempDir(), t.TempDir()
	copyFile(t, dir, backup, FileName)
	s = open(t, dir, Options{})
	mustSay(t, s, "demo", "ann", "k2", "after the backup")
	copyFile(t, dir, later, JournalName)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, backup, later, FileName)
	for _, dir := range []string{backup, later} {
		s := open(t, dir, Options{})
		if got := history(t, s, "demo"); !slices.Equal(got, []string{"hello"}) {
			t.Errorf("history %q", got)
		}
		s.Close()
	}
}

// TestFullJournal: texts of more than its size, one by one and all at once. The
// file does not grow, and no commit is counted twice.
func TestFullJournal(t *testing.T) {
	o := Options{Heartbeat: time.Hour}
	s := open(t, t.TempDir(), o)
	defer s.Close()
	text := strings.Repeat("x", MaxText)
	const each = 2 * journalSize / MaxText
	before := s.Figures()
	for i := range each {
		mustSay(t, s, "demo", "i", fmt.Sprint("alone ", i), text)
	}
	if f := s.Figures(); f.Commits-before.Commits != each || f.Records-before.Records != each {
		t.Errorf("%d commits carried %d records, want %d", f.Commits-before.Commits, f.Records-before.Records, each)
	}
	release := stall(t, s)
	for i := range each {
		if err := s.AppendChat(ChatRecord{Room: "demo", Key: fmt.Sprint("together ", i), Text: text}, nil); err != nil {
			t.Fatal(err)
		}
	}
	release()
	mustSay(t, s, "demo", "i", "last", "last")
	again := open(t, crash(t, s), o)
	defer again.Close()
	for _, s := range []*Store{s, again} {
		if got := history(t, s, "demo"); len(got) != 2*each+1 || got[2*each] != "last" {
			t.Errorf("%d texts", len(got))
		}
		info, err := s.journal.file.Stat()
		if err != nil || info.Size() != journalSize {
			t.Errorf("the journal is %d bytes long, %v", info.Size(), err)
		}
	}
}
