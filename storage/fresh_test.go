package storage

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestReadsSeeFreshTexts: reads find what is only in the journal, in order, and
// across the border to what is in the main file.
func TestReadsSeeFreshTexts(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatLimit: 5, ChatAge: time.Hour, Heartbeat: time.Hour})
	defer s.Close()
	texts := []string{"0", "1", "2", "3", "4", "5"}
	for i, text := range texts {
		mustSay(t, s, "demo", "ann", text, text)
		mustSay(t, s, "other", "ann", text, "of another room")
		if i == 2 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		c.advance(time.Minute)
	}
	check := func(want []string) {
		t.Helper()
		if got := history(t, s, "demo"); !slices.Equal(got, want) {
			t.Errorf("history %q, want %q", got, want)
		}
		for _, text := range texts {
			shown := slices.Contains(want, text)
			if r, err := s.ChatByKey("demo", "ann", text); shown != (err == nil && r.Text == text) {
				t.Errorf("by key %s: %+v, %v", text, r, err)
			}
		}
	}
	check(texts[1:])
	for limit := 1; limit <= 5; limit++ {
		records, err := s.ChatHistory("demo", limit)
		if err != nil || len(records) != limit || records[0].Text != texts[6-limit] {
			t.Errorf("the last %d: %+v, %v", limit, records, err)
		}
	}
	forgetIndex(s)
	check(texts[1:])
	if r := mustSay(t, s, "demo", "ann", "5", "again"); r.Text != "5" {
		t.Errorf("second text under a fresh key: %+v", r)
	}
	c.advance(time.Hour - time.Minute - 30*time.Second) // 5 is young enough, and it alone
	check(texts[5:])
}

// forgetIndex does what indexing very many other rooms does.
func forgetIndex(s *Store) {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	clear(s.index.rooms)
	s.index.texts = 0
}

// TestFreshKeys: a key is known in the commit that carries its first text, and in
// all later ones, also when the room's index is made anew in between.
func TestFreshKeys(t *testing.T) {
	s := open(t, t.TempDir(), Options{Heartbeat: time.Hour})
	defer s.Close()
	held, done := make(chan struct{}), make(chan struct{})
	err := s.AppendChat(ChatRecord{Room: "demo", Key: "before", Text: "t"}, func(ChatRecord, error) { close(held); <-done })
	if err != nil {
		t.Fatal(err)
	}
	<-held
	var ids []string
	note := func(r ChatRecord, err error) {
		if err != nil || r.Text != "first" {
			t.Errorf("got %+v, %v", r, err)
		}
		ids = append(ids, r.ID)
	}
	for _, text := range []string{"first", "second", "third"} {
		if err := s.AppendChat(ChatRecord{Room: "demo", Key: "k", Text: text}, note); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Figures()
	close(done)
	mustSay(t, s, "other", "", "k", "after the others")
	if commits := s.Figures().Commits - before.Commits; commits > 2 {
		t.Errorf("the three came in %d commits", commits)
	}
	forgetIndex(s)
	r, err := say(s, ChatRecord{Room: "demo", Key: "k", Text: "fourth"})
	note(r, err)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	r, err = say(s, ChatRecord{Room: "demo", Key: "k", Text: "fifth"})
	note(r, err)
	if ids := slices.Compact(ids); len(ids) != 1 {
		t.Errorf("ids %v", ids)
	}
	if got := history(t, s, "demo"); !slices.Equal(got, []string{"t", "first"}) {
		t.Errorf("history %q", got)
	}
}

// TestReadsWhileTextsMove: while texts are said and moved, each read finds all that
// was acknowledged before, once and in order.
func TestReadsWhileTextsMove(t *testing.T) {
	s := open(t, t.TempDir(), Options{Heartbeat: time.Millisecond})
	defer s.Close()
	const texts = 300
	var acked sync.Mutex // guards n
	n := 0
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range texts {
			mustSay(t, s, "demo", "ann", fmt.Sprint(i), fmt.Sprint(i))
			acked.Lock()
			n = i + 1
			acked.Unlock()
		}
	})
	for least := 0; least < texts; {
		acked.Lock()
		least = n
		acked.Unlock()
		got := history(t, s, "demo")
		if len(got) < least {
			t.Fatalf("%d texts after %d", len(got), least)
		}
		for i, text := range got {
			if text != strconv.Itoa(i) {
				t.Fatalf("text %d is %q", i, text)
			}
		}
		if least > 0 {
			if _, err := s.ChatByKey("demo", "ann", strconv.Itoa(least-1)); err != nil {
				t.Fatalf("text %d by key: %v", least-1, err)
			}
		}
	}
	writer.Wait()
}
