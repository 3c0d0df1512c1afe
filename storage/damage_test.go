package storage

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// content is all that a store answers.
type content struct {
	meetings map[string]string // by id
	texts    map[string]string // by room and key
	entries  map[string]string // by kind and key
}

// contentOf reads everything. An error means that something can not be read.
func contentOf(s *Store, rooms []string) (content, error) {
	c := content{make(map[string]string), make(map[string]string), make(map[string]string)}
	list, err := s.Meetings(MeetingsQuery{Limit: MaxMeetingsPage})
	if err != nil {
		return c, err
	}
	for _, m := range list {
		record, err := s.Meeting(m.ID)
		if err != nil {
			return c, err
		}
		c.meetings[m.ID] = fmt.Sprintf("%+v", *record)
	}
	for _, room := range rooms {
		texts, err := s.ChatHistory(room, 0)
		if err != nil {
			return c, err
		}
		for _, text := range texts {
			c.texts[room+"/"+text.Key] = fmt.Sprintf("%+v", text)
		}
	}
	entries, _, err := s.entries()
	for _, e := range entries {
		c.entries[e.Kind+"/"+e.Key] = lineOf(e)
		if e.Revision == 0 {
			return c, fmt.Errorf("entry %s %s: %w", e.Kind, e.Key, ErrNotAStore)
		}
	}
	return c, err
}

func (c content) equal(d content) bool {
	return fmt.Sprint(c.meetings) == fmt.Sprint(d.meetings) && fmt.Sprint(c.texts) == fmt.Sprint(d.texts) &&
		fmt.Sprint(c.entries) == fmt.Sprint(d.entries)
}

// damageRooms are the rooms of damageStore.
var damageRooms = []string{"demo", "room with a longer name", "third"}

// damageStore makes a small store of every kind of record, over some pages, closed or
// as a crash leaves it, and returns its folder and what it holds.
func damageStore(t *testing.T, o Options, clean bool) (dir string, holds content) {
	t.Helper()
	made := t.TempDir()
	s := open(t, made, o)
	defer s.Close()
	now := s.o.Now()
	for i := range 12 {
		id := begin(t, s, Meeting{Room: damageRooms[i%3], Creator: "c", Start: now})
		for p := range 6 {
			enter(t, s, id, fmt.Sprint("person ", p), now)
			if p == 0 {
				leave(t, s, id, "person 0", now)
			}
		}
		wait(t, nil, func(done func(error)) error {
			return s.Rate(id, Rating{Participant: "person 1", Stars: 1 + i%5, Comment: strings.Repeat("c", 40), At: now}, done)
		})
		wait(t, nil, func(done func(error)) error {
			return s.AppendAct(id, Act{At: now, By: "person 1", What: "mute", Whom: "person 2"}, done)
		})
		wait(t, nil, func(done func(error)) error { return s.EndMeeting(id, now, "", done) })
	}
	for i := range 60 {
		mustSay(t, s, damageRooms[i%3], "ann", fmt.Sprint("k", i), strings.Repeat("text ", 1+i))
	}
	for i := range uint64(30) {
		kind, key := []string{"keys", "rooms"}[i%2], fmt.Sprint("entry ", i)
		first := putEntry(t, s, kind, key, "first of "+key, 0)
		second := putEntry(t, s, kind, key, strings.Repeat("second of "+key+" ", 1+int(i)), first)
		if i%10 == 9 {
			deleteEntry(t, s, kind, key, second)
		}
	}
	mustSay(t, s, "demo", "ann", "long", strings.Repeat("long ", 4000))
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range 8 { // for the journal
		mustSay(t, s, damageRooms[i%3], "ann", fmt.Sprint("j", i), strings.Repeat("x", 700*i+1))
	}
	if clean {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dir = t.TempDir()
	copyFile(t, made, dir, FileName)
	copyFile(t, made, dir, JournalName)
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, FileName), data[:usedSize(FileName, data)]) // not the 16 MiB that bbolt takes at once
	again := open(t, copyStore(t, dir), o)
	defer again.Close()
	holds, err = contentOf(again, damageRooms)
	if err != nil || len(holds.meetings) != 12 || len(holds.texts) != 69 || len(holds.entries) != 27 {
		t.Fatalf("%d meetings, %d texts, %d entries, %v", len(holds.meetings), len(holds.texts), len(holds.entries), err)
	}
	return dir, holds
}

func copyStore(t testing.TB, dir string) string {
	t.Helper()
	to := fastDir(t)
	copyFile(t, dir, to, FileName)
	copyFile(t, dir, to, JournalName)
	return to
}

// fastDir is a folder in memory, where there is that: what is tried here a thousand
// times is what is read, not that it is synced.
func fastDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "parley-damage-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// damages are what is done to a block of a file, at a place.
var damages = map[string]func(data []byte, at, size int, rng *rand.Rand) []byte{
	"8 bytes at the beginning":  flip8(0),
	"8 bytes behind the header": flip8(16),
	"8 bytes at 100":            flip8(100),
	"8 bytes in the middle":     flip8(2050),
	"8 bytes at the end":        flip8(4088),
	"8 bytes somewhere": func(data []byte, at, size int, rng *rand.Rand) []byte {
		return flip8(rng.IntN(size-8))(data, at, size, rng)
	},
	"8 other bytes somewhere": func(data []byte, at, size int, rng *rand.Rand) []byte {
		return flip8(rng.IntN(size-8))(data, at, size, rng)
	},
	"zeros": func(data []byte, at, size int, _ *rand.Rand) []byte {
		clear(data[at : at+size])
		return data
	},
	"noise": func(data []byte, at, size int, rng *rand.Rand) []byte {
		for i := range size {
			data[at+i] = byte(rng.Uint32())
		}
		return data
	},
	"the end of the file": func(data []byte, at, _ int, _ *rand.Rand) []byte { return data[:at] },
}

func flip8(where int) func([]byte, int, int, *rand.Rand) []byte {
	return func(data []byte, at, size int, _ *rand.Rand) []byte {
		for i := range 8 {
			data[at+where+i] ^= 0xff
		}
		return data
	}
}

// TestDamageAnywhere damages each 4 KiB of a small store's files, in two of ten ways in
// turn, of a store that was closed and of one that a crash left; with PARLEY_ALL_DAMAGE
// in all ways, with the race detector each other block in one. Open gives what was there,
// or one line that names the file; or it says what is damaged, and a read of that fails.
// Nothing is missing in silence. Repair then gives a store that opens, with all that
// was not on the damaged pages.
func TestDamageAnywhere(t *testing.T) {
	o := Options{Now: newClock().now, Heartbeat: time.Hour, LockWait: time.Second}
	seen, found := make(map[string]int), make(map[string]int)
	share := 5 // of the damages each block gets that part, in turn
	switch {
	case os.Getenv("PARLEY_ALL_DAMAGE") != "":
		share = 1
	case raceOn:
		share = 20
	}
	for _, clean := range []bool{true, false} {
		dir, holds := damageStore(t, o, clean)
		for _, name := range []string{FileName, JournalName} {
			sound, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			size := usedSize(name, sound)
			for at := 0; at < size; at += blockSize {
				for i, what := range slices.Sorted(maps.Keys(damages)) {
					if (at/blockSize+i)%share != 0 {
						continue
					}
					damage := damages[what]
					rng := rand.New(rand.NewPCG(uint64(at), uint64(len(what))))
					data := damage(bytes.Clone(sound), at, blockSize, rng)
					d := damaged{t: t, o: o, found: found, holds: holds, name: name, dir: fastDir(t), label: fmt.Sprintf("clean %v, %s, %d: %s", clean, name, at/blockSize, what)}
					for _, other := range []string{FileName, JournalName} {
						copyFile(t, dir, d.dir, other)
					}
					write(t, filepath.Join(d.dir, name), data)
					seen[d.run()]++
					_ = os.RemoveAll(d.dir)
				}
			}
		}
	}
	t.Logf("outcomes: %v, found on loose pages: %v", seen, found)
	for _, kind := range []string{KindMeeting, KindAttendance, KindRating, KindText, KindEntry, KindAct} {
		if found[kind] == 0 {
			t.Errorf("no repair found any of the %s on a page that nothing led to", kind)
		}
	}
	for _, want := range []string{"right", "refused", "said"} {
		if seen[want] == 0 {
			t.Errorf("no damage ended with %q: %v", want, seen)
		}
	}
}

// usedSize leaves out what a file has beyond its last page, and of the journal most of
// what is unused.
func usedSize(name string, data []byte) int {
	if name == JournalName {
		return 24 * blockSize
	}
	meta, _ := readMetas(bytes.NewReader(data), int64(len(data)))
	return int(meta.high) * meta.pageSize
}

// damaged is a store with one damage.
type damaged struct {
	t                *testing.T
	o                Options
	holds            content
	dir, name, label string
	found            map[string]int // what repairs found on loose pages, by kind
}

// run opens it, compares, repairs, and returns how Open ended.
func (d *damaged) run() string {
	var log bytes.Buffer
	o := d.o
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	before, _ := os.ReadFile(filepath.Join(d.dir, d.name))
	other := copyStore(d.t, d.dir)
	s, err := Open(d.dir, o)
	if err != nil {
		d.line(err)
		if after, _ := os.ReadFile(filepath.Join(d.dir, d.name)); !bytes.Equal(before, after) {
			d.t.Errorf("%s: refused, and changed", d.label)
		}
		d.repair(other)
		_ = os.RemoveAll(other)
		return "refused"
	}
	defer os.RemoveAll(other)
	got, err := contentOf(s, damageRooms)
	_ = s.Close()
	said := log.String()
	switch {
	case err != nil && (!errors.Is(err, ErrNotAStore) || !strings.Contains(said, "damaged records")):
		d.t.Errorf("%s: a read fails with %v, said was %q", d.label, err, said)
	case err == nil && !got.equal(d.holds) && !strings.Contains(said, "not whole") && !strings.Contains(said, "damaged records"):
		d.t.Errorf("%s: %d meetings, %d texts, and said is only %q", d.label, len(got.meetings), len(got.texts), said)
	case strings.Contains(said, "not whole"):
		if copies, _ := filepath.Glob(filepath.Join(d.dir, JournalName+damagedSuffix+"*")); len(copies) != 1 {
			d.t.Errorf("%s: kept are %q", d.label, copies)
		}
		fallthrough
	case strings.Contains(said, "damaged records"):
		d.repair(other)
		return "said"
	}
	return "right"
}

// line checks what an operator reads.
func (d *damaged) line(err error) {
	text := err.Error()
	if !errors.Is(err, ErrNotAStore) || strings.Contains(text, "\n") || !strings.Contains(text, filepath.Join(d.dir, d.name)) || len(text) > 500 {
		d.t.Errorf("%s: not one line that names the file: %v", d.label, err)
	}
}

// repair repairs a copy and compares what is left: no record is another one than it
// was, and of a file cut off, or a damaged page, only what was there is gone.
func (d *damaged) repair(dir string) {
	done, err := Repair(dir)
	if err != nil {
		d.t.Errorf("%s: repair: %v", d.label, err)
		return
	}
	if len(done.Kept) == 0 {
		d.t.Errorf("%s: nothing to repair", d.label)
	}
	for kind, n := range done.Found {
		d.found[kind] += n
	}
	o := d.o
	o.Log = quiet
	s, err := Open(dir, o)
	if err != nil {
		d.t.Errorf("%s: after the repair: %v", d.label, err)
		return
	}
	got, err := contentOf(s, damageRooms)
	_ = s.Close()
	if err != nil {
		d.t.Errorf("%s: after the repair: %v", d.label, err)
		return
	}
	cut := strings.HasSuffix(d.label, "the end of the file")
	if d.name == FileName && !cut && len(got.texts) < len(d.holds.texts)-30 {
		d.t.Errorf("%s: repair saved %d of %d texts: %+v", d.label, len(got.texts), len(d.holds.texts), done)
	}
	for key, text := range got.texts {
		if d.holds.texts[key] != text {
			d.t.Errorf("%s: repair made of %s: %s", d.label, key, text)
		}
	}
	for key, entry := range got.entries { // on its page of before it is as it was
		of := strings.TrimPrefix(strings.TrimPrefix(key, "keys/"), "rooms/")
		if d.holds.entries[key] != entry && !strings.Contains(entry, " first of "+of+" ") && !strings.Contains(entry, " second of "+of+" ") {
			d.t.Errorf("%s: repair made of %s: %s", d.label, key, entry)
		}
		if d.holds.entries[key] != entry && done.Found[KindEntry] == 0 {
			d.t.Errorf("%s: %s is as it was before, and repair says nothing: %s", d.label, key, entry)
		}
	}
	lost := len(d.holds.texts) + len(d.holds.meetings) - len(got.texts) - len(got.meetings)
	for key := range d.holds.entries {
		if got.entries[key] == "" {
			lost++
		}
	}
	if lost > 0 && len(done.Faults) == 0 {
		d.t.Errorf("%s: repair lost %d records and says nothing", d.label, lost)
	}
	report, err := Check(dir)
	if err != nil || len(report.Faults) > 0 && done.LostMeetings == 0 {
		d.t.Errorf("%s: check after the repair: %+v, %v", d.label, report, err)
	}
}

// TestDeletedFiles: what is gone, foreign, or empty is said.
func TestDeletedFiles(t *testing.T) {
	o := Options{Now: newClock().now, Heartbeat: time.Hour, Log: quiet}
	crashed, _ := damageStore(t, o, false)
	closed, _ := damageStore(t, o, true)
	foreign, _ := damageStore(t, o, false)
	cases := []struct {
		name   string
		dir    string
		change func(dir string)
		want   string // "" opens, with all texts
	}{
		{"journal deleted after a crash", crashed, func(dir string) { remove(t, filepath.Join(dir, JournalName)) }, "missing"},
		{"journal emptied after a crash", crashed, func(dir string) { write(t, filepath.Join(dir, JournalName), nil) }, "missing or empty"},
		{"another store's journal after a crash", crashed, func(dir string) { copyFile(t, foreign, dir, JournalName) }, "another store"},
		{"journal deleted after Close", closed, func(dir string) { remove(t, filepath.Join(dir, JournalName)) }, ""},
		{"another store's journal after Close", closed, func(dir string) { copyFile(t, foreign, dir, JournalName) }, ""},
		{"store deleted", crashed, func(dir string) { remove(t, filepath.Join(dir, FileName)) }, "missing"},
		{"store cut to nothing", crashed, func(dir string) { write(t, filepath.Join(dir, FileName), nil) }, "empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := copyStore(t, c.dir)
			c.change(dir)
			s, err := Open(dir, o)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if got, err := contentOf(s, damageRooms); err != nil || len(got.texts) != 69 {
					t.Errorf("%d texts, %v", len(got.texts), err)
				}
				return
			}
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, ErrNotAStore) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			done, err := Repair(dir)
			if err != nil {
				t.Fatal(err)
			}
			s = open(t, dir, o)
			defer s.Close()
			if got, err := contentOf(s, damageRooms); err != nil || strings.HasPrefix(c.name, "journal") && len(got.texts) < 61 {
				t.Errorf("%d texts, %v, %+v", len(got.texts), err, done)
			}
		})
	}
}

// TestCopiesAreBounded: a journal that is torn again and again fills no disk.
func TestCopiesAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a [strange] folder*", JournalName)
	mkdir(t, filepath.Dir(path))
	c := newClock()
	var last string
	for range 3 * maxCopies {
		c.advance(time.Second)
		var err error
		if last, err = keepCopy(path, []byte("x"), c.now()); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != maxCopies {
		t.Errorf("%d copies, %v", len(entries), err)
	}
	if !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == filepath.Base(last) }) {
		t.Error("the latest is not among them")
	}
}

// TestRecordsOnLoosePages: of each record is known which bucket it is of, by itself.
func TestRecordsOnLoosePages(t *testing.T) {
	o := Options{Now: newClock().now, Heartbeat: time.Hour}
	dir, _ := damageStore(t, o, true)
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	guessed := make(map[string]int)
	_, faults := walkPages(f, info.Size(), 1, func(bucket string, key, value []byte) {
		want := bucket
		if kind := kindOf(bucket); kind == KindIndex || kind == KindNote {
			want = "" // they are made anew
		}
		got := guessBucket(key, value)
		if guessed[got]++; got != want {
			t.Errorf("%s %q is taken for %q", bucket, key, got)
		}
	})
	if len(faults) > 0 || len(guessed) != 7 {
		t.Errorf("%v, %v", guessed, faults)
	}
}
