package engine

import (
	"slices"
	"time"

	"parley/engine/wire"
)

// performer is what the stage needs to know of one participant who sends.
type performer struct {
	id      string
	sources map[wire.Source]wire.SourceState
	// lastSpoke is when the participant was last heard speaking, now for one
	// who speaks; zero: never.
	lastSpoke time.Time
}

// on reports whether the participant has the source and it is not muted.
func (p performer) on(s wire.Source) bool {
	state, ok := p.sources[s]
	return ok && !state.Muted
}

// recentlySpoke is how long somebody counts as a speaker for seats after he
// fell silent: shorter pauses must not cost him the seat.
const recentlySpoke = 10 * time.Second

// buildStage ranks everybody who sends. performers are in join order; speakers
// are those who speak now, loudest first (see speakerList). The ranking is
//
//	speaking, loudest first · spoke, latest first · screens with sound ·
//	the rest in join order
//
// so that with more sitters than seats those who were silent longest give way,
// and everybody hears the same people.
func buildStage(performers []performer, speakers []string, now time.Time) *stage {
	st := &stage{index: make(map[sitter]int, len(performers))}
	loudness := make(map[string]int, len(speakers))
	for i, id := range speakers {
		loudness[id] = i + 1
	}
	var spoke, screens, rest []performer
	var speaking = make([]performer, len(speakers))
	for _, p := range performers {
		switch at := loudness[p.id]; {
		case at > 0:
			speaking[at-1] = p
		case !p.lastSpoke.IsZero():
			spoke = append(spoke, p)
		default:
			rest = append(rest, p)
		}
		if _, has := p.sources[wire.Screen]; has && p.on(wire.Screen) {
			screens = append(screens, p)
		}
	}
	slices.SortStableFunc(spoke, func(a, b performer) int { return b.lastSpoke.Compare(a.lastSpoke) })
	for _, p := range speaking {
		st.addCamera(p)
	}
	st.speaking = len(st.ranking)
	for _, p := range spoke {
		if st.addCamera(p); st.speaking == len(st.ranking)-1 && now.Sub(p.lastSpoke) < recentlySpoke {
			st.speaking = len(st.ranking)
		}
	}
	for _, p := range screens {
		st.add(standing{sitter{p.id, wire.Screen}, true, p.on(wire.ScreenAudio)})
	}
	for _, p := range rest {
		st.addCamera(p)
	}
	st.inJoinOrder = joinOrderView(performers, screens)
	return st
}

func (st *stage) addCamera(p performer) {
	_, mic := p.sources[wire.Microphone]
	_, cam := p.sources[wire.Camera]
	if mic || cam {
		st.add(standing{sitter{p.id, wire.Camera}, p.on(wire.Camera), p.on(wire.Microphone)})
	}
}

func (st *stage) add(s standing) {
	st.index[s.sitter] = len(st.ranking)
	st.ranking = append(st.ranking, s)
}

// joinOrderView is the view of those who never sent one: screens, then
// everybody in join order.
func joinOrderView(performers, screens []performer) []wire.ViewItem {
	view := make([]wire.ViewItem, 0, min(len(performers)+len(screens), 2*wire.MaxSeats))
	item := func(id string, s wire.Source) {
		if len(view) < cap(view) {
			view = append(view, wire.ViewItem{
				Participant: id, Source: s, Width: defaultTileWidth, Height: defaultTileHeight,
			})
		}
	}
	for _, p := range screens {
		item(p.id, wire.Screen)
	}
	for _, p := range performers {
		if p.on(wire.Camera) || p.on(wire.Microphone) {
			item(p.id, wire.Camera)
		}
	}
	return view
}
