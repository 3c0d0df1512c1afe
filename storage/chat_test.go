package storage

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func exampleDir() (dir string, cleanup func()) {
	dir, err := os.MkdirTemp("", "storage")
	if err != nil {
		panic(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

func TestChatKey(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	first := mustSay(t, s, "demo", "ann", "k", "first")
	cases := []struct {
		name, room, identity, key string
		stored                    bool
	}{
		{"again", "demo", "ann", "k", false},
		{"other room", "demo2", "ann", "k", true},
		{"other person", "demo", "bob", "k", true},
		{"other key", "demo", "ann", "k2", true},
		{"parts run together", "demo", "annk", "", true},
	}
	for _, c := range cases {
		if c.key == "" {
			c.key = "x"
		}
		got := mustSay(t, s, c.room, c.identity, c.key, c.name)
		if stored := got.ID != first.ID; stored != c.stored || (!stored && got.Text != "first") {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	defer s.Close()
	if again := mustSay(t, s, "demo", "ann", "k", "after a restart"); again.ID != first.ID || again.Text != "first" {
		t.Errorf("after a restart: %+v", again)
	}
	if found, err := s.ChatByKey("demo", "ann", "k"); err != nil || found != again(first) {
		t.Errorf("by key: %+v, %v", found, err)
	}
	if _, err := s.ChatByKey("demo", "ann", "none"); err != ErrNotFound {
		t.Errorf("by an unknown key: %v", err)
	}
}

// again is a record as it is read.
func again(r ChatRecord) ChatRecord { r.Identity = ""; return r }

func TestKeyHashKeepsPairsApart(t *testing.T) {
	if keyHash("ab", "c") == keyHash("a", "bc") {
		t.Error("two pairs share a hash")
	}
}

func TestChatIDs(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	o := Options{Now: c.now}
	s := open(t, dir, o)
	var ids []string
	for i := range 3 {
		ids = append(ids, mustSay(t, s, "demo", "i", fmt.Sprint("same time ", i), "t").ID)
	}
	c.advance(-time.Hour)
	ids = append(ids, mustSay(t, s, "demo", "i", "clock went back", "t").ID)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, o)
	defer s.Close()
	ids = append(ids, mustSay(t, s, "demo", "i", "restarted", "t").ID)
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 5 {
		t.Errorf("ids %v", ids)
	}
	r, err := say(s, ChatRecord{Room: "demo", Key: "own", ID: "my-own-id", Text: "t"})
	if err != nil || r.ID != "my-own-id" {
		t.Errorf("own id: %+v, %v", r, err)
	}
	found, err := s.ChatHistory("demo", 1)
	if err != nil || len(found) != 1 || found[0].ID != "my-own-id" {
		t.Errorf("own id: %+v, %v", found, err)
	}
}

func TestNewChatID(t *testing.T) {
	at := time.UnixMilli(1_000)
	cases := []struct {
		name      string
		last      chatID
		now       time.Time
		want      chatID
		wantsTime int64
	}{
		{"first", 0, at, 1000 << 16, 1000},
		{"same millisecond", 1000 << 16, at, 1000<<16 + 1, 1000},
		{"counter runs over", 1000<<16 + 0xffff, at, 1001 << 16, 1001},
		{"clock went back", 2000 << 16, at, 2000<<16 + 1, 2000},
		{"before 1970", 0, time.UnixMilli(-5), 1, 0},
	}
	for _, c := range cases {
		got := newChatID(c.last, c.now)
		if got != c.want || got.time().UnixMilli() != c.wantsTime {
			t.Errorf("%s: %x at %v", c.name, uint64(got), got.time())
		}
	}
}

func TestChatLimitAndAge(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	s := open(t, dir, Options{Now: c.now, ChatLimit: 10, ChatAge: time.Hour})
	for i := range 25 {
		mustSay(t, s, "demo", "i", fmt.Sprint(i), fmt.Sprint(i))
		c.advance(time.Second)
	}
	want := []string{"15", "16", "17", "18", "19", "20", "21", "22", "23", "24"}
	if got := history(t, s, "demo"); !slices.Equal(got, want) {
		t.Errorf("kept %v", got)
	}
	if got, _ := s.ChatHistory("demo", 2); len(got) != 2 || got[0].Text != "23" || got[1].Text != "24" {
		t.Errorf("the last two: %+v", got)
	}
	c.advance(time.Hour - 5*time.Second - 500*time.Millisecond) // 20 … 24 are young enough
	if got := history(t, s, "demo"); !slices.Equal(got, want[5:]) {
		t.Errorf("young enough: %v", got)
	}
	if _, err := s.ChatByKey("demo", "i", "19"); err != ErrNotFound {
		t.Errorf("an old text is found: %v", err)
	}
	if r := mustSay(t, s, "demo", "i", "19", "new under an old key"); r.Text != "new under an old key" {
		t.Errorf("the key of an old text: %+v", r)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{Now: c.now, ChatLimit: 10, ChatAge: time.Hour})
	defer s.Close()
	if got := history(t, s, "demo"); !slices.Equal(got, append(want[5:], "new under an old key")) {
		t.Errorf("after a restart: %v", got)
	}
	if r := mustSay(t, s, "demo", "i", "19", "twice"); r.Text != "new under an old key" {
		t.Errorf("the key of a new text: %+v", r)
	}
}

// stored counts the texts on disk, in either file.
func stored(t *testing.T, s *Store) (n int) {
	t.Helper()
	s.fresh.mu.Lock()
	for _, texts := range s.fresh.rooms {
		n += len(texts)
	}
	s.fresh.mu.Unlock()
	_ = s.view(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketChat).ForEach(func(_, _ []byte) error { n++; return nil })
	})
	return n
}

// TestOldChatGoes: also without any write, bounded each time, and from the index
// as well.
func TestOldChatGoes(t *testing.T) {
	const rooms, each = sweepRooms + 20, 7
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Hour, Heartbeat: time.Hour})
	defer s.Close()
	release := stall(t, s)
	for i := range rooms * each {
		if err := s.AppendChat(ChatRecord{Room: fmt.Sprint("room", i%rooms), Key: fmt.Sprint(i), Text: "t"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	release()
	for s.Flush() != nil {
		time.Sleep(time.Millisecond)
	}
	if got := stored(t, s); got != rooms*each {
		t.Fatalf("%d of %d stored", got, rooms*each)
	}
	c.advance(2 * time.Hour)
	beats := 0
	for left := rooms * each; left > 0; beats++ {
		held := stall(t, s)
		s.beat() // the writer is held, so this is its only caller
		held()
		now := stored(t, s)
		if now >= left && beats > 0 || left-now > sweepTexts {
			t.Fatalf("beat %d leaves %d of %d", beats, now, left)
		}
		left = now
	}
	if s.index.texts != 0 {
		t.Errorf("%d are indexed", s.index.texts)
	}
	if r := mustSay(t, s, "room0", "", "0", "new"); r.Text != "new" {
		t.Errorf("the key of a deleted text: %+v", r)
	}
}

// TestSweepReachesEveryRoom: old texts of one room behind many with young ones.
func TestSweepReachesEveryRoom(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Hour, Heartbeat: time.Hour})
	defer s.Close()
	mustSay(t, s, "last of all, by the length of its name", "i", "k", "old")
	c.advance(2 * time.Hour)
	release := stall(t, s)
	const young = 2 * sweepRooms
	for i := range young {
		if err := s.AppendChat(ChatRecord{Room: fmt.Sprint("room", i), Key: "k", Text: "young"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	release()
	for range 6 { // twice round, whatever the start
		held := stall(t, s)
		s.beat()
		held()
	}
	if got := stored(t, s); got != young {
		t.Errorf("%d texts on disk, want the %d young ones", got, young)
	}
}

// TestOldKeyUsedAgain: pruning the old text of a key leaves the new one findable.
func TestOldKeyUsedAgain(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Hour, Heartbeat: time.Hour})
	defer s.Close()
	mustSay(t, s, "demo", "i", "k", "old")
	c.advance(2 * time.Hour)
	mustSay(t, s, "demo", "i", "k", "new")
	release := stall(t, s)
	s.beat()
	release()
	if got := stored(t, s); got != 1 {
		t.Fatalf("%d texts on disk", got)
	}
	if r := mustSay(t, s, "demo", "i", "k", "newer"); r.Text != "new" {
		t.Errorf("stored %q beside it", r.Text)
	}
}

// TestKeyBeyondTheLimit: a text that is no longer shown no longer answers for its
// key, though it is still on disk.
func TestKeyBeyondTheLimit(t *testing.T) {
	s := open(t, t.TempDir(), Options{ChatLimit: 3})
	defer s.Close()
	for i := range 4 {
		mustSay(t, s, "demo", "i", fmt.Sprint(i), fmt.Sprint(i))
	}
	for i, want := range []string{"new", "1"} {
		_, err := s.ChatByKey("demo", "i", fmt.Sprint(i))
		if (err == ErrNotFound) != (want == "new") {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if r := mustSay(t, s, "demo", "i", "1", "new"); r.Text != "1" {
		t.Errorf("stored %q although it is shown", r.Text)
	}
	if r := mustSay(t, s, "demo", "i", "0", "new"); r.Text != "new" {
		t.Errorf("answered with %q, which nobody sees", r.Text)
	}
}

func TestHeartbeatSweeps(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Hour, Heartbeat: time.Millisecond})
	defer s.Close()
	mustSay(t, s, "demo", "i", "k", "t")
	c.advance(2 * time.Hour)
	for deadline := time.Now().Add(time.Minute); stored(t, s) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the text is still there")
		}
	}
}

// TestLimitOnDisk: no more than a little above the limit is kept, also when the
// limit was lowered between two runs.
func TestLimitOnDisk(t *testing.T) {
	dir := t.TempDir()
	fillRoom := func(o Options, texts int) int {
		s := open(t, dir, o)
		defer s.Close()
		for range texts {
			if err := s.AppendChat(ChatRecord{Room: "demo", Key: NewID(), Text: "t"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		return stored(t, s)
	}
	if got := fillRoom(Options{ChatLimit: 500}, 700); got < 500 || got > 500+pruneRoom {
		t.Errorf("%d kept of at most 500", got)
	}
	if got := fillRoom(Options{ChatLimit: 5}, 20); got < 5 || got > 5+pruneRoom {
		t.Errorf("%d kept of at most 5", got)
	}
}

// TestIndexIsBounded: rooms beyond the bound are forgotten and indexed anew from
// the disk when written to again.
func TestIndexIsBounded(t *testing.T) {
	var x chatIndex
	const each = maxIndexed / 10
	texts := make([]chatText, each)
	for room := range 30 {
		x.put(fmt.Sprint("room", room), slices.Clone(texts))
		if !x.has(fmt.Sprint("room", room)) {
			t.Fatal("the latest room is not indexed")
		}
		sum := 0
		for _, r := range x.rooms {
			sum += len(r.texts)
		}
		if sum > maxIndexed || sum != x.texts {
			t.Fatalf("%d texts indexed, counted %d, at most %d", sum, x.texts, maxIndexed)
		}
	}
	if len(x.rooms) != 10 {
		t.Errorf("%d rooms indexed", len(x.rooms))
	}
}

// TestKeysWithoutIndex: after a restart the keys come from the disk.
func TestKeysWithoutIndex(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{ChatLimit: 3})
	for i := range 5 {
		mustSay(t, s, "demo", "i", fmt.Sprint(i), fmt.Sprint(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{ChatLimit: 3})
	defer s.Close()
	for i := range 5 {
		r, err := s.ChatByKey("demo", "i", fmt.Sprint(i))
		if i < 2 && err != ErrNotFound || i >= 2 && (err != nil || r.Text != fmt.Sprint(i)) {
			t.Errorf("key %d: %+v, %v", i, r, err)
		}
	}
	if s.index.has("demo") {
		t.Error("reading has indexed the room")
	}
	if r := mustSay(t, s, "demo", "i", "4", "again"); r.Text != "4" {
		t.Errorf("second text under a key: %+v", r)
	}
	if _, err := s.ChatByKey("demo", "i", "1"); err != ErrNotFound {
		t.Errorf("a text beyond the limit, indexed: %v", err)
	}
}
