package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

func TestResumeReplaysWhatWasMissed(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob, eve := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4), w.join("tea", "Eve", 4)
		ada.clear()
		bob.clear()
		bob.drop()
		if away := one[*wire.ParticipantAway](ada); away.Participant != bob.id() || !away.Away {
			t.Errorf("away: %+v", away)
		}
		ada.ok(&wire.Chat{Key: "1", Text: "missed"})
		ada.ok(&wire.Chat{Key: "2", Text: "for Bob", To: bob.id()})
		ada.ok(&wire.Chat{Key: "3", Text: "for Eve", To: eve.id()})
		ada.ok(&wire.Hand{Raised: true})
		ada.ok(&wire.Caption{Text: "not replayed", Final: true})
		eve.ok(&wire.Leave{})
		w.advance(20 * time.Second)
		places := bob.session().places

		reply := bob.resume()
		resumed, ok := reply.(*wire.Resumed)
		if !ok {
			t.Fatalf("got %+v", reply)
		}
		said := events[*wire.Chatted](bob)
		if len(said) != 2 || said[0].Message.Text != "missed" || said[1].Message.Text != "for Bob" {
			t.Errorf("texts: %v", said)
		}
		if h := one[*wire.HandChanged](bob); h.Participant != ada.id() {
			t.Errorf("hand: %+v", h)
		}
		one[*wire.ParticipantLeft](bob)
		if bob.seq != resumed.Seq {
			t.Errorf("brought up to %d, the room is at %d", bob.seq, resumed.Seq)
		}
		if len(events[*wire.Captioned](bob)) != 0 {
			t.Error("a caption was replayed")
		}
		if len(bob.seats) != 1 || bob.seats[0].Participant != ada.id() {
			t.Errorf("seats: %v", bob.seats)
		}
		if bob.session().closed || bob.session().places != places {
			t.Error("the media was touched")
		}
		back := events[*wire.ParticipantAway](ada)
		if len(back) != 1 || back[0].Away {
			t.Errorf("back: %+v", back)
		}
		bob.ok(&wire.Chat{Key: "b", Text: "back"})
		w.advance(time.Minute)
		if closed, _ := bob.conn.end(); closed {
			t.Error("given up after all")
		}
	})
}

func TestResumeWindow(t *testing.T) {
	for _, c := range []struct {
		name  string
		media func(b *client)
		noSDP bool
	}{
		{"media flows", func(*client) {}, false},
		{"media dies with it", func(b *client) { b.session().fallSilent() }, false},
		{"no media", func(*client) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, Options{}, func(w *world) {
				ada := w.join("tea", "Ada", 4)
				req := joinReq("tea", "Bob", 4)
				if c.noSDP {
					req = &wire.Join{Room: "tea", Name: "Bob"}
				}
				bob := w.joinAs(req)
				c.media(bob)
				start := time.Now()
				bob.drop()
				w.advance(29*time.Second - time.Since(start))
				if _, ok := bob.resume().(*wire.Resumed); !ok {
					t.Fatal("not resumed after 29 s")
				}
				ada.clear()
				start = time.Now()
				bob.drop()
				w.advance(29900*time.Millisecond - time.Since(start))
				if left := events[*wire.ParticipantLeft](ada); len(left) != 0 {
					t.Errorf("gone after %v", time.Since(start))
				}
				w.advance(30100*time.Millisecond - time.Since(start))
				if left := one[*wire.ParticipantLeft](ada); left.Reason != wire.ReasonLost {
					t.Errorf("reason %s", left.Reason)
				}
				if e, ok := bob.resume().(*wire.Error); !ok || e.Code != wire.CodeResumeGone {
					t.Errorf("resume: %+v", e)
				}
				bob.ok(joinReq("tea", "Bob", 4))
			})
		})
	}
}

// TestSilentWhileAway: who is heard of no more, on the socket nor the media, is
// out of sight 10 s later, and back as he was when he resumes.
func TestSilentWhileAway(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		bob.ok(&wire.Hand{Raised: true})
		ada.clear()
		bob.drop()
		w.advance(5 * time.Second)
		if away := one[*wire.ParticipantAway](ada); !away.Away || away.Silent {
			t.Errorf("away: %+v", away)
		}
		bob.session().fallSilent()
		w.advance(9 * time.Second)
		if ada.pump(); len(ada.seats) != 1 || len(events[*wire.ParticipantAway](ada)) != 0 {
			t.Error("out of sight too early")
		}
		w.advance(1100 * time.Millisecond)
		if away := one[*wire.ParticipantAway](ada); !away.Away || !away.Silent {
			t.Errorf("silent: %+v", away)
		}
		if len(ada.seats) != 0 || len(ada.hands) != 0 {
			t.Errorf("Ada has him in %v, hands %v", ada.seats, ada.hands)
		}
		eve := w.join("tea", "Eve", 4)
		if p := eve.joined.Participants[1]; !p.Away || !p.Silent || eve.seats[0].Participant != ada.id() || len(eve.seats) != 1 {
			t.Errorf("a newcomer is told %+v and seats %v", p, eve.seats)
		}
		w.advance(10 * time.Second)
		if _, ok := bob.resume().(*wire.Resumed); !ok {
			t.Fatal("not resumed")
		}
		w.advance(seatsEvery)
		if back := one[*wire.ParticipantAway](ada); back.Away || back.Silent {
			t.Errorf("back: %+v", back)
		}
		if bob.pump(); len(ada.seats) != 2 || len(bob.seats) != 2 || len(bob.hands) != 0 {
			t.Errorf("seats of Ada %v, of Bob %v, hands %v", ada.seats, bob.seats, bob.hands)
		}
		ada.ok(&wire.Leave{})
		eve.ok(&wire.Leave{})
		bob.ok(&wire.Leave{})
		if stays := w.records.meeting(0).stays[bob.id()]; len(stays) != 1 || stays[0].Leave.IsZero() {
			t.Errorf("recorded %+v", stays)
		}
	})
}

// TestSilentForGood: the record says that a killed page left when it went out of
// sight, not when its session was given up.
func TestSilentForGood(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.clear()
		start := time.Now()
		bob.session().fallSilent()
		bob.drop()
		w.advance(31 * time.Second)
		if left := one[*wire.ParticipantLeft](ada); left.Reason != wire.ReasonLost {
			t.Errorf("left: %+v", left)
		}
		stays := w.records.meeting(0).stays[bob.id()]
		if len(stays) != 1 || stays[0].Leave.Sub(start).Round(time.Second) != 10*time.Second {
			t.Errorf("recorded %+v, lost at %v", stays, start)
		}
		if w.records.meeting(0).Present != 1 {
			t.Errorf("%d are present", w.records.meeting(0).Present)
		}
	})
}

func TestResumeIsRefused(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		token, _ := parseToken(bob.joined.Resume)
		wrong := token
		wrong.secret[0] ^= 1
		alien := token
		alien.room = "other"
		for name, req := range map[string]*wire.Resume{
			"nonsense":        {Token: "x"},
			"wrong secret":    {Token: wrong.String(), Seq: bob.seq},
			"other room":      {Token: alien.String(), Seq: bob.seq},
			"other person":    {Token: resumeToken{"tea", ada.id(), token.secret}.String(), Seq: bob.seq},
			"from the future": {Token: bob.joined.Resume, Seq: bob.seq + 100},
		} {
			c := w.connect()
			c.refused(req, wire.CodeResumeGone)
			if closed, _ := bob.conn.end(); closed {
				t.Fatalf("%s: ended the real one", name)
			}
			c.ok(joinReq("tea", "Eve", 0)) // the connection can still join
			c.ok(&wire.Leave{})
		}
		bob.ok(&wire.Ping{})
		bob.ok(&wire.Leave{})
		w.connect().refused(&wire.Resume{Token: bob.joined.Resume, Seq: bob.seq}, wire.CodeResumeGone)
	})
}

// TestResumeAfterTooMuch: what a room keeps is bounded. It takes several people
// who send the longest texts all the time to get there.
func TestResumeAfterTooMuch(t *testing.T) {
	run(t, Options{Limits: Limits{ChatRate: 1e6, ChatBurst: 1e6, MessageRate: 1e6, MessageBurst: 1e6}}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		bob.drop()
		for i := range logBytes / len(longest) {
			ada.ok(&wire.Chat{Key: strconv.Itoa(i), Text: longest})
			ada.clear()
		}
		if e, ok := bob.resume().(*wire.Error); !ok || e.Code != wire.CodeResumeGone {
			t.Errorf("resumed: %+v", e)
		}
	})
}

// longest is the text of most bytes.
var longest = strings.Repeat("😀", wire.MaxChatRunes)

// TestResumeThroughChatter: somebody who sends the longest texts as fast as he
// may does not cost others their sessions.
func TestResumeThroughChatter(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 4)
		w.advance(10 * time.Second)
		bob.drop()
		said := 0
		for start := time.Now(); time.Since(start) < 29*time.Second; w.advance(100 * time.Millisecond) {
			if _, ok := ada.call(&wire.Chat{Key: time.Now().String(), Text: longest}).(*wire.OK); ok {
				said++
			}
			ada.clear()
		}
		if _, ok := bob.resume().(*wire.Resumed); !ok || said < 60 {
			t.Fatalf("not resumed after %d texts", said)
		}
		if heard := len(events[*wire.Chatted](bob)); heard != said {
			t.Errorf("heard %d of %d texts", heard, said)
		}
	})
}

// TestResumeAfterAnOutageOfMost: when 700 of a room lose their sockets at once,
// the goings and comings of the others cost nobody his session.
func TestResumeAfterAnOutageOfMost(t *testing.T) {
	const lost = 700
	run(t, Options{}, func(w *world) {
		ada := w.join("tea", "Ada", 0)
		people := make([]*client, lost)
		for i := range people {
			people[i] = w.connect()
			people[i].ok(&wire.Join{Room: "tea", Name: fmt.Sprint("P", i)})
		}
		last := people[lost-1].joined.Seq
		for _, c := range people {
			c.conn.Close(1006, "lost")
			c.signal.OnClose()
		}
		w.settle()
		ada.ok(&wire.Chat{Key: "1", Text: "missed"})
		w.advance(5 * time.Second)
		for _, c := range people {
			c.conn, c.seq, c.got = &memConn{}, last, nil
			c.attach(netip.Addr{})
			c.send(&wire.Resume{Token: c.joined.Resume, Seq: last})
		}
		w.settle()
		for i, c := range people {
			frames := c.conn.take()
			missed := slices.ContainsFunc(frames, func(f *wire.Frame) bool { return strings.Contains(string(f.Text()), `"missed"`) })
			if !strings.Contains(string(frames[0].Text()), `"resumed"`) || !missed {
				t.Fatalf("number %d got %s; the text: %v", i, frames[0].Text(), missed)
			}
			if i > 0 && i < lost-1 {
				continue
			}
			away, told := map[string]bool{}, 0
			for _, f := range frames {
				if m, _ := wire.ParseMessage(f.Text()); m != nil {
					c.see(m, f)
					if ev, ok := m.(*wire.ParticipantAway); ok {
						away[ev.Participant] = ev.Away
						told++
					}
				}
			}
			for id, still := range away {
				if still {
					t.Errorf("%s is away in the eyes of number %d", id, i)
				}
			}
			if len(away) != lost {
				t.Errorf("number %d was told of %d people", i, len(away))
			}
			if i == lost-1 && told != lost {
				t.Errorf("the last was told %d times of %d who are all back", told, lost)
			}
		}
	})
}

func TestResumeOnASecondConnection(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.clear()
		old, oldConn := bob.signal, bob.conn
		if _, ok := bob.resume().(*wire.Resumed); !ok {
			t.Fatal("not resumed")
		}
		if closed, status := oldConn.end(); !closed || status != wire.CloseStatus(wire.CodeReplaced) {
			t.Errorf("old connection: %v, %d", closed, status)
		}
		old.OnClose()
		old.OnText([]byte(`{"type":"hand","id":1,"raised":true}`))
		w.advance(time.Minute)
		if len(events[*wire.ParticipantAway](ada)) != 0 || len(events[*wire.HandChanged](ada)) != 0 {
			t.Error("the old connection still counts")
		}
		bob.ok(&wire.Ping{})
	})
}

func TestResumeThatIsLostAgain(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		for range 5 {
			bob.drop()
			bob.pump()
			bob.conn = &memConn{}
			bob.attach(netip.Addr{})
			bob.send(&wire.Resume{Token: bob.joined.Resume, Seq: bob.seq})
			bob.signal.OnClose() // before it was answered
			w.settle()
		}
		ada.clear()
		w.advance(31 * time.Second)
		one[*wire.ParticipantLeft](ada)
	})
}

func TestMediaFails(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob, eve := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4), w.join("tea", "Eve", 4)
		ada.clear()
		bob.session().events.MediaFailed(errors.New("no DTLS"))
		w.settle()
		bye := one[*wire.Bye](bob)
		if bye.Code != wire.CodeMediaFailed || !bye.Retryable {
			t.Errorf("bye: %+v", bye)
		}
		eve.drop()
		eve.session().events.MediaFailed(errors.New("no ICE"))
		w.settle()
		if left := events[*wire.ParticipantLeft](ada); len(left) != 2 || left[1].Reason != wire.ReasonLost {
			t.Errorf("left: %v", left)
		}
	})
}

// TestMediaFailsWhileTheRoomIsBusy: the end of a session is told once, so a full
// mailbox must not lose it; who sits in the meeting without media is a ghost.
func TestMediaFailsWhileTheRoomIsBusy(t *testing.T) {
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.clear()
		events, room := bob.session().events, bob.session().events.(mediaEvents).room
		w.records.mu.Lock() // the room stands still over the record of the name
		bob.send(&wire.Rename{Name: "Robert"})
		for room.Depth() < roomMailbox {
			_ = room.Tell(seatsDue{}, actors.Drop)
		}
		events.MediaFailed(errors.New("no ICE"))
		w.records.mu.Unlock()
		w.advance(time.Second)
		if bye := one[*wire.Bye](bob); bye.Code != wire.CodeMediaFailed {
			t.Errorf("bye: %+v", bye)
		}
		one[*wire.ParticipantLeft](ada)
	})
}

// A client whose way broke asks over its socket: whose media it is asked about
// has to be known after a join, after an offer and after a resume.
func TestPingTellsWhenMediaWasSent(t *testing.T) {
	run(t, Options{}, func(w *world) {
		told := func(when string, c *client, want int64) {
			t.Helper()
			got := int64(-1)
			if ok := c.ok(&wire.Ping{}).(*wire.OK); ok.SentMS != nil {
				got = *ok.SentMS
			}
			if got != want {
				t.Errorf("%s: sent %d ms ago, want %d", when, got, want)
			}
		}
		told("before a join", w.connect(), -1)
		ada := w.join("tea", "Ada", 4)
		told("before anything was sent", ada, -1)
		ada.session().sendNow()
		w.advance(1_250 * time.Millisecond)
		told("after a join", ada, 1_250)
		ada.drop()
		ada.session().sendNow()
		if _, ok := ada.resume().(*wire.Resumed); !ok {
			t.Fatal("not resumed")
		}
		w.advance(500*time.Millisecond - time.Since(ada.session().LastSent()))
		told("after a resume", ada, 500)
		late := w.join("tea", "Late", 0)
		offer := joinReq("tea", "Late", 1)
		late.ok(&wire.Offer{Offer: offer.Offer, Sources: offer.Sources, Seats: offer.Seats})
		w.settle()
		late.session().sendNow()
		told("after an offer", late, 0)
	})
}
