package engine

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parley/engine/wire"
	"parley/storage"
)

// TestWithTheRealStorage holds a meeting over a real store and looks at what
// is on disk afterwards. Time is real.
func TestWithTheRealStorage(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	dir := t.TempDir()
	hold := func(meet func(e *Engine, s *Signal, in chan *wire.Frame)) {
		store, err := storage.Open(dir, storage.Options{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		engine, err := New(Options{Media: &memMedia{}, Records: store, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		conn := &countConn{frames: &(&bench{}).frames, reply: make(chan *wire.Frame, 16), closed: make(chan struct{})}
		meet(engine, engine.Accept(conn, ConnInfo{}), conn.reply)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := engine.Stop(ctx); err != nil {
			t.Error(err)
		}
		if n := engine.Figures().Unrecorded; n != 0 {
			t.Errorf("%d records failed", n)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	tell := func(s *Signal, req wire.Request, id int64) {
		setHead(req, id)
		data, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		s.OnText(data)
	}
	next := func(in chan *wire.Frame, id int64) wire.Message {
		for {
			select {
			case f := <-in:
				m, err := wire.ParseMessage(f.Text())
				if err != nil {
					t.Fatal(err)
				}
				if r, ok := m.(wire.Reply); ok && r.RequestID() == id {
					return m
				}
			case <-time.After(10 * time.Second):
				t.Fatal("no reply")
			}
		}
	}

	var first *wire.Joined
	var said wire.ChatMessage
	hold(func(_ *Engine, s *Signal, in chan *wire.Frame) {
		tell(s, &wire.Join{Room: "tea", Name: "Ada", Identity: "key"}, 1)
		first = next(in, 1).(*wire.Joined)
		tell(s, &wire.Chat{Key: "k", Text: "hello"}, 2)
		said = *next(in, 2).(*wire.OK).Message
		tell(s, &wire.Rename{Name: "Ada Lovelace"}, 3)
		next(in, 3)
	})
	hold(func(e *Engine, s *Signal, in chan *wire.Frame) {
		tell(s, &wire.Join{Room: "tea", Name: "Ada", Identity: "key"}, 1)
		again := next(in, 1).(*wire.Joined)
		if len(again.Chat) != 1 || again.Chat[0] != said {
			t.Errorf("history %+v, said was %+v", again.Chat, said)
		}
		tell(s, &wire.Chat{Key: "k", Text: "hello"}, 2)
		if m := next(in, 2).(*wire.OK).Message; *m != said {
			t.Errorf("said again as %+v", m)
		}
		if who, err := e.Holder(first.Meeting, first.Resume); who != first.Participant || err != nil {
			t.Errorf("the token of the run before shows %q, %v", who, err)
		}
		tell(s, &wire.Leave{}, 3)
		next(in, 3)
	})

	store, err := storage.Open(dir, storage.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	record, err := store.Meeting(first.Meeting)
	if err != nil {
		t.Fatal(err)
	}
	if record.Room != "tea" || record.Peak != 1 || record.End.IsZero() || record.Creator != first.Participant {
		t.Errorf("meeting %+v", record.Meeting)
	}
	if p := record.Participants; len(p) != 1 || p[0].Name != "Ada Lovelace" || p[0].User == "" || p[0].User == "key" ||
		len(p[0].Intervals) != 1 || p[0].Intervals[0].Reason != string(wire.ReasonShutdown) {
		t.Errorf("participants %+v", p)
	}
	all, err := store.Meetings(storage.MeetingsQuery{Room: "tea"})
	if err != nil || len(all) != 2 {
		t.Errorf("%d meetings, %v", len(all), err)
	}
}

// hung is a real storage whose writer hears of texts when it is let go: to the
// engine a disk that hangs.
type hung struct {
	*storage.Store
	mu      sync.Mutex // guards the rest
	hanging bool
	dones   []func()
}

func (h *hung) AppendChat(c storage.ChatRecord, done func(storage.ChatRecord, error)) error {
	return h.Store.AppendChat(c, func(stored storage.ChatRecord, err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.hanging {
			h.dones = append(h.dones, func() { done(stored, err) })
			return
		}
		done(stored, err)
	})
}

func (h *hung) letGo() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hanging = false
	for _, done := range h.dones {
		done()
	}
}

// TestKeySettlesInAnotherRun: a text of which nobody knew when the server ended is
// found in the next run by its key, and is there once. Time is real.
func TestKeySettlesInAnotherRun(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	dir := t.TempDir()
	live := func(hanging bool, meet func(c *countConn, s *Signal)) {
		store, err := storage.Open(dir, storage.Options{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		disk := &hung{Store: store, hanging: hanging}
		engine, err := New(Options{Media: &memMedia{}, Records: disk, Log: log, Times: Times{Chat: 50 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		conn := &countConn{frames: &(&bench{}).frames, reply: make(chan *wire.Frame, 16), closed: make(chan struct{})}
		meet(conn, engine.Accept(conn, ConnInfo{}))
		disk.letGo()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := engine.Stop(ctx); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	ask := func(c *countConn, s *Signal, req wire.Request, id int64) wire.Message {
		setHead(req, id)
		data, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		s.OnText(data)
		for {
			select {
			case f := <-c.reply:
				m, err := wire.ParseMessage(f.Text())
				if r, ok := m.(wire.Reply); err == nil && ok && r.RequestID() == id {
					return m
				}
			case <-time.After(10 * time.Second):
				t.Fatal("no reply")
			}
		}
	}
	join := func() *wire.Join { return &wire.Join{Room: "tea", Name: "Ada", Identity: "key"} }
	text := func() *wire.Chat { return &wire.Chat{Key: "k", Text: "hello"} }

	live(true, func(c *countConn, s *Signal) {
		ask(c, s, join(), 1)
		if e, _ := ask(c, s, text(), 2).(*wire.Error); e == nil || e.Code != wire.CodeUnknownOutcome {
			t.Errorf("answered %+v", e)
		}
	})
	live(false, func(c *countConn, s *Signal) {
		history := ask(c, s, join(), 1).(*wire.Joined).Chat
		if len(history) != 1 || history[0].Key != "k" {
			t.Fatalf("history %+v", history)
		}
		if ok, _ := ask(c, s, text(), 2).(*wire.OK); ok == nil || *ok.Message != history[0] {
			t.Errorf("answered %+v, said was %+v", ok, history[0])
		}
	})
	live(false, func(c *countConn, s *Signal) {
		if n := len(ask(c, s, join(), 1).(*wire.Joined).Chat); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}
