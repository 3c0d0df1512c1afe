package wire

import "bytes"

// peekSteps bounds the work of PeekID, in bytes looked at one by one. What
// stands inside a string is jumped over, so that an id behind an SDP is found.
const peekSteps = 4096

// PeekID returns the id of a request that is to be refused unread, so that its
// client can tell which it was; 0 if there is none, or none that can be found
// with little work. It is the first field "id" of the outermost object, spelled
// plainly, and an integer that could be one.
//
// What comes after it is not looked at: it may be no JSON at all.
func PeekID(data []byte) int64 {
	p := peeker{rest: data, steps: peekSteps}
	if !p.eat('{') {
		return 0
	}
	for {
		key, ok := p.text()
		switch {
		case !ok || !p.eat(':'):
			return 0
		case string(key) == "id":
			return p.id()
		case !p.skip() || !p.eat(','):
			return 0
		}
	}
}

// peeker goes through JSON without understanding more of it than where things
// end.
type peeker struct {
	rest  []byte
	steps int
}

// next reports whether there is one more byte that may be looked at.
func (p *peeker) next() bool {
	p.steps--
	return p.steps >= 0 && len(p.rest) > 0
}

// eat takes c and the space before it.
func (p *peeker) eat(c byte) bool {
	for p.next() {
		switch p.rest[0] {
		case c:
			p.rest = p.rest[1:]
			return true
		case ' ', '\t', '\r', '\n':
			p.rest = p.rest[1:]
		default:
			return false
		}
	}
	return false
}

// text takes a string and returns it as it is written.
func (p *peeker) text() (raw []byte, ok bool) {
	if !p.eat('"') {
		return nil, false
	}
	for at := 0; p.next(); at++ {
		n := bytes.IndexByte(p.rest[at:], '"')
		if n < 0 {
			return nil, false
		}
		at += n
		if !p.escaped(at) {
			raw, p.rest = p.rest[:at], p.rest[at+1:]
			return raw, true
		}
	}
	return nil, false
}

// escaped reports whether the quote at at has an odd number of backslashes
// before it.
func (p *peeker) escaped(at int) bool {
	odd := false
	for at--; at >= 0 && p.rest[at] == '\\' && p.next(); at-- {
		odd = !odd
	}
	return odd
}

// skip takes a value, up to the comma or bracket behind it.
func (p *peeker) skip() bool {
	for depth := 0; p.next(); {
		switch c := p.rest[0]; {
		case c == '"':
			if _, ok := p.text(); !ok {
				return false
			}
			continue
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			return true
		case c == '}' || c == ']':
			depth--
		}
		p.rest = p.rest[1:]
	}
	return false
}

// id takes a number, whose end must be there too: half of one is another.
func (p *peeker) id() int64 {
	for len(p.rest) > 0 && isSpace(p.rest[0]) && p.next() {
		p.rest = p.rest[1:]
	}
	at := 0
	for at < len(p.rest) && isNumberByte(p.rest[at]) && p.next() {
		at++
	}
	if at == len(p.rest) || !isSpace(p.rest[at]) && p.rest[at] != ',' && p.rest[at] != '}' {
		return 0
	}
	id, ok := integer(p.rest[:at])
	if !ok || id < 1 {
		return 0
	}
	return id
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
