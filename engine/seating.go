package engine

import "parley/engine/wire"

// sitter is what a seat can carry: one participant's camera side (with the
// microphone) or screen side (with the screen's sound).
type sitter struct {
	participant string
	source      wire.Source // Camera or Screen
}

// seat is the state of one seat of a viewer. The zero seat is empty.
type seat struct {
	sitter
	video bool // false: only the sound
	// width and height in device pixels, 0 when nobody said.
	width, height int
}

func (s seat) empty() bool { return s.participant == "" }

// standing says what a sitter has to offer now.
type standing struct {
	sitter
	video bool // the picture is on
	audio bool // the sound is on
}

// live reports whether there is anything to carry.
func (s standing) live() bool { return s.video || s.audio }

// stage is what all viewers of a room share: computed once per change, read
// for every viewer. It is pure data.
type stage struct {
	// ranking has every sitter of the room, most worth hearing first: see
	// rankStage.
	ranking []standing
	// inJoinOrder is the view of those who never sent one.
	inJoinOrder []wire.ViewItem
	// speaking is how many of ranking's head speak or spoke a moment ago.
	speaking int
	// index finds a sitter in ranking.
	index map[sitter]int
}

// defaultTile is the tile's size assumed of those who never sent a view.
const defaultTileWidth, defaultTileHeight = 640, 360

// assignSeats decides who sits in a viewer's seats. prev is how they are now,
// view what the viewer asked for (nil: never asked), self the viewer's own id.
//
// Rules, in this order; each sitter is taken once:
//
//  1. seats that speakers outside the view may take, see speakerSeats
//  2. the view's items that have something on, in its order
//  3. the ranking: others that speak or spoke, then all that can be heard
//  4. what is off, while there are seats: turning on is then instant
//
// Who was seated and is taken again keeps his seat; newcomers get the lowest
// free ones. It is pure and does not keep its arguments.
func assignSeats(prev []seat, view []wire.ViewItem, st *stage, self string) []seat {
	chosen := chooseSitters(len(prev), view, st, self)
	next := make([]seat, len(prev))
	placed := make(map[sitter]bool, len(chosen.list))
	for i, s := range prev {
		if want, ok := chosen.byID[s.sitter]; ok && !s.empty() && !placed[s.sitter] {
			next[i] = want
			placed[s.sitter] = true
		}
	}
	free := 0
	for _, s := range chosen.list {
		if placed[s] {
			continue
		}
		for !next[free].empty() {
			free++
		}
		next[free] = chosen.byID[s]
	}
	return next
}

// choice collects at most room sitters.
type choice struct {
	room int
	self string
	list []sitter
	byID map[sitter]seat
}

func (c *choice) full() bool { return len(c.list) >= c.room }

// add takes s if it is new. It reports whether there is room for more.
func (c *choice) add(s seat) bool {
	if c.full() {
		return false
	}
	if s.participant == c.self {
		return true
	}
	if _, dup := c.byID[s.sitter]; !dup {
		c.byID[s.sitter] = s
		c.list = append(c.list, s.sitter)
	}
	return !c.full()
}

// speakerSeats is how many of k seats speakers outside the view may take from
// the view's end.
func speakerSeats(k int) int { return min(k/4, 3) }

func chooseSitters(k int, view []wire.ViewItem, st *stage, self string) *choice {
	c := &choice{room: k, self: self, byID: make(map[sitter]seat, k)}
	if k == 0 {
		return c
	}
	if view == nil {
		view = st.inJoinOrder
	}
	wanted := wantedSeats(k, view, st, self)
	outside := speakersOutside(wanted, st, self)
	c.room = k - min(len(outside), speakerSeats(k))
	for _, s := range wanted {
		if !c.add(s) {
			break
		}
	}
	c.room = k
	for _, s := range outside {
		c.add(s)
	}
	for _, s := range wanted { // what the reserve pushed back, if it was not used up
		c.add(s)
	}
	for _, s := range st.ranking {
		if s.live() && !c.full() && (s.source == wire.Camera || s.audio) {
			c.add(seat{sitter: s.sitter})
		}
	}
	return fillWithSilent(c, view, st)
}

// wantedSeats turns a view into at most k seats that carry something.
func wantedSeats(k int, view []wire.ViewItem, st *stage, self string) []seat {
	out := make([]seat, 0, k)
	seen := make(map[sitter]bool, k)
	for _, item := range view {
		if len(out) == k {
			break
		}
		id := sitter{item.Participant, item.Source}
		at, ok := st.index[id]
		if !ok || item.Participant == self || seen[id] || !st.ranking[at].live() {
			continue
		}
		now := st.ranking[at]
		visible := item.Width > 0 && item.Height > 0
		if !(now.video && visible) && !now.audio {
			continue
		}
		seen[id] = true
		s := seat{sitter: id}
		if now.video && visible {
			s.video, s.width, s.height = true, item.Width, item.Height
		}
		out = append(out, s)
	}
	return out
}

// speakersOutside lists those who speak and are not among wanted.
func speakersOutside(wanted []seat, st *stage, self string) []seat {
	var out []seat
next:
	for _, s := range st.ranking[:st.speaking] {
		if s.participant == self || !s.audio {
			continue
		}
		for _, w := range wanted {
			if w.sitter == s.sitter {
				continue next
			}
		}
		out = append(out, seat{sitter: s.sitter})
	}
	return out
}

// fillWithSilent seats those who are off, as far as seats are left: first of
// the view, then in order of the ranking.
func fillWithSilent(c *choice, view []wire.ViewItem, st *stage) *choice {
	for i := 0; i < len(view) && !c.full(); i++ {
		id := sitter{view[i].Participant, view[i].Source}
		if _, ok := st.index[id]; ok && id.source == wire.Camera {
			c.add(seat{sitter: id})
		}
	}
	for i := 0; i < len(st.ranking) && !c.full(); i++ {
		if st.ranking[i].source == wire.Camera {
			c.add(seat{sitter: st.ranking[i].sitter})
		}
	}
	return c
}
