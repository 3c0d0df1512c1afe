package load

// Seen says what Count found out about a packet.
type Seen uint8

// What a packet can be.
const (
	Fresh     Seen = iota
	Late           // older than the newest, not seen before
	Duplicate      // seen before, or too old to tell
)

// seqWindow is how far back duplicates are told from late packets.
const seqWindow = 64

// sourceKey says whose packets a stream carries at the moment.
type sourceKey struct {
	sender uint32
	source Source
	layer  uint8
}

// Inbound is one incoming RTP stream, that is one SSRC.
type Inbound struct {
	SSRC   uint32
	Seat   int
	Source Source // what the seat's section carries
	RTX    bool

	high    uint64 // highest extended sequence number
	seen    uint64 // bit i: high-i was seen
	started bool
	turn    int // packets until the next one is opened

	key   sourceKey
	based bool   // key and last hold
	last  uint32 // counter of the last opened packet
	since uint32 // packets of this SSRC after that one
	total uint64 // packets in this window

	// For receiver reports: first number, packets, and both as last told.
	first, got, toldExpected, toldGot uint64
}

// Extend gives the extended sequence number of seq, without counting it. The
// upper bits are the roll-over counter.
func (in *Inbound) Extend(seq uint16) uint64 {
	if !in.started {
		return uint64(seq)
	}
	delta := int64(int16(seq - uint16(in.high)))
	if ext := int64(in.high) + delta; ext >= 0 {
		return uint64(ext)
	}
	return uint64(seq)
}

// Count takes a packet's sequence number. gap is how many numbers were
// jumped over.
func (in *Inbound) Count(seq uint16) (ext uint64, what Seen, gap int) {
	ext = in.Extend(seq)
	if !in.started {
		in.started, in.high, in.first, in.seen, in.got = true, ext, ext, 1, 1
		return ext, Fresh, 0
	}
	if ext > in.high {
		ahead := ext - in.high
		in.high = ext
		in.got++
		in.seen = in.seen<<min(ahead, seqWindow) | 1
		return ext, Fresh, int(ahead - 1)
	}
	back := in.high - ext
	if back >= seqWindow || in.seen&(1<<back) != 0 {
		return ext, Duplicate, 0
	}
	in.seen |= 1 << back
	in.got++
	return ext, Late, 0
}

// Sample reports whether the packet just counted is to be opened: the first
// of a window and then each stride-th.
func (in *Inbound) Sample(stride int) bool {
	in.turn--
	if in.turn > 0 {
		return false
	}
	in.turn = stride
	return true
}

// Reset begins a new window of counting.
func (in *Inbound) Reset() {
	in.turn, in.based, in.since, in.total = 0, false, 0, 0
}

// Note takes a packet that is not a duplicate; s is its stamp if it was
// opened. It books the packets since the last stamp of the same source.
func (in *Inbound) Note(s *Stamp, st *Stats) {
	in.total++
	in.since++
	if s == nil {
		return
	}
	key := sourceKey{s.Sender, s.Source, s.Layer}
	if in.based && key == in.key {
		switch ahead := int32(s.Counter - in.last); {
		case ahead > 0:
			st.Expected += uint64(ahead)
			st.Arrived += uint64(in.since)
		case ahead == 0: // the same packet under a new number: it makes up for no lost one
			in.since--
			st.Duplicates++
			return
		default:
			return // a late packet: the next one in order settles it
		}
	} else {
		st.Expected++
		st.Arrived++
	}
	in.key, in.based, in.last, in.since = key, true, s.Counter, 0
}

// Finish books what the stream's source has sent after the last opened
// packet. sent gives the counter of a source's next packet.
func (in *Inbound) Finish(sent Sent, st *Stats) {
	if !in.based {
		return
	}
	next, ok := sent[SentKey{in.key.sender, in.key.source, in.key.layer}]
	if ahead := int32(next - 1 - in.last); ok && ahead >= 0 {
		st.Expected += uint64(ahead)
		st.Arrived += uint64(in.since)
	}
	in.Reset()
}

// Total is how many packets came in this window.
func (in *Inbound) Total() uint64 { return in.total }

// SentKey names one outgoing stream of a run.
type SentKey struct {
	Sender uint32
	Source Source
	Layer  uint8
}

// Sent holds, for every outgoing stream, the counter of its next packet.
type Sent map[SentKey]uint32

// Report is the loss part of a receiver report block (RFC 3550 §6.4.1).
type Report struct {
	Fraction uint8
	Lost     int32 // 24 bits
	Highest  uint32
}

// Report tells about the time since the last Report; false when no packet has
// ever come.
func (in *Inbound) Report() (r Report, ok bool) {
	if !in.started {
		return r, false
	}
	expected := in.high - in.first + 1
	interval, got := expected-in.toldExpected, in.got-in.toldGot
	in.toldExpected, in.toldGot = expected, in.got
	if interval > got {
		r.Fraction = uint8(min((interval-got)*256/interval, 255))
	}
	r.Lost = int32(min(int64(expected)-int64(in.got), 0x7fffff)) & 0xffffff
	r.Highest = uint32(in.high)
	return r, true
}
