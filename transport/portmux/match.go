package portmux

// Peek is how many bytes of a connection are looked at, at most.
const Peek = 16

// Verdict is what a Matcher says of the bytes that came so far.
type Verdict uint8

// The verdicts. Yes and No must stay the same whatever follows.
const (
	No Verdict = iota
	More
	Yes
)

// Matcher claims connections by their first bytes.
type Matcher struct {
	// Match judges what came so far, 1 to Peek bytes, which it must not keep. More of
	// Peek bytes is taken as No.
	Match func(head []byte) Verdict
	// To is given what Match claimed, by who accepts or on the loop that all waiting
	// connections share: it must not block.
	To func(conn *Conn)
}

// decide finds who claims a connection that began with head: the first in the table,
// so one that needs more keeps those after it waiting.
func decide(table []Matcher, head []byte) (who int, v Verdict) {
	if len(head) == 0 {
		return 0, More
	}
	for i := range table {
		v := table[i].Match(head)
		if v == Yes || v == More && len(head) < Peek {
			return i, v
		}
	}
	return 0, No
}

// TLS matches a connection of TLS: its first record is a handshake (RFC 8446 §5.1).
func TLS(head []byte) Verdict { return when(head[0] == 0x16) }

// HTTP matches a request: it begins with a method, of which all in use are in upper
// case (RFC 9110 §9.1), as no record of TLS and no length of a STUN message does.
func HTTP(head []byte) Verdict { return when(head[0] >= 'A' && head[0] <= 'Z') }

// Any matches whatever says something.
func Any([]byte) Verdict { return Yes }

func when(ok bool) Verdict {
	if ok {
		return Yes
	}
	return No
}
