package engine

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
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
