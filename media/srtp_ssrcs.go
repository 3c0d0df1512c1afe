package media

import (
	"cmp"
	"slices"
	"time"
)

// ssrcBook knows of each SSRC of a session which packets it must not open
// (again). Those that send have a replay window. One that has been silent for
// SSRCIdle gives its place to another when all are taken, and leaves behind
// the highest index it had reached:
//
//	new ──authentic packet──▶ live ──silent, and another needs its place──▶ past
//	                           ▲                                             │
//	                           └────────────── a higher index ───────────────┘
//
// What stays is what makes forgetting safe. Without it an SSRC that comes back
// would start over with roll-over counter 0 (RFC 3711 §3.3.1): all of its
// packets of that time, which somebody may have captured, would open once more
// (§3.3.2), and its own newer ones would not. So nothing at or below the index
// it left is ever opened, which costs it the packets that were still under way,
// SSRCIdle late.
//
// The past only grows, by 12 bytes an SSRC. When it is full the keys are spent
// (ErrSSRCsSpent): the session has to end, and to come back with other keys.
// Only the peer, who alone has the keys, gets there, and not before it has used
// maxPastSSRCs of them, at most max in any SSRCIdle.
type ssrcBook struct {
	max  int
	live map[SSRC]*liveSSRC
	past []pastSSRC // ascending by SSRC

	lastSSRC SSRC
	last     *liveSSRC // of lastSSRC; nil at first
}

const (
	// SSRCIdle is how long after its last packet an SSRC keeps its place
	// whatever happens.
	SSRCIdle = time.Second
	// maxPastSSRCs is enough for a voice that comes back under another SSRC
	// every ten seconds of a working day.
	maxPastSSRCs = 4096
)

// liveSSRC is an SSRC of which packets come.
type liveSSRC struct {
	window replayWindow
	at     Instant // of its newest packet
}

// highest is the highest index opened: s_l and ROC of RFC 3711 §3.3.1 in one
// number.
func (s *liveSSRC) highest() ExtSeq { return ExtSeq(s.window.top - 1) }

// pastSSRC is what a silent one left: its highest index, of 48 bits.
type pastSSRC struct {
	ssrc SSRC
	low  uint32
	high uint16
}

func (p pastSSRC) highest() uint64 { return uint64(p.high)<<32 | uint64(p.low) }

func newSSRCBook(most int) ssrcBook { return ssrcBook{max: most, live: make(map[SSRC]*liveSSRC)} }

// find returns the state of a live SSRC, nil for others. Packets come in runs
// of one SSRC, so the last one found is tried first.
func (b *ssrcBook) find(ssrc SSRC) *liveSSRC {
	if b.last != nil && b.lastSSRC == ssrc {
		return b.last
	}
	st := b.live[ssrc]
	if st != nil {
		b.last, b.lastSSRC = st, ssrc
	}
	return st
}

// left returns one above the highest index of an SSRC that gave way, 0 for one
// that never did.
func (b *ssrcBook) left(ssrc SSRC) uint64 {
	if i, ok := b.search(ssrc); ok {
		return b.past[i].highest() + 1
	}
	return 0
}

func (b *ssrcBook) search(ssrc SSRC) (int, bool) {
	return slices.BinarySearchFunc(b.past, ssrc, func(p pastSSRC, s SSRC) int { return cmp.Compare(p.ssrc, s) })
}

// admits says whether a packet of an SSRC that is not live may be opened now:
// it is looked at before the cipher is, for that is cheaper. Errors:
// ErrReplayed, ErrTooManySSRC.
func (b *ssrcBook) admits(ssrc SSRC, index uint64, now Instant) error {
	if index < b.left(ssrc) {
		return ErrReplayed
	}
	if len(b.live) >= b.max {
		if _, idle := b.idlest(now); idle == nil {
			return ErrTooManySSRC
		}
	}
	return nil
}

// begin makes an SSRC live of which a packet that admits let pass has proved
// authentic. Error: ErrSSRCsSpent.
func (b *ssrcBook) begin(ssrc SSRC, now Instant) (*liveSSRC, error) {
	st := &liveSSRC{}
	if len(b.live) >= b.max {
		out, idle := b.idlest(now)
		if !b.retire(out, idle) {
			return nil, ErrSSRCsSpent
		}
		st = idle
		*st = liveSSRC{}
	}
	if left := b.left(ssrc); left != 0 {
		st.window.fill(left)
	}
	b.live[ssrc] = st
	b.last, b.lastSSRC = st, ssrc
	return st, nil
}

// idlest returns the one that has been silent longest, nil if all have sent
// within SSRCIdle.
func (b *ssrcBook) idlest(now Instant) (ssrc SSRC, st *liveSSRC) {
	for s, l := range b.live {
		if now.Sub(l.at) >= SSRCIdle && (st == nil || l.at < st.at) {
			ssrc, st = s, l
		}
	}
	return ssrc, st
}

// retire moves a live SSRC to the past, unless that is full.
func (b *ssrcBook) retire(ssrc SSRC, st *liveSSRC) bool {
	i, again := b.search(ssrc)
	if !again {
		if len(b.past) >= maxPastSSRCs {
			return false
		}
		b.past = slices.Insert(b.past, i, pastSSRC{ssrc: ssrc})
	}
	top := uint64(st.highest())
	b.past[i].low, b.past[i].high = uint32(top), uint16(top>>32)
	delete(b.live, ssrc)
	return true
}

// opened notes an authentic packet.
func (s *liveSSRC) opened(index uint64, now Instant) {
	s.window.mark(index)
	s.at = now
}
