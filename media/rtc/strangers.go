package rtc

import "parley/media/udp"

// strangers remembers from which addresses a ClientHello came before anything
// else did. A peer does not do that; who forges its address and does not know
// when it will come does. It forgets: of two addresses that meet in one place
// the later one stays. The zero value is ready.
type strangers [1024]uint64

func (s *strangers) note(a *udp.Addr) {
	h := a.Hash(requestSeed)
	s[h%uint64(len(s))] = h
}

// met reports whether a was noted, and forgets it.
func (s *strangers) met(a *udp.Addr) bool {
	h := a.Hash(requestSeed)
	p := &s[h%uint64(len(s))]
	if *p != h {
		return false
	}
	*p = 0
	return true
}
