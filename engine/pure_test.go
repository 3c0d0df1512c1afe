package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/engine/wire"
)

func TestHandsKeepTheirOrder(t *testing.T) {
	var h hands
	for i, c := range []struct {
		id      string
		raised  bool
		changed bool
		want    string
	}{
		{"a", true, true, "a"}, {"b", true, true, "a b"}, {"a", true, false, "a b"}, {"c", false, false, "a b"},
		{"a", false, true, "b"}, {"a", true, true, "b a"},
	} {
		if got := h.set(c.id, c.raised); got != c.changed || strings.Join(h, " ") != c.want {
			t.Errorf("step %d: changed %v, hands %v", i, got, h)
		}
	}
}

const (
	testKeep = 45 * time.Second
	most     = logBytes / (logEntry + 2 + 10) // events of 10 bytes
)

func logOf(l *eventLog, from, to int, at time.Time, size int) {
	for seq := from; seq <= to; seq++ {
		l.add(loggedEvent{seq: uint64(seq), at: at, frame: wire.NewFrame(make([]byte, size)).Keep()}, testKeep)
	}
}

// logged is how many bytes the log holds.
func logged(l *eventLog) (bytes int) {
	for _, e := range l.events {
		if e.frame != nil {
			bytes += e.size()
		}
	}
	return bytes
}

func replayed(l *eventLog, seq uint64, id string) (n int, ok bool) {
	if !l.reaches(seq) {
		return 0, false
	}
	l.since(seq, id, func(*wire.Frame) { n++ })
	return n, true
}

func TestEventLogBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(l *eventLog)
		seq  uint64
		n    int
		ok   bool
	}{
		{"empty", func(*eventLog) {}, 0, 0, true},
		{"all", func(l *eventLog) { logOf(l, 1, 10, testNow, 10) }, 0, 10, true},
		{"some", func(l *eventLog) { logOf(l, 1, 10, testNow, 10) }, 7, 3, true},
		{"none missed", func(l *eventLog) { logOf(l, 1, 10, testNow, 10) }, 10, 0, true},
		{"as many as are kept", func(l *eventLog) { logOf(l, 1, most+5, testNow, 10) }, 5, most, true},
		{"one more", func(l *eventLog) { logOf(l, 1, most+5, testNow, 10) }, 4, 0, false},
		{"too many bytes", func(l *eventLog) { logOf(l, 1, 100, testNow, logBytes/50) }, 30, 0, false},
		{"too old", func(l *eventLog) {
			logOf(l, 1, 5, testNow, 10)
			logOf(l, 6, 6, testNow.Add(testKeep+1), 10)
		}, 4, 0, false},
		{"old, but seen", func(l *eventLog) {
			logOf(l, 1, 5, testNow, 10)
			logOf(l, 6, 6, testNow.Add(testKeep+1), 10)
		}, 5, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l eventLog
			c.fill(&l)
			if n, ok := replayed(&l, c.seq, "a"); n != c.n || ok != c.ok {
				t.Errorf("got %d events, %v; want %d, %v", n, ok, c.n, c.ok)
			}
			if l.bytes > logBytes || l.bytes != logged(&l) {
				t.Errorf("keeps %d events of %d bytes, counted %d", len(l.events), logged(&l), l.bytes)
			}
		})
	}
}

func TestEventLogKeepsPrivateThingsPrivate(t *testing.T) {
	var l eventLog
	l.add(loggedEvent{seq: 1, at: testNow, frame: wire.NewFrame(nil).Keep(), to: only("a", "b")}, testKeep)
	l.add(loggedEvent{seq: 2, at: testNow, frame: wire.NewFrame(nil).Keep()}, testKeep)
	l.add(loggedEvent{seq: 3, at: testNow, frame: wire.NewFrame(nil).Keep(), to: except("b")}, testKeep)
	for id, want := range map[string]int{"a": 3, "b": 2, "c": 2} {
		if n, _ := replayed(&l, 0, id); n != want {
			t.Errorf("%s gets %d events, want %d", id, n, want)
		}
	}
}

// TestEventLogKeepsTheLatestPresence: of those who go away and come back only
// how it ended is kept, in its place in the order.
func TestEventLogKeepsTheLatestPresence(t *testing.T) {
	var l eventLog
	frame := wire.NewFrame(make([]byte, 100)).Keep()
	for seq := range 100_000 {
		l.add(loggedEvent{seq: uint64(seq + 1), at: testNow, frame: frame, presence: strconv.Itoa(seq % 700)}, testKeep)
	}
	l.add(loggedEvent{seq: 100_001, at: testNow, frame: frame}, testKeep)
	if n, ok := replayed(&l, 0, "x"); n != 701 || !ok || len(l.events) > 2*701 || l.bytes != logged(&l) {
		t.Errorf("replays %d (%v) of %d events, %d bytes, counted %d", n, ok, len(l.events), logged(&l), l.bytes)
	}
	if n, ok := replayed(&l, 100_000-300, "x"); n != 301 || !ok {
		t.Errorf("replays %d (%v), want the last 301", n, ok)
	}
	l.add(loggedEvent{seq: 100_002, at: testNow.Add(testKeep + 1), frame: frame, presence: "1"}, testKeep)
	if n, ok := replayed(&l, 100_001, "x"); n != 1 || !ok || len(l.presence) != 1 || l.replaced != 0 {
		t.Errorf("replays %d (%v), remembers %d people and %d replaced", n, ok, len(l.presence), l.replaced)
	}
	if _, ok := replayed(&l, 100_000, "x"); ok {
		t.Error("what is gone was not missed")
	}
}

func TestScore(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		q      MediaQuality
		silent time.Duration
		want   wire.Score
	}{
		{MediaQuality{Packets: 1}, 0, wire.ScoreExcellent},
		{MediaQuality{Packets: 1, RTT: 149 * ms, UpLoss: 0.019}, 0, wire.ScoreExcellent},
		{MediaQuality{Packets: 1, RTT: 150 * ms}, 0, wire.ScoreGood},
		{MediaQuality{Packets: 1, DownLoss: 0.02}, 0, wire.ScoreGood},
		{MediaQuality{Packets: 1, DownLoss: 0.06}, 0, wire.ScorePoor},
		{MediaQuality{Packets: 1, RTT: 400 * ms}, 0, wire.ScorePoor},
		{MediaQuality{Packets: 1, UpLoss: math.NaN()}, 0, wire.ScoreExcellent},
		{MediaQuality{}, 4 * time.Second, ""},
		{MediaQuality{}, 5 * time.Second, wire.ScoreLost},
	} {
		if got := score(c.q, c.silent); got != c.want {
			t.Errorf("%+v after %v: %q, want %q", c.q, c.silent, got, c.want)
		}
	}
	bad := qualityOf("a", wire.ScorePoor, MediaQuality{UpLoss: math.NaN(), DownLoss: math.Inf(1), RTT: -1})
	wire.FrameOf(&wire.Quality{Participants: []wire.ParticipantQuality{bad}}).Bytes() // panics on what JSON has not
}

func TestTokens(t *testing.T) {
	token := resumeToken{room: "тee.x", participant: "p-1", secret: newSecret()}
	back, ok := parseToken(token.String())
	if !ok || back != token {
		t.Errorf("%q came back as %+v", token, back)
	}
	if len(token.String()) > wire.MaxToken {
		t.Errorf("%d bytes", len(token.String()))
	}
	long := resumeToken{room: strings.Repeat("語", wire.MaxRoomRunes), participant: strings.Repeat("x", 36), secret: newSecret()}
	if len(long.String()) > wire.MaxToken {
		t.Errorf("the longest token has %d bytes", len(long.String()))
	}
	for _, s := range []string{"", ".", "..", "a.b.c.d", "a.b.c", strings.Repeat(".", 100000), token.String() + "A", token.String()[:10], "!." + token.String()} {
		if _, ok := parseToken(s); ok {
			t.Errorf("took %.40q", s)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(resumeToken{room: "a", participant: "b"}.String())
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		if token, ok := parseToken(s); ok {
			if again, ok := parseToken(token.String()); !ok || again != token {
				t.Fatalf("%q is read as %+v, then %+v", s, token, again)
			}
		}
	})
}

func TestHistory(t *testing.T) {
	var h history
	msg := func(id string, at time.Time, text string) wire.ChatMessage {
		return wire.ChatMessage{ID: id, At: at.UnixMilli(), Text: text}
	}
	if !h.add(msg("1", testNow.Add(-25*time.Hour), "old")) || !h.add(msg("2", testNow, "new")) {
		t.Error("not added")
	}
	if h.add(msg("2", testNow, "again")) || h.add(msg("1", testNow, "again")) {
		t.Error("added again")
	}
	if got := h.forJoined(testNow); len(got) != 1 || got[0].Text != "new" {
		t.Errorf("got %v", got)
	}
	for i := range 300 {
		h.add(msg(fmt.Sprint(100+i), testNow, strings.Repeat("語", 1000)))
	}
	got := h.forJoined(testNow)
	if len(got) < 50 || len(got) > wire.MaxHistory || got[len(got)-1].ID != "399" || !slices.IsSortedFunc(got, func(a, b wire.ChatMessage) int { return strings.Compare(a.ID, b.ID) }) {
		t.Errorf("%d texts", len(got))
	}
	if size := len(wire.FrameOf(&wire.Joined{Chat: got}).Bytes()); size > wire.MaxHistoryBytes+2048 {
		t.Errorf("%d bytes", size)
	}
}

func TestCodeOf(t *testing.T) {
	if c := CodeOf(fmt.Errorf("open: %w", refuse(wire.CodeBadSDP, "no"))); c != wire.CodeBadSDP {
		t.Error(c)
	}
	ours := errors.New("open /secret/path")
	if CodeOf(ours) != wire.CodeInternal || strings.Contains(developerText(ours), "secret") {
		t.Errorf("%s, %s", CodeOf(ours), developerText(ours))
	}
}
