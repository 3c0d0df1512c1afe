package engine

import (
	"fmt"
	"testing"
	"time"

	"parley/engine/wire"
)

// sample holds one good request of every type, as c would send it.
var sample = map[string]func(c *client) wire.Request{
	wire.TypeJoin: func(*client) wire.Request { return joinReq("tea", "Ada", 4) },
	wire.TypeResume: func(c *client) wire.Request {
		if c.joined == nil {
			return &wire.Resume{Token: resumeToken{room: "tea", participant: "x"}.String()}
		}
		return &wire.Resume{Token: c.joined.Resume, Seq: c.seq}
	},
	wire.TypeOffer: func(*client) wire.Request {
		r := joinReq("", "", 4)
		return &wire.Offer{Offer: "v=0", Sources: r.Sources, Seats: r.Seats}
	},
	wire.TypeView:    func(*client) wire.Request { return &wire.View{} },
	wire.TypeMute:    func(*client) wire.Request { return &wire.Mute{Source: wire.Camera, Muted: true} },
	wire.TypeChat:    func(*client) wire.Request { return &wire.Chat{Key: "k", Text: "t"} },
	wire.TypeHand:    func(*client) wire.Request { return &wire.Hand{Raised: true} },
	wire.TypeReact:   func(*client) wire.Request { return &wire.React{Emoji: "👍"} },
	wire.TypeCaption: func(*client) wire.Request { return &wire.Caption{Text: "t"} },
	wire.TypeRename:  func(*client) wire.Request { return &wire.Rename{Name: "Ada2"} },
	wire.TypePing:    func(*client) wire.Request { return &wire.Ping{} },
	wire.TypeLeave:   func(*client) wire.Request { return &wire.Leave{} },
}

// states brings a connection into each state it can be in.
var states = map[string]func(w *world) *client{
	"fresh": func(w *world) *client { return w.connect() },
	"after a refused join": func(w *world) *client {
		c := w.connect()
		c.refused(&wire.Join{Room: "..", Name: "Ada"}, wire.CodeBadRoom)
		return c
	},
	"joining": func(w *world) *client {
		c := w.connect()
		w.media.delay = 10 * time.Second
		c.send(joinReq("tea", "Ada", 4))
		w.settle()
		return c
	},
	"joined": func(w *world) *client { return w.join("tea", "Ada", 4) },
	"resumed": func(w *world) *client {
		c := w.join("tea", "Ada", 4)
		c.drop()
		if _, ok := c.resume().(*wire.Resumed); !ok {
			w.t.Fatal("not resumed")
		}
		return c
	},
	"left": func(w *world) *client {
		c := w.join("tea", "Ada", 4)
		c.ok(&wire.Leave{})
		return c
	},
	"removed": func(w *world) *client {
		c := w.join("tea", "Ada", 4)
		_ = w.engine.Remove("tea", c.id())
		w.settle()
		return c
	},
	"meeting ended": func(w *world) *client {
		c := w.join("tea", "Ada", 4)
		_ = w.engine.EndRoom("tea")
		w.settle()
		return c
	},
	"closed": func(w *world) *client {
		c := w.join("tea", "Ada", 4)
		c.drop()
		return c
	},
}

// matrix says what each request gets in each state: "ok", a code, or "-" for
// no answer because the connection is over.
var matrix = map[string]map[string]string{
	wire.TypeJoin:    row("ok", "bad_order", "already_joined"),
	wire.TypeResume:  row("resume_gone", "bad_order", "already_joined"),
	wire.TypeOffer:   row("not_joined", "bad_order", "ok"),
	wire.TypeView:    row("not_joined", "bad_order", "ok"),
	wire.TypeMute:    row("not_joined", "bad_order", "ok"),
	wire.TypeChat:    row("not_joined", "bad_order", "ok"),
	wire.TypeHand:    row("not_joined", "bad_order", "ok"),
	wire.TypeReact:   row("not_joined", "bad_order", "ok"),
	wire.TypeCaption: row("not_joined", "bad_order", "ok"),
	wire.TypeRename:  row("not_joined", "bad_order", "ok"),
	wire.TypePing:    row("ok", "ok", "ok"),
	wire.TypeLeave:   row("not_joined", "bad_order", "ok"),
}

func row(fresh, pending, bound string) map[string]string {
	return map[string]string{
		"fresh": fresh, "after a refused join": fresh, "joining": pending, "joined": bound, "resumed": bound,
		"left": "-", "removed": "-", "meeting ended": "-", "closed": "-",
	}
}

// TestOrderMatrix sends every type of request in every state. A new type or
// state without a row fails.
func TestOrderMatrix(t *testing.T) {
	for _, typ := range wire.RequestTypes() {
		for state, enter := range states {
			want, ok := matrix[typ][state]
			if !ok || sample[typ] == nil {
				t.Errorf("no row for %s when %s", typ, state)
				continue
			}
			t.Run(typ+" when "+state, func(t *testing.T) {
				run(t, Options{}, func(w *world) {
					witness := w.join("other", "Witness", 4)
					c := enter(w)
					c.pump()
					c.got = nil
					witness.clear()
					if got := answer(c, sample[typ](c)); got != want {
						t.Errorf("got %s, want %s", got, want)
					}
					w.settle()
					if witness.pump(); len(witness.got) != 0 {
						t.Errorf("another room saw %v", witness.got)
					}
				})
			})
		}
	}
}

// answer sends a request and names what came back.
func answer(c *client, req wire.Request) string {
	id := c.send(req)
	c.w.settle()
	c.pump()
	for _, m := range c.got {
		r, ok := m.(wire.Reply)
		if !ok || r.RequestID() != id {
			continue
		}
		if e, refused := m.(*wire.Error); refused {
			return string(e.Code)
		}
		return "ok"
	}
	return "-"
}

// TestNobodyActsForAnother sends what names another participant, from another
// room, after having been removed, and with another's token.
func TestNobodyActsForAnother(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, eve := w.join("tea", "Ada", 4), w.join("other", "Eve", 4)
		ada.clear()
		eve.refused(&wire.Chat{Key: "1", Text: "psst", To: ada.id()}, wire.CodeNoParticipant)
		eve.ok(&wire.View{Items: []wire.ViewItem{{Participant: ada.id(), Source: wire.Camera, Width: 9, Height: 9}}})
		w.advance(time.Second)
		eve.pump()
		ada.pump()
		if len(eve.seats) != 0 || len(ada.got) != 0 {
			t.Errorf("Eve sees %v, Ada saw %v", eve.seats, ada.got)
		}
		token, _ := parseToken(ada.joined.Resume)
		evesToken, _ := parseToken(eve.joined.Resume)
		thief := w.connect()
		thief.refused(&wire.Resume{Token: resumeToken{"tea", token.participant, evesToken.secret}.String()}, wire.CodeResumeGone)
		if err := w.engine.Remove("tea", eve.id()); err != nil {
			t.Fatal(err)
		}
		if err := w.engine.Remove("nowhere", ada.id()); err != nil {
			t.Fatal(err)
		}
		w.settle()
		eve.ok(&wire.Ping{})
		ada.ok(&wire.Ping{})
	})
}

func TestMalformedMessagesAreRefusedAndCounted(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		bob.clear()
		for _, c := range []struct {
			text string
			code wire.Code
		}{
			{"", wire.CodeBadJSON}, {"{", wire.CodeBadJSON}, {`{"type":"fly","id":1}`, wire.CodeUnknownType},
			{`{"type":"chat","id":1,"key":null,"text":"x"}`, wire.CodeMissingField},
			{`{"type":"view","id":1,"items":[null]}`, wire.CodeBadField},
			{`{"type":"react","id":1,"emoji":"x"}`, wire.CodeBadField},
		} {
			ada.clear()
			ada.signal.OnText([]byte(c.text))
			w.settle()
			if e := one[*wire.Error](ada); e.Code != c.code {
				t.Errorf("%s: %s", c.text, e.Code)
			}
		}
		if bob.pump(); len(bob.got) != 0 {
			t.Errorf("Bob saw %v", bob.got)
		}
		if n := w.engine.Figures().Errors[string(wire.CodeBadJSON)]; n != 2 {
			t.Errorf("counted %d", n)
		}
	})
}

func TestFlood(t *testing.T) {
	run(t, Options{Limits: Limits{ShowRate: 1e6, ShowBurst: 1e6}}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.clear()
		bob.clear()
		for range 60 {
			ada.send(&wire.React{Emoji: "👍"})
		}
		w.settle()
		if n := len(events[*wire.Reacted](bob)); n < 55 {
			t.Errorf("%d of 60 reactions arrived", n)
		}
		ada.clear()
		e := ada.refused(&wire.React{Emoji: "👍"}, wire.CodeRateLimited)
		if e.RetryAfterMS < 1 || e.RetryAfterMS > 60 {
			t.Errorf("retry after %d ms", e.RetryAfterMS)
		}
		for range 300 {
			ada.send(&wire.React{Emoji: "👍"})
		}
		w.settle()
		ada.ended(wire.CloseStatus(wire.CodeRateLimited))
		if bye := one[*wire.Bye](ada); bye.Code != wire.CodeRateLimited {
			t.Errorf("bye %+v", bye)
		}
		if away := one[*wire.ParticipantAway](bob); !away.Away {
			t.Errorf("away %+v", away)
		}
		bob.ok(&wire.Ping{})
	})
}

// TestShowLimit: what goes to all others is limited by participant, all kinds of
// it together and on whatever connection; the rest is not.
func TestShowLimit(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		bob.clear()
		kinds := []func(i int) wire.Request{
			func(int) wire.Request { return &wire.React{Emoji: "👍"} },
			func(i int) wire.Request { return &wire.Hand{Raised: i%2 == 0} },
			func(i int) wire.Request { return &wire.Mute{Source: wire.Camera, Muted: i%2 == 0} },
			func(i int) wire.Request { return &wire.Caption{Text: fmt.Sprint(i)} },
			func(i int) wire.Request { return &wire.Rename{Name: fmt.Sprint("Ada", i)} },
		}
		start := time.Now()
		for i := 0; time.Since(start) < 10*time.Second; i++ {
			ada.send(kinds[i%len(kinds)](i / len(kinds)))
			w.advance(60 * time.Millisecond)
			if i == 100 {
				ada.resume()
			}
		}
		shown := len(events[*wire.Reacted](bob)) + len(events[*wire.HandChanged](bob)) + len(events[*wire.Muted](bob)) +
			len(events[*wire.Captioned](bob)) + len(events[*wire.ParticipantRenamed](bob))
		if shown < 30 || shown > 61 {
			t.Errorf("bob was shown %d in 10 s", shown)
		}
		taken := 0
		for _, kind := range kinds {
			switch reply := ada.call(kind(1)).(type) {
			case *wire.OK:
				taken++
			case *wire.Error:
				if reply.Code != wire.CodeRateLimited || reply.RetryAfterMS < 1 || reply.RetryAfterMS > 200 {
					t.Errorf("refused with %+v", reply)
				}
			}
		}
		if taken > 1 {
			t.Errorf("%d more were taken at once", taken)
		}
		ada.ok(&wire.View{})
		ada.ok(&wire.Chat{Key: "1", Text: "hello"})
		w.advance(200 * time.Millisecond)
		ada.ok(&wire.React{Emoji: "👍"})
	})
}

func TestSlowConsumerCostsItselfOnly(t *testing.T) {
	run(t, Options{Limits: Limits{MessageRate: 1000, ChatRate: 1000, ChatBurst: 1000}}, func(w *world) {
		var people []*client
		for i := range 50 {
			people = append(people, w.join("tea", fmt.Sprint("P", i), 0))
		}
		for _, c := range people {
			c.clear()
		}
		frozen := people[7]
		frozen.conn.mu.Lock()
		frozen.conn.limit, frozen.conn.frozen, frozen.conn.bytes = 20_000, true, 0
		frozen.conn.mu.Unlock()
		heard := make([]int, 50)
		for i := range 500 {
			people[0].send(&wire.Chat{Key: fmt.Sprint(i), Text: "one of a hundred texts a second"})
			w.advance(10 * time.Millisecond)
			for n, c := range people {
				if c != frozen {
					heard[n] += len(events[*wire.Chatted](c))
				}
			}
		}
		frozen.ended(1006)
		for n, c := range people {
			if c != frozen && heard[n] != 500 {
				t.Errorf("%s heard %d texts", c.name(), heard[n])
			}
		}
		// It comes back with what it missed.
		if _, ok := frozen.resume().(*wire.Resumed); !ok {
			t.Error("not resumed")
		}
		if n := len(events[*wire.Chatted](frozen)); n < 100 {
			t.Errorf("got %d texts after", n)
		}
	})
}
