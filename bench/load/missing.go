package load

// How missing packets are asked for: not at once, for they may only be late,
// and not for ever. Times in nanoseconds.
const (
	askAfter    = 10_000_000
	askAgain    = 100_000_000
	askTimes    = 4
	missingMax  = 256
	missingJump = 64 // a longer gap is a new start, not loss to mend
)

// Missing is what a client lacks and asks its sender for.
type Missing struct {
	list []lack
}

// lack is one packet that is asked for.
type lack struct {
	ssrc  uint32
	seq   uint16
	asked int
	due   int64
}

// Len is how many packets are missing.
func (m *Missing) Len() int { return len(m.list) }

// Lost notes the gap numbers before seq.
func (m *Missing) Lost(ssrc uint32, seq uint16, gap int, now int64) {
	if gap > missingJump {
		return
	}
	for i := gap; i > 0 && len(m.list) < missingMax; i-- {
		m.list = append(m.list, lack{ssrc: ssrc, seq: seq - uint16(i), due: now + askAfter})
	}
}

// Found takes a packet off the list. It reports whether it was there.
func (m *Missing) Found(ssrc uint32, seq uint16) bool {
	for i := range m.list {
		if m.list[i].ssrc == ssrc && m.list[i].seq == seq {
			m.list = append(m.list[:i], m.list[i+1:]...)
			return true
		}
	}
	return false
}

// Due is when Ask has something to ask, false when nothing is missing.
func (m *Missing) Due() (int64, bool) {
	if len(m.list) == 0 {
		return 0, false
	}
	due := m.list[0].due
	for _, l := range m.list[1:] {
		due = min(due, l.due)
	}
	return due, true
}

// Ask calls nack for each stream with the numbers that are due, and gives up
// those asked for often enough.
func (m *Missing) Ask(now int64, nack func(ssrc uint32, seqs []uint16)) {
	var seqs []uint16
	for first := 0; first < len(m.list); first++ {
		if m.list[first].due > now {
			continue
		}
		ssrc := m.list[first].ssrc
		seqs = seqs[:0]
		for i := first; i < len(m.list); i++ {
			l := &m.list[i]
			if l.ssrc != ssrc || l.due > now {
				continue
			}
			l.due = now + askAgain
			if l.asked++; l.asked <= askTimes {
				seqs = append(seqs, l.seq)
			}
		}
		if len(seqs) > 0 {
			nack(ssrc, seqs)
		}
	}
	kept := m.list[:0]
	for _, l := range m.list {
		if l.asked <= askTimes {
			kept = append(kept, l)
		}
	}
	m.list = kept
}
