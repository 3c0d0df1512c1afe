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
	if slices.Equal(keyHash("ab", "c"), keyHash("a", "bc")) {
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

// chatRecords counts the records in the chat buckets.
func chatRecords(t *testing.T, s *Store) (chat, keys, ages int) {
	t.Helper()
	_ = s.view(func(tx *bolt.Tx) error {
		for name, n := range map[string]*int{"chat": &chat, "chat_keys": &keys, "chat_ages": &ages} {
			_ = tx.Bucket([]byte(name)).ForEach(func(_, _ []byte) error { *n++; return nil })
		}
		return nil
	})
	return chat, keys, ages
}

// TestPruningIsBoundedAndComplete: each commit deletes some of what is too old,
// heartbeats the rest, and nothing of it stays in any bucket.
func TestPruningIsBoundedAndComplete(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Hour, Heartbeat: time.Hour, ChatLimit: 10_000})
	defer s.Close()
	release := stall(t, s)
	const texts = 3*pruneAge + 10
	for i := range texts {
		err := s.AppendChat(ChatRecord{Room: fmt.Sprint("room", i%7), Key: fmt.Sprint(i), Text: "t"}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	release()
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Hour)
	left := texts
	for left > 0 {
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		left = max(0, left-pruneAge)
		chat, keys, ages := chatRecords(t, s)
		if chat != left || keys != left || ages != left {
			t.Fatalf("left %d texts, %d keys, %d ages, want %d", chat, keys, ages, left)
		}
	}
	for room := range 7 { // the counts have followed
		if n := s.writer.counts[fmt.Sprint("room", room)]; n != 0 {
			t.Errorf("room %d counts %d", room, n)
		}
	}
}

// TestOldChatGoesWithoutWrites: an idle server forgets as well.
func TestOldChatGoesWithoutWrites(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Hour, Heartbeat: time.Millisecond})
	defer s.Close()
	mustSay(t, s, "demo", "i", "k", "t")
	c.advance(2 * time.Hour)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if chat, keys, ages := chatRecords(t, s); chat+keys+ages == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the text is still there")
		}
	}
}

// TestLoweredLimit: what is beyond a new limit goes with the next texts.
func TestLoweredLimit(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	for i := range 40 {
		mustSay(t, s, "demo", "i", fmt.Sprint(i), "t")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{ChatLimit: 5})
	defer s.Close()
	for i := range 15 {
		mustSay(t, s, "demo", "i", fmt.Sprint("new", i), "t")
	}
	if chat, keys, ages := chatRecords(t, s); chat != 5 || keys != 5 || ages != 5 {
		t.Errorf("%d texts, %d keys, %d ages", chat, keys, ages)
	}
}
