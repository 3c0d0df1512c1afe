package dtlsgate

import (
	"bytes"
	"slices"
)

// Bounds on what is held of one message.
const (
	maxMessage = 8000 // bytes; a chain of certificates is some 3,000
	maxPieces  = 32   // fragments
	maxWholes  = 8    // different messages that claim the same place
	maxTries   = 64   // ways to put fragments together, per new fragment
)

// message gathers what claims to be one message of the peer's. Forged fragments
// may lie among the right ones, so different wholes may come of them; the
// newest are kept, for the peer's come together.
type message struct {
	kind   byte
	seq    uint16
	pieces []piece
	wholes [][]byte // bodies, oldest first
}

type piece struct {
	length, offset int
	data           []byte
}

// add takes a fragment and returns the wholes that it completes, which are new.
func (m *message) add(f fragment) (wholes [][]byte) {
	if f.kind != m.kind || f.seq != m.seq || f.length > maxMessage || len(f.data) == 0 {
		return nil
	}
	if len(f.data) == f.length {
		return m.keep(nil, f.data)
	}
	p := piece{f.length, f.offset, f.data}
	if slices.ContainsFunc(m.pieces, p.equal) {
		return nil
	}
	p.data = bytes.Clone(p.data)
	if len(m.pieces) == maxPieces {
		m.pieces = slices.Delete(m.pieces, 0, 1)
	}
	m.pieces = append(m.pieces, p)
	tries := maxTries
	m.join(nil, p.length, &tries, func(body []byte) { wholes = m.keep(wholes, body) })
	return wholes
}

func (p piece) equal(q piece) bool {
	return p.length == q.length && p.offset == q.offset && bytes.Equal(p.data, q.data)
}

// join goes on from have, the first bytes of a message of the given length, with
// every piece that fits, newest first.
func (m *message) join(have []byte, length int, tries *int, whole func([]byte)) {
	if len(have) == length {
		whole(have)
		return
	}
	for _, p := range slices.Backward(m.pieces) {
		overlap := len(have) - p.offset
		if p.length != length || overlap < 0 || overlap >= len(p.data) || !bytes.Equal(have[p.offset:], p.data[:overlap]) {
			continue
		}
		if *tries--; *tries < 0 {
			return
		}
		m.join(append(have[:len(have):len(have)], p.data[overlap:]...), length, tries, whole)
	}
}

// keep remembers a whole, unless it is known, and appends it to list.
func (m *message) keep(list [][]byte, body []byte) [][]byte {
	if slices.ContainsFunc(m.wholes, func(w []byte) bool { return bytes.Equal(w, body) }) {
		return list
	}
	body = bytes.Clone(body)
	if len(m.wholes) == maxWholes {
		m.wholes = slices.Delete(m.wholes, 0, 1)
	}
	m.wholes = append(m.wholes, body)
	return append(list, body)
}
