package forward

import "parley/media"

// Placement says what a seat carries.
type Placement struct {
	From Publisher
	// Source is Camera (which brings the Microphone) or Screen (which brings
	// ScreenAudio). Microphone and ScreenAudio stand for the sound alone.
	Source string
	// Video false leaves the picture out.
	Video bool
	// Width and Height in device pixels choose the simulcast layer.
	Width, Height int
	// Rank is the seat's place in the order in which its viewer wants to see what it
	// carries: 1 comes first, 0 is what nobody asked for.
	Rank int
}

// Place makes a seat carry what p says: sound at once (when the workers have
// ended their present batches), the picture from its next key frame on. It
// replaces what sat there. For an occupied seat with the same From and Source it
// only changes Video, size and rank. Seats that were
// not negotiated and sources that From does not send stay silent.
func (r *Remote) Place(index int, p Placement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seat := r.seat(index)
	if !r.running() || p.From == nil || seat == nil {
		return
	}
	r.group.reseatLocked(seat.tracks(&p))
}

// tracks returns what the seat's streams are to carry by a placement, and notes
// the size of the picture and what it is worth.
func (s *seat) tracks(p *Placement) map[*stream]*track {
	publisher := p.From.publishing()
	audio, video := media.PairOf(p.Source)
	from := map[*stream]*track{}
	if s.audio != nil {
		from[s.audio] = publisher.track(audio)
	}
	for _, st := range s.streams() {
		st.rank.Store(uint32(max(0, p.Rank)))
	}
	if s.video != nil {
		from[s.video] = nil
		if p.Video && media.KindOf(p.Source) == media.KindVideo {
			from[s.video] = publisher.track(video)
			s.video.want.Store(uint64(uint32(max(0, p.Width)))<<32 | uint64(uint32(max(0, p.Height))))
		}
	}
	return from
}

// Vacate empties a seat.
func (r *Remote) Vacate(index int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seat := r.seat(index)
	if seat != nil {
		seat.unlink()
	}
}

// unlink takes both streams out of their tracks' tables; their guard is held.
func (s *seat) unlink() {
	for _, st := range s.streams() {
		st.unlink()
	}
}

// seat returns nil for one that was not negotiated.
func (r *Remote) seat(index int) *seat {
	out := r.outgoing.Load()
	if out == nil || index < 0 || index >= len(out.seats) {
		return nil
	}
	return out.seats[index]
}

// reseatLocked gives each stream to its new track, nil for none. A stream's
// sender state may still be in the hands of a worker that loaded the old
// track's table before; such a stream is passed on later, see handovers. The
// guard of the streams is held.
func (g *Group) reseatLocked(from map[*stream]*track) {
	for st, t := range from {
		if st.bound() == t {
			continue
		}
		st.unlink()
		switch {
		case t == nil:
		case st.used:
			st.next = t
			g.handovers.add(st)
		default:
			st.hold(t)
		}
	}
}

// bound is the track that the stream carries or is about to, nil for none. Its
// guard is held.
func (st *stream) bound() *track {
	if st.next != nil {
		return st.next
	}
	return st.holder.Load()
}

// hold gives the stream, which no worker has any more, to t. Even if it was t's
// before it begins anew, for it missed what came since. Its guard is held.
func (st *stream) hold(t *track) {
	st.used, st.next = true, nil
	if st.tx != nil {
		st.tx.source = 0
	}
	st.holder.Store(t)
	t.link(st)
}

// unlink takes the stream out of its track's table. Its guard is held.
func (st *stream) unlink() {
	st.next = nil
	if t := st.holder.Swap(nil); t != nil {
		t.unlink(st)
	}
}
