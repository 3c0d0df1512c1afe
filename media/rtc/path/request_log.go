package path

import (
	"hash/maphash"

	"parley/media/udp"
)

// requestLog remembers the latest binding requests of a session, so that one
// that was captured can not be used again: the transaction id is under the
// integrity, a client makes a new one for each check and repeats it only from
// the same address. Both are kept as 32 bits of a hash that nobody outside can
// compute: eight bytes a request.
type requestLog struct {
	seen []uint64 // a ring once it is full: id in the high half, address in the low
	next int
}

// requestMemory is how many requests are remembered: a browser makes one every
// 2.5 s and a handful at the start.
const requestMemory = 64

// requestSeed is the process's own.
var requestSeed = maphash.MakeSeed()

type requestVerdict uint8

const (
	requestFresh     requestVerdict = iota
	requestRepeated                 // from the address it came from before
	requestElsewhere                // seen before, from another address
)

// look judges a request by its id and where it came from, and remembers it.
func (l *requestLog) look(id []byte, from *udp.Addr) requestVerdict {
	entry := maphash.Bytes(requestSeed, id)<<32 | from.Hash(requestSeed)&0xffffffff
	for _, e := range l.seen {
		switch {
		case e == entry:
			return requestRepeated
		case e>>32 == entry>>32:
			return requestElsewhere
		}
	}
	if len(l.seen) < requestMemory {
		l.seen = append(l.seen, entry)
		return requestFresh
	}
	l.seen[l.next] = entry
	l.next = (l.next + 1) % requestMemory
	return requestFresh
}
