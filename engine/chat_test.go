package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestChatIsAcknowledgedWhenOnDisk(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		w.records.mu.Lock()
		w.records.delay = time.Second
		w.records.mu.Unlock()
		ada.clear()
		id := ada.send(&wire.Chat{Key: "k", Text: "  hello\r\nBob "})
		w.advance(900 * time.Millisecond)
		ada.pump()
		bob.pump()
		if len(ada.got)+len(events[*wire.Chatted](bob)) != 0 {
			t.Error("said before it was on disk")
		}
		w.advance(200 * time.Millisecond)
		said := one[*wire.Chatted](bob)
		if m := said.Message; m.Text != "  hello\nBob" || m.Participant != ada.id() || m.Name != "Ada" || m.Key != "k" || m.ID == "" || m.At == 0 {
			t.Errorf("said %+v", m)
		}
		own, ack := one[*wire.Chatted](ada), one[*wire.OK](ada)
		if own.Message != said.Message || ack.ID != id || *ack.Message != said.Message {
			t.Errorf("own %+v, acknowledged %+v", own, ack)
		}
	})
}

func TestChatKeepsItsOrder(t *testing.T) {
	run(t, Options{Limits: Limits{ChatBurst: 1000}}, func(w *world) {
		people := []*client{w.join("tea", "Ada", 0), w.join("tea", "Bob", 0), w.join("tea", "Eve", 0)}
		for i := range 60 {
			people[i%3].send(&wire.Chat{Key: fmt.Sprint(i), Text: fmt.Sprint("text ", i)})
		}
		w.settle()
		var first []string
		for _, c := range people {
			var texts []string
			for _, m := range events[*wire.Chatted](c) {
				texts = append(texts, m.Message.Text)
			}
			if first == nil {
				first = texts
			}
			if len(texts) != 60 || !slices.Equal(texts, first) {
				t.Errorf("%s heard %v", c.name(), texts)
			}
			if acks := events[*wire.OK](c); len(acks) != 20 {
				t.Errorf("%s: %d acknowledged", c.name(), len(acks))
			}
		}
		late := w.join("tea", "Late", 0)
		var history []string
		for _, m := range late.joined.Chat {
			history = append(history, m.Text)
		}
		if !slices.Equal(history, first) {
			t.Errorf("history %v", history)
		}
	})
}

func TestChatIsSaidOnce(t *testing.T) {
	run(t, Options{}, func(w *world) {
		req := joinReq("tea", "Ada", 0)
		req.Identity = "ada's key"
		ada, bob := w.joinAs(req), w.join("tea", "Bob", 0)
		bob.clear()
		first := ada.ok(&wire.Chat{Key: "k", Text: "hello"}).(*wire.OK)
		again := ada.ok(&wire.Chat{Key: "k", Text: "hello"}).(*wire.OK)
		ada.send(&wire.Chat{Key: "twice at once", Text: "x"})
		ada.send(&wire.Chat{Key: "twice at once", Text: "x"})
		w.settle()
		if *first.Message != *again.Message {
			t.Errorf("acknowledged as %+v, then %+v", first.Message, again.Message)
		}
		if said := events[*wire.Chatted](bob); len(said) != 2 {
			t.Errorf("said %d texts, want 2", len(said))
		}
		bob.ok(&wire.Chat{Key: "k", Text: "Bob's own k"})
		if said := events[*wire.Chatted](bob); len(said) != 1 {
			t.Errorf("Bob's key is taken for Ada's: %v", said)
		}

		// After a restart of everything the client tries once more.
		ada.ok(&wire.Leave{})
		bob.ok(&wire.Leave{})
		w.advance(2 * time.Minute)
		ada, bob = w.joinAs(req), w.join("tea", "Bob", 0)
		if n := len(ada.joined.Chat); n != 3 {
			t.Errorf("history of %d texts", n)
		}
		late := ada.ok(&wire.Chat{Key: "k", Text: "hello"}).(*wire.OK)
		if late.Message.ID != first.Message.ID || len(events[*wire.Chatted](bob)) != 0 {
			t.Error("said again after a restart")
		}
	})
}

func TestPrivateChat(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob, eve := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0), w.join("tea", "Eve", 0)
		ok := ada.ok(&wire.Chat{Key: "k", Text: "psst", To: bob.id()}).(*wire.OK)
		if ok.Message.To != bob.id() {
			t.Errorf("acknowledged %+v", ok.Message)
		}
		again := ada.ok(&wire.Chat{Key: "k", Text: "psst", To: bob.id()}).(*wire.OK)
		if *again.Message != *ok.Message {
			t.Error("said twice")
		}
		if m := one[*wire.Chatted](bob).Message; m != *ok.Message {
			t.Errorf("Bob got %+v", m)
		}
		one[*wire.Chatted](ada)
		if n := len(events[*wire.Chatted](eve)); n != 0 {
			t.Error("Eve got it too")
		}
		ada.refused(&wire.Chat{Key: "2", Text: "x", To: "nobody"}, wire.CodeNoParticipant)
		ada.refused(&wire.Chat{Key: "3", Text: "x", To: ada.id()}, wire.CodeNoParticipant)
		if late := w.join("tea", "Late", 0); len(late.joined.Chat) != 0 || len(w.records.chats["tea"]) != 0 {
			t.Error("a private text was stored")
		}
		sum := eve.ok(&wire.Leave{}).(*wire.OK).Summary
		if sum.Messages != 0 {
			t.Errorf("the summary counts it: %+v", sum)
		}
	})
}

func TestChatLimits(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		for i := range 10 {
			ada.ok(&wire.Chat{Key: fmt.Sprint(i), Text: "x"})
		}
		e := ada.refused(&wire.Chat{Key: "11", Text: "x"}, wire.CodeRateLimited)
		if e.RetryAfterMS < 1 || e.RetryAfterMS > 500 {
			t.Errorf("retry after %d ms", e.RetryAfterMS)
		}
		w.advance(time.Duration(e.RetryAfterMS) * time.Millisecond)
		ada.ok(&wire.Chat{Key: "11", Text: "x"})
	})
	run(t, Options{Limits: Limits{ChatBurst: 1e6, MessageBurst: 1e6}}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		w.records.setStuck(true)
		for i := range maxSaying + 5 {
			ada.send(&wire.Chat{Key: fmt.Sprint(i), Text: "x"})
			if i%20 == 0 {
				w.settle()
			}
		}
		w.settle()
		ada.pump()
		if refused := events[*wire.Error](ada); len(refused) != 5 || refused[0].Code != wire.CodeRateLimited {
			t.Errorf("%d refused", len(refused))
		}
		w.records.setStuck(false)
		w.settle()
		if n := len(events[*wire.Chatted](ada)); n != maxSaying {
			t.Errorf("%d said", n)
		}
	})
}

func TestChatWhenTheStorageIsBusy(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		w.records.setFail(errBusy)
		ada.refused(&wire.Chat{Key: "1", Text: "x"}, wire.CodeStoreFailed)
		w.records.setFail(errors.New("disk"))
		ada.refused(&wire.Chat{Key: "1", Text: "x"}, wire.CodeStoreFailed)
		w.records.setFail(nil)
		ada.ok(&wire.Chat{Key: "1", Text: "x"})
	})
}
