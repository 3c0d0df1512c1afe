package media

// segment is a stretch of the outgoing stream that comes from one layer of
// one source without a deliberate omission: outgoing numbers follow incoming
// ones one to one, so holes stay holes and every number can be mapped both
// ways.
//
//	incoming  … in ──────────── end …      (of one source and layer)
//	             │                │
//	outgoing  … out ───── out+end-in …     (of the seat)
type segment struct {
	stream
	mark    bool   // set the marker on the first packet
	lead    bool   // out-1 is that of a packet sent before the first one
	open    bool   // end is not known yet: the newest segment
	in, end ExtSeq // end is inclusive; in-1 while closed and empty
	out     ExtSeq
	ts      Ticks  // outgoing minus incoming
	pid     uint16 // likewise, modulo the field's width
	tl0     uint8  // likewise
}

// stream is one layer of one source. Source 0 is none.
type stream struct {
	source uint64
	layer  uint8
}

// maxSegments bounds the memory of a seqMap. A segment ends at a switch, at a
// deliberate omission or where a lead goes in between; 16 cover a second even if
// every second frame of a 30 Hz stream is left out.
const maxSegments = 16

// seqMap remembers the latest segments, oldest first. Only the last may be
// open. It grows on switches, not on packets, and an unused one holds nothing.
type seqMap struct {
	segs []segment
}

// push adds a segment, forgetting the oldest if there are too many.
func (m *seqMap) push(s segment) *segment {
	if len(m.segs) == maxSegments {
		copy(m.segs, m.segs[1:])
		m.segs = m.segs[:maxSegments-1]
	}
	m.segs = append(m.segs, s)
	return &m.segs[len(m.segs)-1]
}

// last returns the newest segment, nil if there is none.
func (m *seqMap) last() *segment {
	if len(m.segs) == 0 {
		return nil
	}
	return &m.segs[len(m.segs)-1]
}

// close ends the open segment, if there is one, at the incoming number end
// and drops it if it is empty.
func (m *seqMap) close(end ExtSeq) {
	s := m.last()
	if s == nil || !s.open {
		return
	}
	s.open, s.end = false, end
	if s.end < s.in {
		m.segs = m.segs[:len(m.segs)-1]
	}
}

// byIn finds the segment that incoming number ext of st belongs to.
func (m *seqMap) byIn(st stream, ext ExtSeq) *segment {
	for i := len(m.segs) - 1; i >= 0; i-- {
		s := &m.segs[i]
		if s.stream == st && ext >= s.in && (s.open || ext <= s.end) {
			return s
		}
	}
	return nil
}

// newest returns the highest incoming number of st that closed segments
// cover, 0 if none.
func (m *seqMap) newest(st stream) ExtSeq {
	var e ExtSeq
	for i := range m.segs {
		if s := &m.segs[i]; s.stream == st && !s.open && s.end > e {
			e = s.end
		}
	}
	return e
}

// byOut finds the segment that outgoing number ext came from, or that it leads.
func (m *seqMap) byOut(ext ExtSeq) *segment {
	for i := len(m.segs) - 1; i >= 0; i-- {
		s := &m.segs[i]
		if s.lead && ext+1 == s.out {
			return s
		}
		if ext >= s.out {
			if s.open || ext-s.out <= s.end-s.in {
				return s
			}
			return nil // segments ascend in out, so no older one has it
		}
	}
	return nil
}
