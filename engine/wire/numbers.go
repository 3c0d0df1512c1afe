package wire

import (
	"bytes"
	"strconv"
)

// JSON has one kind of number, and some languages write every one of them as a
// fraction: 1.0 is 1, and so is 1e0. Go's decoder takes neither for an integer.

// plainNumbers returns data with the integers in it written plainly. It is data
// itself if they are already; what is no JSON stays none.
func plainNumbers(data []byte) []byte {
	var out []byte // nil as long as nothing differs
	done := 0      // what of data is in out
	for at := 0; at < len(data); {
		switch c := data[at]; {
		case c == '"':
			at = afterString(data, at)
		case isNumberByte(c):
			begin := at
			for at < len(data) && isNumberByte(data[at]) {
				at++
			}
			token := data[begin:at]
			if !bytes.ContainsAny(token, ".eE") {
				continue
			}
			if v, ok := integer(token); ok {
				out = strconv.AppendInt(append(out, data[done:begin]...), v, 10)
				done = at
			}
		default:
			at++
		}
	}
	if out == nil {
		return data
	}
	return append(out, data[done:]...)
}

// afterString returns where the string ends that begins at at.
func afterString(data []byte, at int) int {
	for at++; at < len(data); at++ {
		switch data[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(data)
}

// isNumberByte reports whether c may stand in a number. The letters of true,
// false and null that may are no number by themselves, see integer.
func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// integer returns the value of a JSON number (RFC 8259 §6) that is an integer
// from -MaxID to MaxID; ok is false for all else.
func integer(token []byte) (v int64, ok bool) {
	n := number{rest: token}
	negative := n.eat('-')
	whole := n.digits()
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		return 0, false
	}
	var fraction []byte
	if n.eat('.') {
		if fraction = n.digits(); len(fraction) == 0 {
			return 0, false
		}
	}
	exponent, ok := n.exponent()
	if !ok || len(n.rest) > 0 {
		return 0, false
	}
	// The value is the digits of both parts by a power of ten.
	digits := append(append(make([]byte, 0, len(whole)+len(fraction)), whole...), fraction...)
	zeros := exponent - len(fraction)
	digits = bytes.TrimLeft(digits, "0")
	for zeros < 0 && len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits, zeros = digits[:len(digits)-1], zeros+1
	}
	switch {
	case len(digits) == 0:
		return 0, true
	case zeros < 0 || len(digits)+zeros > 16:
		return 0, false
	}
	v, err := strconv.ParseInt(string(digits)+"0000000000000000"[:zeros], 10, 64)
	if err != nil || v > MaxID {
		return 0, false
	}
	if negative {
		v = -v
	}
	return v, true
}

// number goes through the text of a number.
type number struct{ rest []byte }

func (n *number) eat(c byte) bool {
	if len(n.rest) == 0 || n.rest[0] != c {
		return false
	}
	n.rest = n.rest[1:]
	return true
}

func (n *number) digits() []byte {
	at := 0
	for at < len(n.rest) && n.rest[at] >= '0' && n.rest[at] <= '9' {
		at++
	}
	digits := n.rest[:at]
	n.rest = n.rest[at:]
	return digits
}

// mostExponent is more than any message has digits.
const mostExponent = 2 * MaxMessage

// exponent takes "e", a sign and digits, 0 if there is no "e". One beyond
// mostExponent is as good as that.
func (n *number) exponent() (value int, ok bool) {
	if !n.eat('e') && !n.eat('E') {
		return 0, true
	}
	negative := n.eat('-')
	if !negative {
		n.eat('+')
	}
	digits := n.digits()
	for _, c := range digits {
		value = min(10*value+int(c-'0'), mostExponent)
	}
	if negative {
		value = -value
	}
	return value, len(digits) > 0
}
