package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestMeetingRecord(t *testing.T) {
	run(t, Options{Limits: Limits{RoomParticipants: 50}}, func(w *world) {
		start := time.Now()
		req := joinReq("tea", "Ada", 0)
		req.Identity = "key"
		ada := w.joinAs(req)
		bob, eve := w.join("tea", "Bob", 0), w.join("tea", "Eve", 0)
		bob.ok(&wire.Rename{Name: "Robert"})
		w.advance(time.Minute)
		bob.ok(&wire.Leave{})
		if err := w.engine.Remove("tea", eve.id()); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if bye := one[*wire.Bye](eve); bye.Code != wire.CodeRemoved || bye.Summary.Peak != 3 {
			t.Errorf("bye: %+v", bye)
		}
		ada.drop()
		w.advance(time.Minute)
		m := w.records.meeting(0)
		if m.ID != ada.joined.Meeting || m.Room != "tea" || m.Creator != ada.id() || m.Limit != 50 || m.Peak != 3 || m.Start.Before(start) {
			t.Errorf("meeting %+v", m.Meeting)
		}
		if m.End.IsZero() || m.End.Sub(m.Start) < 90*time.Second {
			t.Errorf("ended at %v, began at %v", m.End, m.Start)
		}
		for c, reason := range map[*client]wire.Reason{ada: wire.ReasonLost, bob: wire.ReasonLeft, eve: wire.ReasonRemoved} {
			stays := m.stays[c.id()]
			if len(stays) != 1 || stays[0].Reason != string(reason) || !stays[0].Leave.After(stays[0].Join) {
				t.Errorf("%s: %+v", c.name(), stays)
			}
		}
		if m.names[bob.id()] != "Robert" {
			t.Errorf("name %q", m.names[bob.id()])
		}

		// The room outlives the meeting for a while; the next is another one.
		w.join("tea", "Ada", 0)
		if w.records.count() != 2 || w.records.meeting(1).ID == m.ID {
			t.Error("the next meeting is the same")
		}
	})
}

func TestEmptyRoomEnds(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		ada.ok(&wire.Hand{Raised: true})
		ada.ok(&wire.Leave{})
		w.advance(59 * time.Second)
		if n := w.engine.Figures().Rooms; n != 1 {
			t.Fatalf("%d rooms", n)
		}
		again := w.join("tea", "Ada", 0)
		if again.joined.Seq <= ada.seq || len(again.joined.Hands) != 0 {
			t.Errorf("seq %d after %d, hands %v", again.joined.Seq, ada.seq, again.joined.Hands)
		}
		again.ok(&wire.Leave{})
		w.advance(61 * time.Second)
		if n := w.engine.Figures().Rooms; n != 0 {
			t.Errorf("%d rooms", n)
		}
		fresh := w.join("tea", "Ada", 0)
		if fresh.joined.Seq != 1 {
			t.Errorf("seq %d in a new room", fresh.joined.Seq)
		}
	})
}

func TestRating(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		ada.ok(&wire.Leave{})
		meeting, token := ada.joined.Meeting, ada.joined.Resume
		ctx := context.Background()
		if err := w.engine.Rate(ctx, meeting, token, 4, "fine\x00"); err != nil {
			t.Error(err)
		}
		if r := w.records.ratings[meeting+" "+ada.id()]; r.Stars != 4 || r.Comment != "fine" {
			t.Errorf("kept %+v", r)
		}
		for name, err := range map[string]error{
			"0 stars":       w.engine.Rate(ctx, meeting, token, 0, ""),
			"6 stars":       w.engine.Rate(ctx, meeting, token, 6, ""),
			"long":          w.engine.Rate(ctx, meeting, token, 3, string(make([]byte, 5000))),
			"other meeting": w.engine.Rate(ctx, "m", token, 3, ""),
			"no token":      w.engine.Rate(ctx, meeting, "", 3, ""),
		} {
			if !errors.Is(err, ErrBadRating) && !errors.Is(err, ErrNotYourself) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestHolder: a token shows who was in a meeting, and nothing to who was not.
func TestHolder(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		eve := w.join("lunch", "Eve", 0)
		meeting, token := ada.joined.Meeting, ada.joined.Resume
		bobs, _ := parseToken(bob.joined.Resume)
		stranger := resumeToken{"tea", ada.id(), newSecret()}.String()
		cases := []struct{ name, meeting, token, want string }{
			{"herself", meeting, token, ada.id()},
			{"him", meeting, bob.joined.Resume, bob.id()},
			{"other meeting", eve.joined.Meeting, token, ""},
			{"of another meeting", meeting, eve.joined.Resume, ""},
			{"no such meeting", "m", token, ""},
			{"another's secret", meeting, resumeToken{"tea", ada.id(), bobs.secret}.String(), ""},
			{"other secret", meeting, stranger, ""},
			{"nobody", meeting, resumeToken{"tea", "nobody", bobs.secret}.String(), ""},
			{"no token", meeting, "", ""},
		}
		check := func(when string) {
			for _, c := range cases {
				got, err := w.engine.Holder(c.meeting, c.token)
				if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrNotYourself) {
					t.Errorf("%s, %s: %q, %v", c.name, when, got, err)
				}
			}
		}
		check("while it runs")
		ada.ok(&wire.Leave{})
		bob.ok(&wire.Leave{})
		w.advance(48 * time.Hour)
		check("long after")
		w.records.setTicket(meeting, ada.id(), nil) // as a record from before there were tickets
		if _, err := w.engine.Holder(meeting, token); !errors.Is(err, ErrNotYourself) {
			t.Errorf("a record without a ticket: %v", err)
		}
		w.records.failReads = errors.New("disk on fire")
		if _, err := w.engine.Holder(meeting, token); !errors.Is(err, w.records.failReads) {
			t.Errorf("a store that fails: %v", err)
		}
	})
}

func TestStopEndsEverything(t *testing.T) {
	run(t, Options{}, func(w *world) {
		var all []*client
		for i := range 6 {
			all = append(all, w.join(fmt.Sprint("room", i%2), fmt.Sprint("P", i), 4))
		}
		w.stop()
		for _, c := range all {
			bye := one[*wire.Bye](c)
			if bye.Code != wire.CodeShutdown || !bye.Retryable || bye.Summary == nil {
				t.Errorf("bye: %+v", bye)
			}
			c.ended(wire.CloseStatus(wire.CodeShutdown))
		}
		for i := range 2 {
			m := w.records.meeting(i)
			if m.End.IsZero() {
				t.Errorf("meeting %d has no end", i)
			}
			for p, stays := range m.stays {
				if stays[0].Reason != string(wire.ReasonShutdown) {
					t.Errorf("%s: %+v", p, stays)
				}
			}
		}
		w.connect().refused(joinReq("tea", "Late", 0), wire.CodeDraining)
	})
}
