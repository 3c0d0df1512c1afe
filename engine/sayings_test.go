package engine

import (
	"fmt"
	"testing"
	"time"

	"parley/engine/wire"
)

// known is a join with a lasting identity: what such a person says is the same
// person's after another join.
func known(name string) *wire.Join {
	req := joinReq("tea", name, 0)
	req.Identity = name + "'s key"
	return req
}

// replyTo returns the answer to a request of c, nil if there is none yet.
func replyTo(c *client, id int64) wire.Message {
	c.pump()
	for i, m := range c.got {
		if r, ok := m.(wire.Reply); ok && r.RequestID() == id {
			c.got = append(c.got[:i:i], c.got[i+1:]...)
			c.checkDocumented(wire.TypeChat, m)
			return m
		}
	}
	return nil
}

// wantCode wants a request refused with code.
func wantCode(t *testing.T, c *client, id int64, code wire.Code) {
	t.Helper()
	if e, ok := replyTo(c, id).(*wire.Error); !ok || e.Code != code {
		t.Errorf("request %d: %+v, want %s", id, e, code)
	}
}

// TestTextOfAStuckDisk: nobody is left without an answer, nothing is claimed that
// is not known, and the text is said once when the disk is well.
func TestTextOfAStuckDisk(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.joinAs(known("Ada")), w.joinAs(known("Bob"))
		w.records.setStuck(true)
		first := ada.send(&wire.Chat{Key: "k", Text: "hello"})
		w.advance(29 * time.Second)
		if m := replyTo(ada, first); m != nil {
			t.Fatalf("answered %+v", m)
		}
		w.advance(2 * time.Second)
		wantCode(t, ada, first, wire.CodeUnknownOutcome)

		// Asked again it waits for the same text, however often.
		again := ada.send(&wire.Chat{Key: "k", Text: "hello"})
		w.advance(10 * time.Second)
		more := ada.send(&wire.Chat{Key: "k", Text: "hello"})
		w.advance(10 * time.Second)
		if n := len(w.records.queue); n != 1 {
			t.Errorf("given to the storage %d times", n)
		}
		w.records.setStuck(false)
		w.settle()
		said := one[*wire.Chatted](bob)
		own := one[*wire.Chatted](ada)
		if said.Message.Text != "hello" || own.Message != said.Message {
			t.Errorf("said %+v, own %+v", said.Message, own.Message)
		}
		for _, id := range []int64{again, more} {
			if ok, _ := replyTo(ada, id).(*wire.OK); ok == nil || *ok.Message != said.Message {
				t.Errorf("request %d: %+v", id, ok)
			}
		}
		if m := ada.ok(&wire.Chat{Key: "k", Text: "hello"}).(*wire.OK).Message; *m != said.Message || len(events[*wire.Chatted](bob)) != 0 {
			t.Errorf("said again as %+v", m)
		}
	})
}

// TestStuckDiskStopsTextsOnly: everything else goes on while the disk hangs.
func TestStuckDiskStopsTextsOnly(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		w.records.setStuck(true)
		for i := range 5 {
			ada.send(&wire.Chat{Key: fmt.Sprint(i), Text: "x"})
		}
		bob := w.connect()
		bob.send(joinReq("tea", "Bob", 4))
		w.advance(2100 * time.Millisecond)
		if bob.pump(); bob.joined == nil {
			t.Fatal("nobody gets in")
		}
		ada.ok(&wire.Mute{Source: wire.Camera, Muted: true})
		ada.ok(&wire.Hand{Raised: true})
		one[*wire.HandChanged](bob)
		bob.send(&wire.Leave{})
		w.advance(2100 * time.Millisecond)
		bob.ended(wire.StatusNormal)
	})
}

// TestTextsOfWhoGoes: each gets its answer before the end of its connection.
func TestTextsOfWhoGoes(t *testing.T) {
	ends := map[string]func(w *world, ada *client){
		"leaves":           func(w *world, ada *client) { ada.send(&wire.Leave{}); w.advance(3 * time.Second) },
		"is removed":       func(w *world, ada *client) { _ = w.engine.Remove("tea", ada.id()); w.settle() },
		"the meeting ends": func(w *world, ada *client) { _ = w.engine.EndRoom("tea"); w.settle() },
		"the server stops": func(w *world, ada *client) { w.stop() },
		"comes anew":       func(w *world, ada *client) { w.connect().send(known("Ada")); w.advance(3 * time.Second) },
		"resumes beside it": func(w *world, ada *client) {
			twin := *ada
			twin.resume()
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			run(t, Options{}, func(w *world) {
				ada := w.joinAs(known("Ada"))
				w.records.setStuck(true)
				id := ada.send(&wire.Chat{Key: "k", Text: "hello"})
				w.settle()
				end(w, ada)
				wantCode(t, ada, id, wire.CodeUnknownOutcome)
				if closed, _ := ada.conn.end(); !closed {
					t.Error("the connection lives on")
				}
			})
		})
	}
}

// TestTextSettlesAfterALoss: on another connection, and for who joins anew, the
// same key finds the text that is still on its way.
func TestTextSettlesAfterALoss(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.joinAs(known("Ada")), w.joinAs(known("Bob"))
		w.records.setStuck(true)
		ada.send(&wire.Chat{Key: "k", Text: "hello"})
		w.settle()
		ada.drop()
		if _, ok := ada.resume().(*wire.Resumed); !ok {
			t.Fatal("not resumed")
		}
		resumed := ada.send(&wire.Chat{Key: "k", Text: "hello"})
		w.settle()
		ada.drop()
		anew := w.connect()
		anew.send(known("Ada"))
		w.advance(3 * time.Second)
		if anew.pump(); anew.joined == nil {
			t.Fatal("not joined")
		}
		last := anew.send(&wire.Chat{Key: "k", Text: "hello"})
		w.settle()
		w.records.setStuck(false)
		w.settle()
		if ok, _ := replyTo(anew, last).(*wire.OK); ok == nil || ok.Message.Key != "k" {
			t.Errorf("answered %+v", ok)
		}
		if m := replyTo(ada, resumed); m != nil {
			t.Errorf("who is gone was answered %+v", m)
		}
		if n := len(events[*wire.Chatted](bob)); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// TestTextSettlesInALaterRun: nobody found out what became of it before the server
// ended; the storage of the next run knows.
func TestTextSettlesInALaterRun(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.joinAs(known("Ada"))
		w.records.setUnsaid(ErrUnknown)
		ada.refused(&wire.Chat{Key: "stored", Text: "hello"}, wire.CodeUnknownOutcome)
		w.records.setUnsaid(nil)
		w.records.setFail(errReadOnly)
		ada.refused(&wire.Chat{Key: "not", Text: "bye"}, wire.CodeStoreFailed)
		w.records.setFail(nil)
		ada.ok(&wire.Leave{})
		w.advance(2 * time.Minute) // the room is gone
		ada = w.joinAs(known("Ada"))
		if n := len(ada.joined.Chat); n != 1 || ada.joined.Chat[0].Key != "stored" {
			t.Errorf("history %+v", ada.joined.Chat)
		}
		m := ada.ok(&wire.Chat{Key: "stored", Text: "hello"}).(*wire.OK).Message
		if m.ID != ada.joined.Chat[0].ID || len(events[*wire.Chatted](ada)) != 0 {
			t.Error("said again")
		}
	})
}

// TestRoomWaitsForItsTexts: it does not come to life again without them.
func TestRoomWaitsForItsTexts(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.joinAs(known("Ada"))
		w.records.setStuck(true)
		ada.send(&wire.Chat{Key: "k", Text: "hello"})
		w.settle()
		ada.drop()
		w.advance(5 * time.Minute)
		if n := w.engine.Figures().Rooms; n != 1 {
			t.Fatalf("%d rooms while a text is on its way", n)
		}
		w.records.setStuck(false)
		w.settle()
		bob := w.join("tea", "Bob", 0)
		if len(bob.joined.Chat) != 1 {
			t.Errorf("history %+v", bob.joined.Chat)
		}
		bob.ok(&wire.Leave{})
		w.advance(3 * time.Minute)
		if n := w.engine.Figures().Rooms; n != 0 {
			t.Errorf("%d rooms after all", n)
		}
	})
}

// TestAsksAreBounded: asking again and again for texts that hang costs no more
// than the bound, and the bound is of what waits now.
func TestAsksAreBounded(t *testing.T) {
	run(t, Options{Limits: Limits{ChatRate: 1e6, ChatBurst: 1e6, MessageRate: 1e6, MessageBurst: 1e6, Refusals: 1e6}}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		w.records.setStuck(true)
		refused := func() (n int) {
			for range 20 {
				for range maxSaying / 10 {
					ada.send(&wire.Chat{Key: "k", Text: "x"})
				}
				w.settle()
			}
			for _, e := range events[*wire.Error](ada) {
				if e.Code == wire.CodeRateLimited {
					n++
				}
			}
			return n
		}
		sent := maxSaying / 10 * 20
		if n := refused(); n != sent-maxSaying {
			t.Errorf("%d refused of %d", n, sent)
		}
		w.advance(31 * time.Second)
		if n := len(events[*wire.Error](ada)); n != maxSaying {
			t.Errorf("%d told that nobody knows", n)
		}
		if n := refused(); n != sent-maxSaying {
			t.Errorf("%d refused of %d later", n, sent)
		}
	})
}

// TestTextsSurviveARoomsPanic: the next handler of the room tells who waits.
func TestTextsSurviveARoomsPanic(t *testing.T) {
	run(t, Options{Faults: true}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		w.records.setStuck(true)
		a, b := ada.send(&wire.Chat{Key: "a", Text: "x"}), ada.send(&wire.Chat{Key: "b", Text: "x"})
		w.settle()
		if err := w.engine.PanicRoom("tea"); err != nil {
			t.Fatal(err)
		}
		w.advance(31 * time.Second)
		wantCode(t, ada, a, wire.CodeUnknownOutcome)
		wantCode(t, ada, b, wire.CodeUnknownOutcome)
		w.records.setStuck(false)
		w.settle()
		if n := len(events[*wire.Chatted](ada)); n != 2 {
			t.Errorf("said %d of 2", n)
		}
	})
}
