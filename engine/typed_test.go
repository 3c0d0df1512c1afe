package engine

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/engine/wire"
)

// typedConn is the connection of a door that speaks something else than JSON: it
// takes what a frame says and never asks for its bytes.
type typedConn struct {
	mu     sync.Mutex
	said   []wire.Message
	status int // 0: open
}

func (c *typedConn) Send(f *wire.Frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, f.Message())
	return c.status == 0
}

func (c *typedConn) Close(status int, _ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// take returns what was said since the last look.
func (c *typedConn) take(w *world) []wire.Message {
	w.settle()
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

// ofType returns those of type M.
func ofType[M wire.Message](all []wire.Message) (out []M) {
	for _, m := range all {
		if e, ok := m.(M); ok {
			out = append(out, e)
		}
	}
	return out
}

// TestTypedDoor: who speaks in requests and messages joins, talks, sees what others
// do, comes back to what it missed and leaves, beside those who speak JSON.
func TestTypedDoor(t *testing.T) {
	run(t, Options{}, func(w *world) {
		conn := &typedConn{}
		ada := w.engine.Accept(conn, ConnInfo{})
		ada.OnRequest(&wire.Join{Head: wire.Head{ID: 1}, Room: " Tea ", Name: " Ada "})
		joined := ofType[*wire.Joined](conn.take(w))
		if len(joined) != 1 || joined[0].ID != 1 || joined[0].Room != "tea" || joined[0].Title != "Tea" {
			t.Fatalf("joined %+v", joined)
		}
		bob := w.join("tea", "Bob", 4)
		bob.ok(&wire.Chat{Key: "b", Text: "hello Ada"})
		ada.OnRequest(&wire.Chat{Head: wire.Head{ID: 2}, Key: "a", Text: "hello Bob"})
		said := conn.take(w)
		if ok := ofType[*wire.OK](said); len(ok) != 1 || ok[0].ID != 2 || ok[0].Message.Text != "hello Bob" {
			t.Errorf("the text was answered with %+v", ok)
		}
		heard, same := ofType[*wire.Chatted](said), events[*wire.Chatted](bob)
		if len(heard) != 2 || !reflect.DeepEqual(heard, same) {
			t.Errorf("Ada heard %+v, Bob %+v", heard, same)
		}
		if came := ofType[*wire.ParticipantJoined](said); len(came) != 1 || came[0].Participant.Name != "Bob" {
			t.Errorf("who came: %+v", came)
		}

		ada.OnClose()
		bob.ok(&wire.Chat{Key: "b2", Text: "still there?"})
		conn = &typedConn{}
		ada = w.engine.Accept(conn, ConnInfo{})
		ada.OnRequest(&wire.Resume{Head: wire.Head{ID: 3}, Token: joined[0].Resume, Seq: heard[1].Seq})
		said = conn.take(w)
		if _, ok := said[0].(*wire.Resumed); !ok {
			t.Fatalf("the resume was answered with %#v", said[0])
		}
		if missed := ofType[*wire.Chatted](said); len(missed) != 1 || missed[0].Message.Text != "still there?" || missed[0].Seq == 0 {
			t.Errorf("missed %+v", missed)
		}
		ada.OnRequest(&wire.Leave{Head: wire.Head{ID: 4}})
		if ok := ofType[*wire.OK](conn.take(w)); len(ok) != 1 || ok[0].Summary == nil || conn.status != wire.StatusNormal {
			t.Errorf("the leave was answered with %+v, closed with %d", ok, conn.status)
		}
		if left := events[*wire.ParticipantLeft](bob); len(left) != 1 || left[0].Participant != joined[0].Participant {
			t.Errorf("Bob saw %+v", left)
		}
	})
}

// TestInferredSources: who names nothing is known by what its offer turns out to
// be, sees others in its seats, as many as the server gives, and turns what comes
// later on by itself. Who speaks JSON and names nothing means nothing.
func TestInferredSources(t *testing.T) {
	run(t, Options{Limits: Limits{Seats: 2}}, func(w *world) {
		bob := w.join("tea", "Bob", 2)
		conn := &typedConn{}
		ada := w.engine.Accept(conn, ConnInfo{})
		ada.OnRequest(&wire.Join{
			Head: wire.Head{ID: 1}, Room: "tea", Name: "Ada", Infer: true, Offer: "microphone camera seat seat seat",
			Unmuted: []wire.Source{wire.Microphone, wire.Camera, wire.Screen},
		})
		w.advance(seatsEvery)
		said := conn.take(w)
		came := one[*wire.ParticipantJoined](bob).Participant
		want := map[wire.Source]wire.SourceState{wire.Microphone: {Codec: "opus"}, wire.Camera: {Codec: "VP8"}}
		if !maps.Equal(came.Sources, want) {
			t.Errorf("Bob was told of %+v", came.Sources)
		}
		if seated := ofType[*wire.Seated](said); len(seated) != 1 || seated[0].Participant != bob.id() || !seated[0].Video {
			t.Errorf("Ada sees %+v", seated)
		}
		if bob.pump(); bob.seats[0].Participant != came.ID {
			t.Errorf("Bob sees %+v", bob.seats)
		}

		ada.OnRequest(&wire.Offer{Head: wire.Head{ID: 2}, Infer: true, Offer: "microphone camera seat seat seat screen"})
		if got := ofType[*wire.Answer](conn.take(w)); len(got) != 1 {
			t.Fatalf("the offer was answered with %+v", got)
		}
		if on := one[*wire.Muted](bob); on.Source != wire.Screen || !on.Muted || on.Codec != "VP8" {
			t.Errorf("Bob was told %+v", on)
		}
		ada.OnRequest(&wire.Mute{Head: wire.Head{ID: 3}, Source: wire.Screen})
		w.settle()
		if on := one[*wire.Muted](bob); on.Source != wire.Screen || on.Muted {
			t.Errorf("Bob was told %+v", on)
		}
		w.join("tea", "Cid", 2)
		w.join("tea", "Dan", 2)
		for _, seated := range ofType[*wire.Seated](conn.take(w)) {
			if seated.Seat > 1 {
				t.Errorf("a seat beyond the server's: %+v", seated)
			}
		}

		bob.clear()
		eve := w.connect()
		eve.ok(&wire.Join{Room: "tea", Name: "Eve", Offer: "microphone seat"})
		if came := one[*wire.ParticipantJoined](bob); len(came.Participant.Sources) != 0 {
			t.Errorf("Eve, who named nothing, has %+v", came.Participant.Sources)
		}
	})
}

// TestTypedDoorHasTheSameRules: order, limits and bounds are those of JSON.
func TestTypedDoorHasTheSameRules(t *testing.T) {
	run(t, Options{Limits: Limits{MessageRate: 1, MessageBurst: 8, OfferRate: 1, OfferBurst: 3}}, func(w *world) {
		conn := &typedConn{}
		ada := w.engine.Accept(conn, ConnInfo{})
		code := func(req wire.Request) wire.Code {
			conn.take(w)
			ada.OnRequest(req)
			said := conn.take(w)
			if refused := ofType[*wire.Error](said); len(refused) > 0 {
				if refused[0].ID != req.RequestID() {
					t.Errorf("%T: refused as %d", req, refused[0].ID)
				}
				return refused[0].Code
			}
			return ""
		}
		head := wire.Head{ID: 7}
		first := joinReq("tea", "Ada", 2)
		first.Head = head
		offer := func(size int) wire.Request {
			return &wire.Offer{Head: head, Offer: strings.Repeat("v", size), Sources: first.Sources, Seats: slices.Clone(first.Seats)}
		}
		for i, c := range []struct {
			req  wire.Request
			want wire.Code
		}{
			{&wire.Chat{Head: head, Key: "k", Text: "tea"}, wire.CodeNotJoined},
			{&wire.Chat{Head: head, Key: "k\xff", Text: "tea"}, wire.CodeBadField},
			{first, ""},
			{joinReq("tea", "Ada", 2), wire.CodeBadField}, // without an id
			{offer(1000), ""},
			{offer(100_000), wire.CodeRateLimited},
			{&wire.Mute{Head: head, Source: "lidar"}, wire.CodeBadField},
			{&wire.React{Head: head, Emoji: "👍"}, ""},
			{&wire.Ping{Head: head}, wire.CodeRateLimited},
		} {
			if got := code(c.req); got != c.want {
				t.Errorf("step %d: %q, want %q", i, got, c.want)
			}
		}
		w.advance(time.Minute)
		if got := code(offer(100_000)); got != "" {
			t.Errorf("a minute later: %s", got)
		}
	})
}
