package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"parley/engine"
	"parley/engine/wire"
	"parley/storage"
)

// These hold meetings over a real store, in real time, without media: what the
// engine keeps through storeBridge is there in the next run.

// caller is a client that keeps what it is told.
type caller struct {
	signal *engine.Signal
	told   chan *wire.Frame
	lastID int64
}

func (c *caller) Send(f *wire.Frame) bool { c.told <- f; return true }
func (c *caller) Close(int, string)       {}

func call(e *engine.Engine, addr netip.Addr) *caller {
	c := &caller{told: make(chan *wire.Frame, 256)}
	c.signal = e.Accept(c, engine.ConnInfo{Addr: addr})
	return c
}

// say sends a request, whose type and id it fills in, and returns its id.
func (c *caller) say(t testing.TB, req wire.Request) int64 {
	t.Helper()
	c.lastID++
	head := wire.Head{ID: c.lastID}
	switch r := req.(type) {
	case *wire.Join:
		head.Type = wire.TypeJoin
		r.Head = head
	case *wire.Chat:
		head.Type = wire.TypeChat
		r.Head = head
	case *wire.Rename:
		head.Type = wire.TypeRename
		r.Head = head
	case *wire.Leave:
		head.Type = wire.TypeLeave
		r.Head = head
	}
	data, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	c.signal.OnText(data)
	return c.lastID
}

// ask sends a request and waits for the reply.
func (c *caller) ask(t testing.TB, req wire.Request) wire.Message {
	t.Helper()
	id := c.say(t, req)
	for {
		select {
		case f := <-c.told:
			m, err := wire.ParseMessage(f.Text())
			if err != nil {
				t.Fatal(err)
			}
			if r, ok := m.(wire.Reply); ok && r.RequestID() == id {
				return m
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no reply to %s", req.RequestType())
		}
	}
}

// life is one run of a server: a store and an engine over it.
type life struct {
	store  *storage.Store
	disk   *hung
	engine *engine.Engine
}

func live(t testing.TB, dir string, so storage.Options, eo engine.Options) *life {
	t.Helper()
	so.Log, eo.Log = slog.New(slog.DiscardHandler), slog.New(slog.DiscardHandler)
	store, err := storage.Open(dir, so)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{store: store, disk: &hung{Records: storeBridge{store}}}
	eo.Media, eo.Records = mediaBridge{}, l.disk
	if l.engine, err = engine.New(eo); err != nil {
		t.Fatal(err)
	}
	return l
}

// end stops it, and reports what went wrong.
func (l *life) end(t testing.TB) {
	t.Helper()
	l.disk.letGo()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := errors.Join(l.engine.Stop(ctx), l.store.Close()); err != nil {
		t.Error(err)
	}
}

// hung are records whose writer hears of texts when it is let go: to the engine a
// disk that hangs.
type hung struct {
	engine.Records
	mu      sync.Mutex // guards the rest
	hanging bool
	dones   []func()
}

func (h *hung) AppendChat(t engine.Text, done func(engine.Text, error)) error {
	return h.Records.AppendChat(t, func(stored engine.Text, err error) {
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

var (
	nobody netip.Addr
	greedy = netip.MustParseAddr("192.0.2.66")
	honest = netip.MustParseAddr("2001:db8::1")
)

func adaIn() *wire.Join { return &wire.Join{Room: "tea", Name: "Ada", Identity: "key"} }
func aText() *wire.Chat { return &wire.Chat{Key: "k", Text: "hello"} }

// TestMeetingInTheStore holds a meeting over a real store, another one in a second
// run, and looks at what is on disk afterwards.
func TestMeetingInTheStore(t *testing.T) {
	dir := t.TempDir()
	first := live(t, dir, storage.Options{}, engine.Options{})
	ada := call(first.engine, nobody)
	joined := ada.ask(t, adaIn()).(*wire.Joined)
	said := *ada.ask(t, aText()).(*wire.OK).Message
	ada.ask(t, &wire.Rename{Name: "Ada Lovelace"})
	first.end(t)

	second := live(t, dir, storage.Options{}, engine.Options{})
	ada = call(second.engine, nobody)
	if again := ada.ask(t, adaIn()).(*wire.Joined); len(again.Chat) != 1 || again.Chat[0] != said {
		t.Errorf("history %+v, said was %+v", again.Chat, said)
	}
	if m := ada.ask(t, aText()).(*wire.OK).Message; *m != said {
		t.Errorf("said again as %+v", m)
	}
	if who, err := second.engine.Holder(joined.Meeting, joined.Resume); who != joined.Participant || err != nil {
		t.Errorf("the token of the run before shows %q, %v", who, err)
	}
	for _, meeting := range []string{"019ad3a4-5a71-7135-8aa1-c9d06e8fc8e3", "no id"} {
		if _, err := second.engine.Holder(meeting, joined.Resume); !errors.Is(err, engine.ErrNotYourself) {
			t.Errorf("the token for %q: %v", meeting, err)
		}
	}
	ada.ask(t, &wire.Leave{})
	second.end(t)

	store, err := storage.Open(dir, storage.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	record, err := store.Meeting(joined.Meeting)
	if err != nil {
		t.Fatal(err)
	}
	if record.Room != "tea" || record.Peak != 1 || record.End.IsZero() || record.Creator != joined.Participant || record.Limit != 1000 {
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

// TestKeySettlesInAnotherRun: a text of which nobody knew when the server ended is
// found in the next run by its key, and is there once.
func TestKeySettlesInAnotherRun(t *testing.T) {
	dir := t.TempDir()
	first := live(t, dir, storage.Options{}, engine.Options{Times: engine.Times{Chat: 50 * time.Millisecond}})
	first.disk.hanging = true
	ada := call(first.engine, nobody)
	ada.ask(t, adaIn())
	if e, _ := ada.ask(t, aText()).(*wire.Error); e == nil || e.Code != wire.CodeUnknownOutcome {
		t.Errorf("answered %+v", e)
	}
	first.end(t)
	for range 2 { // the second time to see that it was not said again
		next := live(t, dir, storage.Options{}, engine.Options{})
		ada := call(next.engine, nobody)
		history := ada.ask(t, adaIn()).(*wire.Joined).Chat
		if len(history) != 1 || history[0].Key != "k" {
			t.Fatalf("history %+v", history)
		}
		if ok, _ := ada.ask(t, aText()).(*wire.OK); ok == nil || *ok.Message != history[0] {
			t.Errorf("answered %+v, said was %+v", ok, history[0])
		}
		next.end(t)
	}
}

// TestChatFlood: many people of one address, then one of another.
func TestChatFlood(t *testing.T) {
	l := live(t, t.TempDir(), storage.Options{ChatBytes: 40_000}, engine.Options{})
	flood := func(addr netip.Addr) (taken int) {
		for person := range 3 {
			c := call(l.engine, addr)
			c.ask(t, &wire.Join{Room: "tea", Name: "X"})
			for i := range 9 {
				switch reply := c.ask(t, &wire.Chat{Key: fmt.Sprint(i), Text: strings.Repeat("x", 1000)}).(type) {
				case *wire.OK:
					taken++
				case *wire.Error:
					if reply.Code != wire.CodeChatFull {
						t.Fatalf("person %d: %+v", person, reply)
					}
				}
			}
		}
		return taken
	}
	if n := flood(greedy); n != 8 {
		t.Errorf("%d texts of the flood were stored", n)
	}
	if n := flood(honest); n != 8 {
		t.Errorf("%d texts of somebody else were stored", n)
	}
	if n := l.engine.Figures().Limited; n["room_chat"]+n["address_chat"] != 6*9-16 {
		t.Errorf("refused by %v", n)
	}
	l.end(t)
}

// BenchmarkText is one text of one person, on disk, said and heard, with many of
// them on their way.
func BenchmarkText(b *testing.B) {
	const onTheWay = 64
	l := live(b, b.TempDir(), storage.Options{ChatBytes: 1 << 40}, engine.Options{Limits: engine.Limits{
		ChatRate: rate.Inf, MessageRate: rate.Inf, AddressChatBytes: -1,
	}})
	defer l.end(b)
	c := call(l.engine, nobody)
	c.ask(b, &wire.Join{Room: "tea", Name: "Ada"})
	hear := func() {
		for {
			select {
			case f := <-c.told:
				switch text := f.Text(); {
				case bytes.Contains(text, []byte(`"error"`)):
					b.Fatalf("%s", text)
				case bytes.Contains(text, []byte(`"ok"`)):
					return
				}
			case <-time.After(10 * time.Second):
				b.Fatal("no reply")
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i >= onTheWay {
			hear()
		}
		c.say(b, &wire.Chat{Key: fmt.Sprint(i), Text: "hello"})
	}
	for range min(b.N, onTheWay) {
		hear()
	}
}
