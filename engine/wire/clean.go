package wire

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Errors of the cleaning functions.
var (
	ErrRoomName = errors.New("a room name is 1 to 64 letters with their marks, digits, '-', '_' and '.', and does not start with '.'")
	ErrName     = errors.New("a name is 1 to 64 visible characters")
)

// CleanName returns a person's name as it may be shown: without control,
// bidirectional-format and invisible characters, with runs of spaces made one,
// 1 … MaxNameRunes characters. What emoji and joining scripts need between two
// of their own characters (joiners, variation selectors) stays. Names that are
// too long are refused, not cut.
func CleanName(s string) (string, error) {
	if len(s) > 16*MaxNameRunes || !utf8.ValidString(s) {
		return "", ErrName
	}
	s = cleanLine(s)
	if n := utf8.RuneCountInString(s); n == 0 || n > MaxNameRunes {
		return "", ErrName
	}
	return s, nil
}

// CleanText returns a chat text as it may be shown: line breaks are \n, control
// characters and bidirectional overrides are gone (marks and isolates stay, for
// they are part of Arabic and Hebrew writing), and spaces at the end are cut.
func CleanText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r == 0xFEFF, r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.TrimRight(s, " \t\n\u00a0\u3000")
	if strings.TrimLeftFunc(s, blank) == "" {
		return ""
	}
	return strings.TrimLeft(s, "\n")
}

// cleanLine does the work of CleanName, without bounds. A joiner stays at the
// end of out until it is known what it joins: what comes next may be dropped.
func cleanLine(s string) string {
	out := make([]rune, 0, len(s))
	marks := 0
	for _, r := range s {
		switch {
		case space(r):
			if out = withoutJoiner(out); len(out) > 0 && out[len(out)-1] != ' ' {
				out = append(out, ' ')
			}
			continue
		case joiner(r):
			if len(out) > 0 && !joiner(out[len(out)-1]) {
				out = append(out, r)
			}
			continue
		case r == 0xFE0F: // picture form of the emoji before it
			if len(out) == 0 || !pictureBase(out[len(out)-1]) {
				continue
			}
		case r >= 0xE0020 && r <= 0xE007F: // tags of a flag
			if len(out) == 0 || !tagBase(out[len(out)-1]) {
				continue
			}
		case invisible(r):
			continue
		}
		if n := len(out); n > 1 && joiner(out[n-1]) && joinable(out[n-2], r) {
			marks = 0
		} else {
			out = withoutJoiner(out)
		}
		if marks = countMarks(marks, r); marks <= maxMarks {
			out = append(out, r)
		}
	}
	return strings.TrimSuffix(string(withoutJoiner(out)), " ")
}

// withoutJoiner cuts off a joiner that joins nothing.
func withoutJoiner(out []rune) []rune {
	if n := len(out); n > 0 && joiner(out[n-1]) {
		return out[:n-1]
	}
	return out
}

// maxMarks bounds combining marks on one letter: more is not writing.
const maxMarks = 4

func countMarks(n int, r rune) int {
	if r != 0xFE0F && unicode.In(r, unicode.Mn, unicode.Me) {
		return n + 1
	}
	return 0
}

func space(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || r == 0x2800 // empty braille cell
}

func blank(r rune) bool { return space(r) || joiner(r) || invisible(r) || r == 0xFE0F }

func joiner(r rune) bool { return r == 0x200C || r == 0x200D }

// invisible lists what shows nothing, or changes how others are shown.
func invisible(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return true // Cf holds bidi, zero-width, soft hyphen and tag characters
	case unicode.Is(unicode.Variation_Selector, r), r == utf8.RuneError:
		return true
	}
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0:
		return true // fillers that are formally letters or marks
	case 0x13441, 0x13442, 0x1D159:
		return true // blanks that are formally hieroglyphs or a note
	}
	return false
}

// joining lists the scripts whose spelling needs zero-width joiners.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
	unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Mongolian,
	sharedMarks,
}

// sharedMarks are the vowels of Arabic and the accents of Devanagari, which Unicode
// counts to no script because others have them too.
var sharedMarks = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x064B, Hi: 0x0655, Stride: 1}, {Lo: 0x0670, Hi: 0x0670, Stride: 1}, {Lo: 0x0951, Hi: 0x0954, Stride: 1}}}

// joinable reports whether a joiner between a and b means something.
func joinable(a, b rune) bool {
	if unicode.In(a, joining...) && unicode.In(b, joining...) {
		return true
	}
	return (pictureBase(a) && a > 0xFF || a == 0xFE0F || skinTone(a)) && pictureBase(b) && b > 0xFF
}

func skinTone(r rune) bool { return r >= 0x1F3FB && r <= 0x1F3FF }

// pictureBase reports whether r can be shown as an emoji.
func pictureBase(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r == '#', r == '*':
		return true // keycaps
	case skinTone(r):
		return true
	}
	return unicode.In(r, unicode.So, unicode.Sm, unicode.Po) && (r == 0xA9 || r == 0xAE || r >= 0x2000)
}

func tagBase(r rune) bool { return r == 0x1F3F4 || r >= 0xE0020 && r <= 0xE007E }
