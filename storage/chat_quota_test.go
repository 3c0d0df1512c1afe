package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// sayFrom says a text of about 1,090 bytes.
func sayFrom(s *Store, room, source, key string) error {
	_, err := say(s, ChatRecord{Room: room, Source: source, Identity: source, Key: key, At: s.o.Now(), Text: strings.Repeat("x", 1000)})
	return err
}

// flood says texts until one is refused and returns how many were taken.
func flood(t *testing.T, s *Store, room, source, prefix string, most int) (taken int, err error) {
	t.Helper()
	for taken < most {
		if err = sayFrom(s, room, source, fmt.Sprint(prefix, taken)); err != nil {
			return taken, err
		}
		taken++
	}
	return taken, nil
}

// TestChatQuota: one source fills its share, several the room, and no more; each
// is told; what expires gives its bytes back, before and after a restart, whether
// texts are still in the journal or not.
func TestChatQuota(t *testing.T) {
	for _, restart := range []string{"no", "closed", "crashed"} {
		t.Run(restart, func(t *testing.T) {
			c := newClock()
			o := Options{Now: c.now, ChatAge: 24 * time.Hour, ChatBytes: 40_000, Heartbeat: time.Hour}
			s := open(t, t.TempDir(), o)
			again := func() {
				switch dir := s.db.Path(); restart {
				case "closed":
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = open(t, strings.TrimSuffix(dir, "/parley.db"), o)
				case "crashed":
					copied := crash(t, s)
					_ = s.Close()
					s = open(t, copied, o)
				}
			}
			defer func() { s.Close() }()
			if n, err := flood(t, s, "demo", "192.0.2.0/32", "a", 100); n != 9 || !errors.Is(err, ErrSourceFull) {
				t.Fatalf("%d texts, %v", n, err)
			}
			again()
			if n, err := flood(t, s, "demo", "192.0.2.0/32", "b", 100); n != 0 || !errors.Is(err, ErrSourceFull) {
				t.Fatalf("%d more texts, %v", n, err)
			}
			if n, err := flood(t, s, "other room", "192.0.2.0/32", "a", 9); n != 9 {
				t.Fatalf("another room: %d texts, %v", n, err)
			}
			c.advance(12 * time.Hour)
			for i := 1; i < 4; i++ {
				if n, _ := flood(t, s, "demo", fmt.Sprintf("192.0.2.%d/32", i), "c", 100); n != 9 {
					t.Fatalf("source %d: %d texts", i, n)
				}
			}
			again()
			if n, err := flood(t, s, "demo", "192.0.2.9/32", "d", 100); n > 4 || !errors.Is(err, ErrRoomFull) {
				t.Fatalf("room: %d texts, %v", n, err)
			}
			// A text that was stored before is answered all the same.
			if err := sayFrom(s, "demo", "192.0.2.1/32", "c0"); err != nil {
				t.Error(err)
			}
			c.advance(12*time.Hour + time.Second) // the first source's are too old
			if n, err := flood(t, s, "demo", "192.0.2.0/32", "e", 100); n != 9 || !errors.Is(err, ErrSourceFull) {
				t.Fatalf("later: %d texts, %v", n, err)
			}
		})
	}
}

// TestChatQuotaCountsWhatIsShown: of many texts only the last ones count.
func TestChatQuotaCountsWhatIsShown(t *testing.T) {
	s := open(t, t.TempDir(), Options{ChatLimit: 5, ChatBytes: 8_000, ChatShare: 7_000})
	defer s.Close()
	if n, err := flood(t, s, "demo", "192.0.2.0/32", "a", 300); n != 300 {
		t.Errorf("%d texts, %v", n, err)
	}
}

func TestChatWithoutQuota(t *testing.T) {
	s := open(t, t.TempDir(), Options{ChatBytes: -1})
	defer s.Close()
	text := strings.Repeat("x", MaxText)
	for i := range 150 { // beyond the default
		if _, err := say(s, ChatRecord{Room: "demo", Source: "a", Key: fmt.Sprint(i), At: time.Now(), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDefaultQuota: a meeting of many people never meets it, twenty people who
// store as fast as they may do.
func TestDefaultQuota(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	if n, err := flood(t, s, "lecture", "192.0.2.0/32", "a", 1000); n != 1000 {
		t.Errorf("%d texts of 1,000 characters from one address, %v", n, err)
	}
	stored, text := 0, strings.Repeat("語", 4000)
	var err error
	for i := range 20 * 40 {
		if _, err = say(s, ChatRecord{Room: "flood", Source: "a", Key: fmt.Sprint(i), At: time.Now(), Text: text}); err != nil {
			break
		}
		stored += len(text)
	}
	if stored > 2<<20 || !errors.Is(err, ErrSourceFull) {
		t.Errorf("%d bytes stored, %v", stored, err)
	}
}

// TestSumsOfTheIndex compares them with the texts after random writes, while old
// ones are pruned and rooms leave the index.
func TestSumsOfTheIndex(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, ChatAge: time.Minute, ChatLimit: 50, ChatBytes: 30_000, Heartbeat: time.Millisecond})
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for i := range 2000 {
		room := fmt.Sprint("room", r.IntN(3))
		record := ChatRecord{Room: room, Source: fmt.Sprint("s", r.IntN(5)), Key: fmt.Sprint(i), At: c.now(), Text: strings.Repeat("x", 1+r.IntN(3000))}
		if record.Source == "s4" {
			record.Source = ""
		}
		if _, err := say(s, record); errors.Is(err, ErrRoomFull) || errors.Is(err, ErrSourceFull) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
		c.advance(time.Duration(r.IntN(2000)) * time.Millisecond)
		checkIndex(t, s, room, c.now())
	}
	if refused < 100 || refused > 1900 {
		t.Errorf("%d of 2000 refused", refused)
	}
}

func checkIndex(t *testing.T, s *Store, room string, now time.Time) {
	t.Helper()
	keep := s.retention(now)
	all, _ := s.index.used(room, 0, keep)
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	indexed := s.index.rooms[room]
	var shown, bytes int64
	bySource := map[sourceMark]int64{}
	for i, text := range indexed.texts {
		bytes += int64(text.size)
		bySource[text.source] += int64(text.size)
		if text.id >= keep.oldest && i >= len(indexed.texts)-keep.limit {
			shown += int64(text.size)
		}
	}
	if bytes != indexed.bytes || shown > s.o.ChatBytes {
		t.Fatalf("%s: %d bytes counted, %d there, %d shown", room, indexed.bytes, bytes, shown)
	}
	if all > bytes {
		t.Fatalf("%s: %d used of %d", room, all, bytes)
	}
	for mark, n := range indexed.bySource {
		if bySource[mark] != n {
			t.Fatalf("%s: source %d has %d counted, %d there", room, mark, n, bySource[mark])
		}
	}
}

func TestMarks(t *testing.T) {
	if markOf("a", "") != 0 {
		t.Error("nobody has a mark")
	}
	if markOf("a", "x") == markOf("b", "x") {
		t.Error("a source is the same in every room")
	}
	seen := map[sourceMark]bool{}
	for i := range 20_000 {
		m := markOf("a", fmt.Sprint(i))
		if m == 0 {
			t.Fatal("0 stands for none")
		}
		seen[m] = true
	}
	if len(seen) < 15_000 {
		t.Errorf("%d marks", len(seen))
	}
	hash := strings.Repeat("h", len(chatHash{}))
	for _, c := range []struct {
		value string
		want  sourceMark
	}{
		{`{"src":1,"key":"k"}`, 1}, {`{"src":65535,"key":"k"}`, 65535}, {`{"key":"k","src":7}`, 0},
		{`{"src":65536,"key":"k"}`, 0}, {`{"src":`, 0}, {`{"src":-1,`, 0}, {``, 0},
	} {
		if got := markIn([]byte(hash + c.value)); got != c.want {
			t.Errorf("%s: %d", c.value, got)
		}
	}
	markIn([]byte("short"))
}
