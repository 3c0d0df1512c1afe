package wire

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestCleanRoom(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"tea", "tea"}, {" Tea ", "tea"}, {"A-b_c.9", "a-b_c.9"}, {"комната", "комната"}, {"会议室", "会议室"},
		{strings.Repeat("x", 64), strings.Repeat("x", 64)}, {strings.Repeat("a\u0301", 64), strings.Repeat("á", 64)},
		{"a b", "a-b"}, {"a \u3000\tb", "a-b"}, {"a - b", "a---b"}, {"tea.", "tea"}, {"tea. ", "tea"}, {"tea . .", "tea"}, {"会议室。", "会议室"},
		{"abc-defg-hij", "abc-defg-hij"}, {"ﬁ", "ﬁ"}, {"٣٤", "٣٤"},
		{"", ""}, {" ", ""}, {".hidden", ""}, {"..", ""}, {"a/b", ""}, {`a\b`, ""}, {"a\x00", ""}, {"a\u202eb", ""},
		{strings.Repeat("x", 65), ""}, {strings.Repeat(" ", 1025) + "x", ""}, {"\xff", ""}, {"a#b", ""}, {"a%2f", ""}, {"<b>", ""}, {"a\u200bb", ""},
		{"a\u00adb", ""}, {"\u0301a", ""}, {"-\u0301", ""}, {"1\u0301", ""}, {"a\u034fb", ""}, {"a\ufe0f", ""}, {"\u1160", ""},
		{"a\u200db", ""}, {"\u200d", ""}, {"x" + strings.Repeat("\u0323", 5), ""}, {"😀", ""}, {"a" + strings.Repeat("\u0316", 40), ""},
	} {
		got, err := CleanRoom(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("CleanRoom(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

// TestRoomsOfField: names that were refused, or made two rooms, in the field.
// Each line of the file is one room.
func TestRoomsOfField(t *testing.T) {
	f, err := os.Open("testdata/rooms.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rooms := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		rooms++
		want := ""
		for name := range strings.FieldsSeq(line) {
			for _, name := range []string{name, norm.NFD.String(name), strings.ToUpper(name)} {
				key, err := CleanRoom(name)
				if err != nil {
					t.Errorf("%+q: %v", name, err)
				}
				if want == "" {
					want = key
				}
				if key != want {
					t.Errorf("%+q is room %+q, and %+q by another of its names", name, key, want)
				}
			}
		}
	}
	if rooms < 20 {
		t.Fatalf("%d rooms", rooms)
	}
}

func TestRoomTitle(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{" Team  Sync. ", "Team-Sync"}, {"ΟΔΟΣ", "ΟΔΟΣ"}, {"cafe\u0301", "café"}, {"जलसा\u200c", "जलसा"},
		{"جلسه\u200cما", "جلسه\u200cما"}, {"جلسه\u200c ما", "جلسه-ما"}, {"جلسه\u200c1", "جلسه1"}, {"İstanbul", "İstanbul"},
	} {
		if got, err := RoomTitle(c.in); got != c.want || err != nil {
			t.Errorf("RoomTitle(%+q) = %+q, %v; want %+q", c.in, got, err, c.want)
		}
	}
}

// allNames calls visit with every character there is that a name may have: many
// together of those that folding leaves alone, others beside what they may meet.
func allNames(visit func(string)) {
	around := []string{"%", "i%", "a%", "%a", "क%क", "ᄒ%ᆫ", "α\u0301%", "i\u0323%", "x%\u0345"}
	var together []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		switch {
		case !utf8.ValidRune(r) || !roomRune('a', r):
		case foldRune(r) == r && norm.NFD.IsNormalString(string(r)) && !unicode.IsMark(r) && unicode.ToUpper(r) == r:
			if together = append(together, r); len(together) == 60 {
				visit("a" + string(together) + "a")
				together = together[:0]
			}
		case unicode.Is(unicode.Hangul, r) && r%16 != 0: // they compose by a rule
			visit("a" + string(r))
		default:
			forms := around
			if !unicode.IsMark(r) {
				forms = around[:2]
			}
			for _, form := range forms {
				visit(strings.Replace(form, "%", string(r), 1))
			}
		}
	}
	visit("a" + string(together) + "a")
}

// TestRoomKeyIsItsOwn: over all of Unicode the key of a key is itself, the title
// has the same key as what was typed, and so has its own title.
func TestRoomKeyIsItsOwn(t *testing.T) {
	allNames(func(name string) { checkRoom(t, name) })
}

// TestRoomVariantsAgree: over all of Unicode a name is the same room composed and
// decomposed, in capitals and in small letters.
func TestRoomVariantsAgree(t *testing.T) {
	allNames(func(name string) {
		key, err := CleanRoom(name)
		if err != nil {
			return
		}
		for _, other := range []string{
			norm.NFC.String(name), norm.NFD.String(name),
			strings.ToUpper(name), strings.ToLower(name), strings.ToTitle(name), norm.NFD.String(strings.ToUpper(name)),
		} {
			if got, err := CleanRoom(other); got != key || err != nil {
				t.Errorf("%+q is room %+q; as %+q it is %+q, %v", name, key, other, got, err)
			}
		}
	})
}

func checkRoom(t *testing.T, name string) {
	t.Helper()
	key, err := CleanRoom(name)
	if err != nil {
		return
	}
	if again, err := CleanRoom(key); again != key || err != nil {
		t.Errorf("the key of %+q is %+q, whose key is %+q, %v", name, key, again, err)
	}
	title, err := RoomTitle(name)
	if err != nil {
		t.Errorf("%+q has the key %+q and no title: %v", name, key, err)
	}
	if again, err := RoomTitle(title); again != title || err != nil {
		t.Errorf("the title of %+q is %+q, whose title is %+q, %v", name, title, again, err)
	}
	if again, err := CleanRoom(title); again != key || err != nil {
		t.Errorf("the key of %+q is %+q, that of its title %+q is %+q, %v", name, key, title, again, err)
	}
	if n := utf8.RuneCountInString(key); n < 1 || n > MaxRoomRunes || len(key) > 256 { // which the storage takes
		t.Errorf("%+q has a key of %d characters, %d bytes", name, n, len(key))
	}
}

func FuzzCleanRoom(f *testing.F) {
	for _, s := range []string{"Tea ", "ΟΔΟΣ", "İstanbul", "i\u0307\u0307", "جلسه\u200cما", "회의", "a \u200d b..", "हिन्दी", "\u0345", "ǰ\u0323", "ന്\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkRoom(t, in)
		if key, err := CleanRoom(in); err == nil {
			for _, r := range key {
				if invisible(r) || joiner(r) || space(r) {
					t.Fatalf("%+q holds %U", key, r)
				}
			}
		}
	})
}

// TestRoomHostileMarks: marks pile up on no letter, whatever is put between them or
// comes along with it, and a joiner that is dropped leaves no marks out of order.
func TestRoomHostileMarks(t *testing.T) {
	for _, name := range []string{
		"a" + strings.Repeat("\u20dd", 5),
		"a\u0301\u0302\u0303\u0304\u20dd\u0301",
		"\u0130\u0301\u064b\u0307\u0307",
		"tea\U00013441", "\U00013442",
	} {
		if key, err := CleanRoom(name); err == nil {
			t.Errorf("%+q is room %+q", name, key)
		}
	}
	for _, name := range []string{"i\u064b\u200c\u0323", "\u0628\u08e0\u200c\u0327", "i\u064b\u200d\u0301\u0345", "\u0130\u064b"} {
		if _, err := CleanRoom(name); err != nil {
			t.Errorf("%+q: %v", name, err)
		}
		checkRoom(t, name)
	}
	if name, err := CleanName("a\u0301\u0302\u0303\u0304\u20dd\u0301\U0001d159"); name != "a\u0301\u0302\u0303\u0304" || err != nil {
		t.Errorf("the name is %+q, %v", name, err)
	}
}
