package engine

import (
	"slices"
	"time"

	"parley/actors"
	"parley/engine/access"
	"parley/engine/wire"
)

// person is who somebody is; it does not change but for the name.
type person struct {
	id       string
	name     string
	kind     wire.Kind
	identity string // the client's secret key; unique for those who gave none
	user     string // a hash of it for the record; empty for those
	joinedAt time.Time
}

// member is a participant as its room knows it. It belongs to the room's
// journal.
type member struct {
	person
	may    access.Right // as granted to who joined, see Authority
	ref    actors.Ref[participantMsg]
	secret [secretSize]byte
	signal *Signal // nil while away, and for the echo; set by roomJournal.connect
	// silentAt is since when it counts as gone, zero for those who do not, see
	// awayState.
	silentAt time.Time

	session MediaSession // nil without media
	sources map[wire.Source]wire.SourceState
	seats   []seat
	told    []notice // of seats, the last of each
	// pictures is what the seats take.
	pictures pictureSeats
	view     []wire.ViewItem // nil: never asked
	score    wire.Score      // of the connection, as last told

	recorded   bool // the storage has an interval of it that is open, or may have
	undecided  bool // it may have: the record of the join is on its way
	leftOpen   bool // joined said so
	textsSoFar int  // texts of the room when it joined
	private    keyMemory
}

func (m *member) away() bool { return m.signal == nil && m.kind == wire.KindPerson }

func (m *member) send(f *wire.Frame) {
	if m.signal != nil {
		m.signal.send(f)
	}
}

// tell sends something about the member's own view.
func (m *member) tell(ev wire.Event) {
	if m.signal != nil {
		m.signal.reply(ev)
	}
}

// public is the member as others see it. The map is a copy.
func (m *member) public() wire.Participant {
	sources := make(map[wire.Source]wire.SourceState, len(m.sources))
	for s, state := range m.sources {
		sources[s] = state
	}
	return wire.Participant{
		ID: m.id, Name: m.name, Kind: m.kind, JoinedAt: m.joinedAt.UnixMilli(),
		Away: m.away(), Silent: !m.silentAt.IsZero(), Sources: sources,
	}
}

// takeMedia takes over what an offer led to. It returns the sources of which
// others have to hear: those that are new or in another codec than before, and
// those that can not be sent any more, which count as muted.
func (m *member) takeMedia(r opened, unmuted []wire.Source) (changed []wire.Source) {
	m.session, m.pictures = r.session, r.pictures
	if m.sources == nil {
		m.sources = make(map[wire.Source]wire.SourceState, len(r.codecs))
	}
	for _, s := range wire.Sources {
		codec, can := r.codecs[s]
		state, had := m.sources[s]
		switch {
		case can && !had:
			state = wire.SourceState{Muted: !slices.Contains(unmuted, s), Codec: codec}
		case can && state.Codec != codec:
			state.Codec = codec
		case had && !can && !state.Muted:
			state.Muted = true
		default:
			continue
		}
		m.sources[s] = state
		changed = append(changed, s)
	}
	m.growSeats(r.seats)
	return changed
}

// growSeats makes the member's seats n, if there are fewer. It makes no more: they
// are most of what a member is who sits in a quiet room.
func (m *member) growSeats(n int) {
	if more := n - len(m.seats); more > 0 {
		m.seats = append(slices.Grow(m.seats, more), make([]seat, more)...)
		m.told = append(slices.Grow(m.told, more), make([]notice, more)...)
	}
}

// keyMemory remembers the last private texts of a member by key, so that one
// sent again is not said again. The zero value is ready for use.
type keyMemory struct {
	keys     []string
	messages map[string]wire.ChatMessage
}

const maxPrivateKeys = 64

func (k *keyMemory) find(key string) (wire.ChatMessage, bool) {
	m, ok := k.messages[key]
	return m, ok
}

func (k *keyMemory) add(m wire.ChatMessage) {
	if k.messages == nil {
		k.messages = make(map[string]wire.ChatMessage)
	}
	if len(k.keys) == maxPrivateKeys {
		delete(k.messages, k.keys[0])
		k.keys = k.keys[1:]
	}
	k.keys = append(k.keys, m.Key)
	k.messages[m.Key] = m
}
