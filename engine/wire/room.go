package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A room has a key and a title. The title is the name as somebody typed it, made
// fit to stand in a link; the key is what all ways of typing the name have in
// common, and the permission to enter: who has it is in the room.
//
//	typed     " Straßen Café. "       space around it and full stops at its end are
//	                                  not part of it, spaces within become '-'
//	title     "Straßen-Café"          in NFC
//	key       "straßen-café"          without joiners, folded, in NFC again
//
// Folding is Unicode's simple case folding, a character for a character: ΟΔΟΣ is
// οδος, but STRASSE is not straße, whose capitals are STRAẞE. Beyond that the four i of
// Turkish are one letter, for each is the other's capital somewhere: i, I, İ and
// ı. Zero-width joiners change how letters meet and not which they are, and many
// keyboards have none: the title keeps them where the script does, the key does
// not. Letters of different scripts that look the same stay different.

// CleanRoom returns the key of a room's name. Letters with their marks and digits
// of any script, '-', '_' and '.', 1 … MaxRoomRunes of them, of MaxRoomTyped bytes
// that were typed; a leading '.' is kept for the server's own rooms. The key of a
// key is itself.
func CleanRoom(s string) (string, error) {
	_, key, err := readRoom(s)
	return key, err
}

// RoomTitle returns a room's name as it may be shown, which has the same key.
func RoomTitle(s string) (string, error) {
	title, _, err := readRoom(s)
	return title, err
}

func readRoom(s string) (title, key string, err error) {
	if len(s) > MaxRoomTyped || !utf8.ValidString(s) {
		return "", "", ErrRoomName
	}
	title, ok := roomTitle(s)
	if !ok {
		return "", "", ErrRoomName
	}
	key = roomKey(title)
	if n := utf8.RuneCountInString(key); n == 0 || n > MaxRoomRunes || key[0] == '.' {
		return "", "", ErrRoomName
	}
	return title, key, nil
}

// roomTitle reports false for what is no part of a name.
func roomTitle(s string) (string, bool) {
	s = strings.TrimRightFunc(s, func(r rune) bool { return space(r) || fullStop(r) })
	s = norm.NFC.String(strings.Join(strings.FieldsFunc(s, space), "-"))
	out := make([]rune, 0, len(s))
	for _, r := range s {
		var last rune // that is not a joiner
		if written := withoutJoiner(out); len(written) > 0 {
			last = written[len(written)-1]
		}
		if joiner(r) {
			if !unicode.In(last, joining...) {
				return "", false
			}
			out = append(withoutJoiner(out), r)
			continue
		}
		if !roomRune(last, r) {
			return "", false
		}
		if !unicode.In(r, joining...) {
			out = withoutJoiner(out)
		}
		out = append(out, r)
	}
	title := norm.NFC.String(string(withoutJoiner(out))) // marks meet where a joiner was
	return title, fewMarks(title)
}

// fewMarks reports whether no letter has more than maxMarks. Those that a letter
// brings along count too, for the key may have them apart.
func fewMarks(title string) bool {
	marks := 0
	for _, r := range norm.NFD.String(title) {
		if marks = countMarks(marks, r); marks > maxMarks {
			return false
		}
	}
	return true
}

// roomRune reports whether r may follow last in a name.
func roomRune(last, r rune) bool {
	switch {
	case r == '-', r == '_', r == '.', unicode.IsDigit(r):
		return true
	case invisible(r):
		return false
	case unicode.IsLetter(r):
		return true
	}
	return unicode.IsMark(r) && (unicode.IsLetter(last) || unicode.IsMark(last))
}

// fullStop lists what ends a sentence, which whoever finds links in a text takes
// along with the last one.
func fullStop(r rune) bool {
	switch r {
	case '.', 0x3002, 0xFF0E, 0xFF61, 0x06D4, 0x0964:
		return true
	}
	return false
}

// roomKey folds a title decomposed, for a mark may have a case of its own: the iota
// under a letter counts as the letter that its capital is.
func roomKey(title string) string {
	key := strings.Map(func(r rune) rune {
		if joiner(r) {
			return -1
		}
		return foldRune(r)
	}, norm.NFD.String(title))
	return norm.NFC.String(withoutDots(key))
}

// foldRune returns the small letter that stands for all cases of r.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return unicode.ToLower(unicode.ToUpper(least))
}

// withoutDots takes the dot off an i: nobody sees two, and İ, a capital with one,
// is an i with one more in small letters.
func withoutDots(s string) string {
	const dotAbove = "\u0307"
	for strings.Contains(s, "i"+dotAbove) {
		s = strings.ReplaceAll(s, "i"+dotAbove, "i")
	}
	return s
}
