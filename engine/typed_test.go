package engine

import (
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
