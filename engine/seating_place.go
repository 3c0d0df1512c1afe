package engine

// soundSeats says of each seat of a viewer whether it is for sound only; nil if
// none is.
type soundSeats []bool

func (s soundSeats) has(seat int) bool { return seat < len(s) && s[seat] }

// others is how many of so many seats can show pictures.
func (s soundSeats) others(seats int) (n int) {
	for i := range seats {
		if !s.has(i) {
			n++
		}
	}
	return n
}

// place gives everybody chosen a seat. Nobody moves without need: who has a
// picture must leave a seat that shows none, and who has none leaves a seat that
// somebody with a picture needs.
func (c *choice) place(prev []seat, sound soundSeats) []seat {
	next := make([]seat, len(prev))
	spare := sound.others(len(prev)) // seats for pictures that no picture needs
	for j := range c.list {
		if c.list[j].video {
			spare--
		}
	}
	for i, s := range prev {
		j := c.findSitter(s)
		if j < 0 || c.list[j].placed || c.list[j].video && sound.has(i) {
			continue
		}
		if !c.list[j].video && !sound.has(i) {
			if spare == 0 {
				continue
			}
			spare--
		}
		next[i] = c.seat(j)
	}
	for j := range c.list {
		if !c.list[j].placed {
			next[freeSeat(next, sound, c.list[j].video)] = c.seat(j)
		}
	}
	return next
}

// findSitter returns the place in the list of who sits in s, -1 for none.
func (c *choice) findSitter(s seat) int {
	at, known := c.st.index[s.sitter]
	if s.empty() || !known {
		return -1
	}
	return c.find(at)
}

// freeSeat returns the lowest free seat for a picture or, for sound, the lowest
// that is for nothing else, and only then another. There is one: no more are
// chosen than there are seats, and no more pictures than seats for them.
func freeSeat(seats []seat, sound soundSeats, picture bool) int {
	other := -1
	for i, s := range seats {
		switch {
		case !s.empty() || picture && sound.has(i):
		case picture || sound.has(i):
			return i
		case other < 0:
			other = i
		}
	}
	return other
}
