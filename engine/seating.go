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
	// rank is the place in the viewer's view, from 1; 0 for what is not in it, and
	// without one. It takes no part in who sits where.
	rank int
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
//  1. the view's items that have something on, in its order; of its end a few
//     seats go to speakers outside the view, see speakerSeats
//  2. the ranking: those that speak or spoke, then all that can be heard
//  3. what is off, while there are seats: turning on is then instant
//
// Who was seated and is taken again keeps his seat; newcomers get the lowest
// free ones. Seats that sound says are for sound only get no pictures: for more
// pictures than the others hold, those of the view's end are left out, and who has
// one goes before who has none (see place). It is pure and does not keep its
// arguments. Its cost grows with the seats and the view, not with the room.
func assignSeats(prev []seat, view []wire.ViewItem, st *stage, self string, sound soundSeats) []seat {
	asked := view != nil
	if !asked {
		view = st.inJoinOrder
	}
	c := choice{st: st, self: self, asked: asked, list: make([]chosen, 0, len(prev)), pictures: sound.others(len(prev))}
	c.choose(len(prev), view)
	return c.place(prev, sound)
}

// chosen is a sitter, by its place in the ranking, and what is wanted of it.
type chosen struct {
	at            int
	video, placed bool
	width, height int
	rank          int
}

// choice collects sitters, each once, best first.
type choice struct {
	st       *stage
	self     string
	list     []chosen
	pictures int  // that can still be taken
	asked    bool // there is a view
}

// find returns the place of ranking[at] in the list, -1 if it is not there. The
// list has at most wire.MaxSeats entries: looking through beats a map.
func (c *choice) find(at int) int {
	for j := range c.list {
		if c.list[j].at == at {
			return j
		}
	}
	return -1
}

// add takes ch if it is new, is not the viewer, and there is room.
func (c *choice) add(ch chosen, room int) {
	if len(c.list) < room && c.find(ch.at) < 0 && c.st.ranking[ch.at].participant != c.self {
		c.list = append(c.list, ch)
	}
}

// seat turns list[j] into a seat, once.
func (c *choice) seat(j int) seat {
	ch := &c.list[j]
	ch.placed = true
	return seat{c.st.ranking[ch.at].sitter, ch.video, ch.width, ch.height, ch.rank}
}

// speakerSeats is how many of k seats speakers outside the view may take from
// the view's end.
func speakerSeats(k int) int { return min(k/4, 3) }

// choose fills the list with at most k sitters.
func (c *choice) choose(k int, view []wire.ViewItem) {
	c.wanted(k, view)
	wanted := len(c.list)
	outside := 0
	for at, s := range c.st.ranking[:c.st.speaking] {
		if s.audio && s.participant != c.self && c.find(at) < 0 {
			outside++
		}
	}
	pushed := append([]chosen(nil), c.list[min(wanted, k-min(outside, speakerSeats(k))):]...)
	c.list = c.list[:wanted-len(pushed)]
	for at, s := range c.st.ranking[:c.st.speaking] {
		if s.audio && !holds(pushed, at) {
			c.add(chosen{at: at}, k)
		}
	}
	for _, ch := range pushed { // what the speakers did not use
		c.add(ch, k)
	}
	for at, s := range c.st.ranking {
		if len(c.list) == k {
			return
		}
		if s.live() && (s.source == wire.Camera || s.audio) {
			c.add(chosen{at: at}, k)
		}
	}
	c.silent(k, view)
}

func holds(list []chosen, at int) bool {
	for _, ch := range list {
		if ch.at == at {
			return true
		}
	}
	return false
}

// wanted takes the view's items that carry something.
func (c *choice) wanted(k int, view []wire.ViewItem) {
	for i, item := range view {
		if len(c.list) == k {
			return
		}
		rank := 0
		if c.asked {
			rank = i + 1
		}
		at, ok := c.st.index[sitter{item.Participant, item.Source}]
		if !ok {
			continue
		}
		now := c.st.ranking[at]
		switch {
		case now.video && item.Width > 0 && item.Height > 0 && c.pictures > 0:
			n := len(c.list)
			c.add(chosen{at: at, video: true, width: item.Width, height: item.Height, rank: rank}, k)
			c.pictures -= len(c.list) - n
		case now.audio:
			c.add(chosen{at: at, rank: rank}, k)
		}
	}
}

// silent takes those who are off, as far as there are seats: first of the view,
// then in order of the ranking.
func (c *choice) silent(k int, view []wire.ViewItem) {
	for i := 0; i < len(view) && len(c.list) < k; i++ {
		if at, ok := c.st.index[sitter{view[i].Participant, view[i].Source}]; ok && view[i].Source == wire.Camera {
			c.add(chosen{at: at}, k)
		}
	}
	for at := 0; at < len(c.st.ranking) && len(c.list) < k; at++ {
		if c.st.ranking[at].source == wire.Camera {
			c.add(chosen{at: at}, k)
		}
	}
}
