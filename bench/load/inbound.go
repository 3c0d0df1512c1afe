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

// history tells which of the last seqWindow numbers have been seen: bit i is
// the newest one less i.
type history uint64

// ahead notes a number that is so far above the newest, and is now the newest.
func (h *history) ahead(n uint64) { *h = *h<<min(n, seqWindow) | 1 }

// behind notes a number so far below the newest. It reports false when that was
// seen before, or is too old to tell.
func (h *history) behind(n uint64) bool {
	if n >= seqWindow || *h&(1<<n) != 0 {
		return false
	}
	*h |= 1 << n
	return true
}

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

	high    uint64  // highest extended sequence number
	seen    history // numbers back from high
	started bool
	turn    int // packets until the next one is opened

	key   sourceKey
	based bool    // what follows holds
	from  uint64  // extended number of the first packet of key
	last  uint32  // the highest counter of an opened packet
	known history // counters of opened packets, back from last
	since uint32  // packets of this SSRC after that one
	owed  int64   // of key: packets that should have come, less those that came
	total uint64  // packets in this window

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
		in.started, in.high, in.first, in.got = true, ext, ext, 1
		in.seen.ahead(seqWindow)
		return ext, Fresh, 0
	}
	if ext > in.high {
		ahead := ext - in.high
		in.high = ext
		in.got++
		in.seen.ahead(ahead)
		return ext, Fresh, int(ahead - 1)
	}
	if !in.seen.behind(in.high - ext) {
		return ext, Duplicate, 0
	}
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

// Note takes a packet that is not a duplicate, by the number that Count gave it;
// s is its stamp if it was opened. It books the packets since the last stamp of
// the same source. What was numbered before the window, or before the source
// that the stream now carries, only came late and makes up for nothing.
func (in *Inbound) Note(ext uint64, s *Stamp, st *Stats) {
	in.total++
	if in.based && ext < in.from {
		return
	}
	in.since++
	if s == nil {
		return
	}
	key := sourceKey{s.Sender, s.Source, s.Layer}
	if !in.based || key != in.key {
		in.settleOn(key, ext, s.Counter)
		in.book(1, 1, st)
		return
	}
	if ahead := int32(s.Counter - in.last); ahead > 0 {
		in.book(uint64(ahead), uint64(in.since), st)
		in.known.ahead(uint64(ahead))
		in.last, in.since = s.Counter, 0
	} else if !in.known.behind(uint64(-int64(ahead))) {
		// The same packet under a new number makes up for no lost one. Else it
		// is only late: the next one in order settles it.
		in.since--
		st.Duplicates++
	}
}

// settleOn begins to count the packets of a source. What an earlier one of the
// stream still owes is lost, and what it had too many is no help to this one.
func (in *Inbound) settleOn(key sourceKey, ext uint64, counter uint32) {
	in.key, in.based, in.from, in.last, in.since, in.owed = key, true, ext, counter, 0, 0
	in.known = 0
	in.known.ahead(seqWindow)
}

// book takes packets that should have come and those that came. Each stream has
// its own account, for what one has twice is not what another lacks; one that
// is even at last was only out of order in between.
func (in *Inbound) book(expected, arrived uint64, st *Stats) {
	before := in.owed
	in.owed += int64(expected) - int64(arrived)
	st.Expected += expected
	st.Lost += max(in.owed, 0) - max(before, 0)
	st.Surplus += max(-in.owed, 0) - max(-before, 0)
}

// Finish books what the stream's source has sent after the last opened
// packet. sent gives the counter of a source's next packet.
func (in *Inbound) Finish(sent Sent, st *Stats) {
	if !in.based {
		return
	}
	next, ok := sent[SentKey{in.key.sender, in.key.source, in.key.layer}]
	if ahead := int32(next - 1 - in.last); ok && ahead >= 0 {
		in.book(uint64(ahead), uint64(in.since), st)
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
