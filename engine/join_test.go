package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestJoinIsRefused(t *testing.T) {
	many := func(w *world, n int, room string) {
		for i := range n {
			w.join(room, fmt.Sprint("P", i), 0)
		}
	}
	for _, c := range []struct {
		name    string
		limits  Limits
		prepare func(w *world)
		req     func(r *wire.Join)
		code    wire.Code
	}{
		{"bad room", Limits{}, nil, func(r *wire.Join) { r.Room = "../etc" }, wire.CodeBadRoom},
		{"bad name", Limits{}, nil, func(r *wire.Join) { r.Name = "\u202e" }, wire.CodeBadName},
		{"bad SDP", Limits{}, func(w *world) { w.media.refuse = refuse(wire.CodeSDPProfile, "RTP/AVP") }, nil, wire.CodeSDPProfile},
		{"media fault", Limits{}, func(w *world) { w.media.refuse = errors.New("socket") }, nil, wire.CodeInternal},
		{"media panic", Limits{}, func(w *world) { w.media.panicky = true }, nil, wire.CodeInternal},
		{"too many seats", Limits{Seats: 4}, nil, func(r *wire.Join) { r.Seats = seatMIDs(5) }, wire.CodeTooManySeat},
		{"room full", Limits{RoomParticipants: 2}, func(w *world) { many(w, 2, "tea") }, nil, wire.CodeRoomFull},
		{"too many rooms", Limits{Rooms: 1}, func(w *world) { many(w, 1, "other") }, nil, wire.CodeServerFull},
		{"too many people", Limits{Participants: 2}, func(w *world) { many(w, 2, "other") }, nil, wire.CodeServerFull},
		{"draining", Limits{}, func(w *world) { _ = w.engine.Drain(time.Hour) }, nil, wire.CodeDraining},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, Options{Limits: c.limits}, func(w *world) {
				if c.prepare != nil {
					c.prepare(w)
				}
				req := joinReq("tea", "Ada", 4)
				if c.req != nil {
					c.req(req)
				}
				before := w.engine.Figures()
				ada := w.connect()
				ada.refused(req, c.code)
				after := w.engine.Figures()
				if after.Participants != before.Participants {
					t.Errorf("%d participants, before %d", after.Participants, before.Participants)
				}
				if closed, _ := ada.conn.end(); closed {
					t.Error("the connection was closed")
				}
			})
		})
	}
}

func TestJoinMayBeTriedAgain(t *testing.T) {
	run(t, Options{}, func(w *world) {
		w.media.refuse = refuse(wire.CodeNoCodec, "none")
		ada := w.connect()
		ada.refused(joinReq("tea", "Ada", 4), wire.CodeNoCodec)
		ada.ok(joinReq("tea", "Ada", 4))
		if w.records.count() != 1 {
			t.Errorf("%d meetings", w.records.count())
		}
	})
}

func TestJoinTellsWhenToBeginMuted(t *testing.T) {
	for set, want := range map[int]int{0: 12, 3: 3, -1: 0} {
		run(t, Options{Limits: Limits{MuteFrom: set}}, func(w *world) {
			if got := w.join("tea", "Ada", 4).joined.Limits.MuteFrom; got != want {
				t.Errorf("set to %d: %d, want %d", set, got, want)
			}
		})
	}
}

func TestJoinWithoutMedia(t *testing.T) {
	run(t, Options{}, func(w *world) {
		bot := w.joinAs(&wire.Join{Room: "tea", Name: "Bot"})
		ada := w.join("tea", "Ada", 4)
		if bot.joined.Answer != "" || len(ada.seats) != 0 {
			t.Errorf("answer %q, seats %v", bot.joined.Answer, ada.seats)
		}
		bot.ok(&wire.Chat{Key: "1", Text: "hello"})
		bot.refused(&wire.Mute{Source: wire.Microphone, Muted: true}, wire.CodeNoSource)
		bot.ok(&wire.View{})

		// Media can come later.
		req := joinReq("", "", 2)
		ans := bot.ok(&wire.Offer{Offer: "v=0 late", Sources: req.Sources, Seats: req.Seats})
		if a := ans.(*wire.Answer); a.Answer != "answer to v=0 late" {
			t.Errorf("answer %q", a.Answer)
		}
		bot.ok(&wire.Mute{Source: wire.Microphone, Muted: false})
		w.advance(seatsEvery)
		ada.pump()
		if len(ada.seats) != 1 || ada.seats[0].Participant != bot.id() {
			t.Errorf("seats %v", ada.seats)
		}
		added := map[wire.Source]string{}
		for _, m := range events[*wire.Muted](ada) {
			if m.Muted {
				added[m.Source] = m.Codec
			}
		}
		if len(added) != 4 || added[wire.Camera] != "VP8" {
			t.Errorf("told of sources %v", added)
		}
	})
}

// What the answer rejects is told with it, in a join and an offer; its source is
// not the participant's.
func TestProblemsOfAnAnswer(t *testing.T) {
	run(t, Options{}, func(w *world) {
		seat := 1
		w.media.problems = []wire.SectionProblem{
			{MID: "1", Source: wire.Camera, Code: wire.CodeNoCodec, Message: "none"},
			{MID: "7", Seat: &seat, Code: wire.CodeSDPProfile, Message: "no rtcp-mux"},
		}
		check := func(got []wire.SectionProblem) {
			t.Helper()
			if !reflect.DeepEqual(got, w.media.problems) {
				t.Errorf("told of %+v", got)
			}
		}
		ada := w.join("tea", "Ada", 2)
		check(ada.joined.Problems)
		sources := ada.joined.Participants[0].Sources
		if _, has := sources[wire.Camera]; has || len(sources) != 3 {
			t.Errorf("sources %v", sources)
		}
		ada.refused(&wire.Mute{Source: wire.Camera, Muted: false}, wire.CodeNoSource)
		req := joinReq("", "", 2)
		check(ada.ok(&wire.Offer{Offer: "v=0", Sources: req.Sources, Seats: req.Seats}).(*wire.Answer).Problems)
		w.media.problems = nil
		check(ada.ok(&wire.Offer{Offer: "v=0", Sources: req.Sources, Seats: req.Seats}).(*wire.Answer).Problems)
	})
}

func TestSecondJoinOnAConnection(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		ada.refused(joinReq("tea", "Ada", 4), wire.CodeJoinedTwice)
		ada.refused(joinReq("other", "Ada", 4), wire.CodeJoinedTwice)
		ada.ok(&wire.Ping{})
	})
}

func TestWhileAJoinIsUnderWay(t *testing.T) {
	run(t, Options{}, func(w *world) {
		w.media.delay = time.Second
		ada := w.connect()
		join := ada.send(joinReq("tea", "Ada", 4))
		ada.refused(&wire.Chat{Key: "1", Text: "too soon"}, wire.CodeBadOrder)
		ada.refused(joinReq("tea", "Ada", 4), wire.CodeBadOrder)
		ada.ok(&wire.Ping{})
		w.advance(time.Second)
		ada.pump()
		if ada.joined == nil || ada.joined.ID != join {
			t.Error("the first join was lost")
		}
	})
}

func TestConnectionLostWhileJoining(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Second} {
		run(t, Options{}, func(w *world) {
			w.media.delay = delay
			w.records.delay = time.Second
			bob := w.connect()
			bob.send(joinReq("tea", "Bob", 4))
			w.advance(100 * time.Millisecond)
			bob.drop()
			w.advance(5 * time.Second)
			if f := w.engine.Figures(); f.Participants != 0 || f.Connections != 0 || f.Joins["gone"] != 1 {
				t.Errorf("left behind: %+v", f)
			}
			m := w.records.meeting(0)
			if m.ID == "" || m.End.IsZero() {
				t.Errorf("meeting: %+v", m)
			}
		})
	}
}

func TestJoinWaitsForItsRecordButNotForEver(t *testing.T) {
	run(t, Options{}, func(w *world) {
		w.records.delay = 50 * time.Millisecond
		ada := w.connect()
		ada.send(joinReq("tea", "Ada", 0))
		w.advance(49 * time.Millisecond)
		if ada.pump(); ada.joined != nil {
			t.Error("joined before the record was on disk")
		}
		w.advance(2 * time.Millisecond)
		if ada.pump(); ada.joined == nil || !ada.joined.Recorded {
			t.Errorf("joined: %+v", ada.joined)
		}

		w.records.setStuck(true)
		bob := w.connect()
		bob.send(joinReq("tea", "Bob", 0))
		w.advance(1900 * time.Millisecond)
		if bob.pump(); bob.joined != nil {
			t.Error("joined without a record")
		}
		w.advance(200 * time.Millisecond)
		if bob.pump(); bob.joined == nil || bob.joined.Recorded {
			t.Errorf("a stuck disk stops the meeting, or is denied: %+v", bob.joined)
		}
		bob.send(&wire.Leave{})
		w.advance(1900 * time.Millisecond)
		if closed, _ := bob.conn.end(); closed {
			t.Error("left without a record")
		}
		w.advance(200 * time.Millisecond)
		bob.ended(wire.StatusNormal)
		if f := w.engine.Figures(); f.Unrecorded == 0 {
			t.Error("not counted")
		}
	})
}

func TestMeetingsGoOnWithoutStorage(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		w.records.setFail(errors.New("read-only"))
		bob := w.join("tea", "Bob", 4)
		if !ada.joined.Recorded || bob.joined.Recorded {
			t.Errorf("recorded: Ada %v, Bob %v", ada.joined.Recorded, bob.joined.Recorded)
		}
		if len(ada.seats)+len(bob.seats) == 0 {
			w.advance(time.Second)
			ada.pump()
		}
		ada.refused(&wire.Chat{Key: "1", Text: "hello"}, wire.CodeStoreFailed)
		if said := events[*wire.Chatted](bob); len(said) != 0 {
			t.Errorf("said although not stored: %v", said)
		}
		bob.ok(&wire.Leave{})
		if f := w.engine.Figures(); f.Unrecorded == 0 || f.Errors[string(wire.CodeStoreFailed)] != 1 {
			t.Errorf("figures %+v", f)
		}
	})
}

func TestDuplicateIdentity(t *testing.T) {
	run(t, Options{Limits: Limits{RoomParticipants: 2}}, func(w *world) {
		req := joinReq("tea", "Ada", 4)
		req.Identity = "secret key"
		first := w.joinAs(req)
		bob := w.join("tea", "Bob", 4)
		bob.clear()
		again := joinReq("tea", "Ada again", 4)
		again.Identity = "secret key"
		second := w.joinAs(again) // although the room is full
		bye := one[*wire.Bye](first)
		if bye.Code != wire.CodeDuplicate || bye.Retryable || bye.Summary == nil {
			t.Errorf("bye: %+v", bye)
		}
		first.ended(wire.CloseStatus(wire.CodeDuplicate))
		if left := one[*wire.ParticipantLeft](bob); left.Reason != wire.ReasonDuplicate || left.Participant != first.id() {
			t.Errorf("left: %+v", left)
		}
		if n := len(second.joined.Participants); n != 2 {
			t.Errorf("%d participants", n)
		}
		third := joinReq("other room", "Ada", 4)
		third.Room, third.Identity = "other", "secret key"
		w.joinAs(third)
		if closed, _ := second.conn.end(); closed {
			t.Error("the same identity in another room ended this one")
		}
		for _, p := range bob.joined.Participants {
			if p.ID == "secret key" {
				t.Error("the identity is shown")
			}
		}
		if m := w.records.meeting(0); m.stays[first.id()][0].Reason != string(wire.ReasonDuplicate) {
			t.Errorf("record: %+v", m.stays)
		}
	})
}

func TestConnectionsMustJoin(t *testing.T) {
	run(t, Options{}, func(w *world) {
		idle, busy := w.connect(), w.connect()
		w.advance(30 * time.Second)
		busy.ok(joinReq("tea", "Ada", 0))
		busy.conn.take()
		w.advance(29*time.Second + 900*time.Millisecond)
		if closed, _ := idle.conn.end(); closed {
			t.Error("closed too early")
		}
		w.advance(200 * time.Millisecond)
		idle.ended(wire.CloseStatus(wire.CodeTimeout))
		if closed, _ := busy.conn.end(); closed {
			t.Error("a joined connection was closed")
		}
	})
}

func TestJoinsPerAddress(t *testing.T) {
	run(t, Options{Limits: Limits{JoinRate: 1, JoinBurst: 2}}, func(w *world) {
		addr := netip.MustParseAddr("192.0.2.7")
		for i := range 2 {
			w.connectFrom(addr).ok(joinReq("tea", fmt.Sprint("P", i), 0))
		}
		late := w.connectFrom(addr)
		if e := late.refused(joinReq("tea", "P3", 0), wire.CodeRateLimited); e.RetryAfterMS < 900 || e.RetryAfterMS > 1000 || e.Limit != "joins" {
			t.Errorf("retry after %d ms, limit %q", e.RetryAfterMS, e.Limit)
		}
		w.advance(time.Second)
		late.ok(joinReq("tea", "P3", 0))
	})
}

// TestResumeIsNoJoin: whoever was cut gets back in, whatever has become of the
// joins of its address.
func TestResumeIsNoJoin(t *testing.T) {
	run(t, Options{Limits: Limits{JoinRate: 1, JoinBurst: 2}}, func(w *world) {
		addr := netip.MustParseAddr("192.0.2.7")
		var people []*client
		for i := range 2 {
			c := w.connectFrom(addr)
			c.ok(joinReq("tea", fmt.Sprint("P", i), 0))
			people = append(people, c)
		}
		w.connectFrom(addr).refused(joinReq("tea", "Late", 0), wire.CodeRateLimited)
		for range 3 {
			for _, c := range people {
				c.drop()
			}
			for i, c := range people {
				if _, ok := c.resumeFrom(addr).(*wire.Resumed); !ok {
					t.Fatalf("P%d did not come back", i)
				}
			}
		}
	})
}

func TestEchoRoom(t *testing.T) {
	run(t, Options{}, func(w *world) {
		req := joinReq("", "Ada", 4)
		req.Echo = true
		ada := w.joinAs(req)
		people := ada.joined.Participants
		if len(people) != 2 || people[1].Kind != wire.KindEcho || people[1].Sources[wire.Camera].Muted || ada.joined.Meeting != "" {
			t.Fatalf("participants %+v", people)
		}
		if s := ada.seats[0]; s.Participant != people[1].ID || !s.Video {
			t.Errorf("seats %v", ada.seats)
		}
		if p := ada.session().sitting(0); p.From != MediaSession(ada.session()) {
			t.Errorf("seat 0 carries %+v", p)
		}
		ada.ok(&wire.Mute{Source: wire.Camera, Muted: true})
		w.advance(seatsEvery)
		ada.pump()
		if s := ada.seats[0]; s.Video {
			t.Errorf("the echo of a camera that is off: %+v", s)
		}
		ok := ada.ok(&wire.Chat{Key: "1", Text: "hello"}).(*wire.OK)
		if said := one[*wire.Chatted](ada); said.Message != *ok.Message {
			t.Errorf("said %+v, acknowledged %+v", said.Message, ok.Message)
		}
		other := joinReq("", "Bob", 4)
		other.Echo = true
		bob := w.joinAs(other)
		if len(bob.joined.Participants) != 2 || bob.joined.Room == ada.joined.Room {
			t.Error("two tests share a room")
		}
		sneak := joinReq(ada.joined.Room, "Eve", 4)
		w.connect().refused(sneak, wire.CodeBadRoom)
		ada.ok(&wire.Leave{})
		w.advance(time.Second)
		if f := w.engine.Figures(); f.Rooms != 1 || f.Participants != 1 {
			t.Errorf("%d rooms, %d participants", f.Rooms, f.Participants)
		}
		w.advance(10 * time.Minute)
		bob.ended(wire.CloseStatus(wire.CodeEnded))
		if w.records.count() != 0 {
			t.Error("a setup test left a record")
		}
	})
}

func TestDraining(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		if err := w.engine.Drain(10 * time.Minute); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if !w.engine.Figures().Draining {
			t.Error("the figures do not say so")
		}
		if d := one[*wire.Draining](ada); d.InMS < 599000 || d.InMS > 600000 {
			t.Errorf("in %d ms", d.InMS)
		}
		if w.engine.Ready() {
			t.Error("still ready")
		}
		w.join("tea", "Bob", 0) // the meeting goes on
		w.connect().refused(joinReq("new", "Eve", 0), wire.CodeDraining)
		w.advance(9 * time.Minute)
		if d := one[*wire.Draining](ada); d.InMS > 60000 {
			t.Errorf("in %d ms", d.InMS)
		}
	})
}

func TestTheLastOneReplacesHimself(t *testing.T) {
	run(t, Options{}, func(w *world) {
		req := joinReq("tea", "Ada", 4)
		req.Identity = "key"
		first := w.joinAs(req)
		second := w.joinAs(req)
		first.ended(wire.CloseStatus(wire.CodeDuplicate))
		if second.joined.Meeting != first.joined.Meeting {
			t.Error("the meeting ended in between")
		}
		second.ok(&wire.Leave{})
		if m := w.records.meeting(0); m.End.IsZero() || w.records.count() != 1 {
			t.Errorf("record %+v", m.Meeting)
		}
	})
}

func TestAOneTimeIdentityCanNotBeGuessed(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 4)
		for _, guess := range []string{ada.id(), "once " + ada.id(), ada.joined.Meeting} {
			req := joinReq("tea", "Eve", 4)
			req.Identity = guess
			w.joinAs(req)
		}
		if closed, _ := ada.conn.end(); closed {
			t.Error("Eve ended Ada's session with what all can see")
		}
	})
}

// TestJoinInDisguise: a message is permitted by what it does, not by a second
// type that says ping.
func TestJoinInDisguise(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		ada.clear()
		for i := range 5 {
			ada.signal.OnText(fmt.Appendf(nil, `{"id":%d,"type":"join","Type":"ping","room":"r%d","name":"Eve"}`, 100+i, i))
		}
		w.advance(time.Second)
		if f := w.engine.Figures(); f.Rooms != 1 || f.Participants != 1 {
			t.Errorf("%d rooms, %d participants", f.Rooms, f.Participants)
		}
		if refused := events[*wire.Error](ada); len(refused) != 5 || refused[0].Code != wire.CodeBadField || refused[0].ID != 100 {
			t.Errorf("answered %s", dump(ada.got))
		}
	})
}
