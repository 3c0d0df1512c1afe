package wsconn

import "unicode/utf8"

// utf8State checks UTF-8 that arrives in pieces and fails with the first byte
// that can not be part of valid text.
type utf8State struct {
	part [utf8.UTFMax]byte // the beginning of a character
	n    uint8             // bytes in part, 0 … 3
}

// take checks the next piece.
func (s *utf8State) take(b []byte) bool {
	for s.n > 0 && len(b) > 0 {
		s.part[s.n] = b[0]
		s.n++
		b = b[1:]
		if !utf8.FullRune(s.part[:s.n]) {
			continue
		}
		if r, size := utf8.DecodeRune(s.part[:s.n]); r == utf8.RuneError && size <= 1 {
			return false
		}
		s.n = 0
	}
	if len(b) == 0 {
		return true
	}
	tail := unfinished(b)
	if !utf8.Valid(b[:len(b)-tail]) {
		return false
	}
	s.n = uint8(copy(s.part[:], b[len(b)-tail:]))
	return true
}

// whole reports whether the text may end here.
func (s *utf8State) whole() bool { return s.n == 0 }

// unfinished returns how many bytes at the end of b begin a character that is
// not complete, 0 … 3. Bytes that can not begin one are not counted.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
