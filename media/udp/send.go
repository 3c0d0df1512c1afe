package udp

// Shape of a send arena.
const (
	// MaxSend is the longest datagram that can be sent, in bytes.
	MaxSend = 1536

	sendMessages = 128
	arenaSize    = sendMessages * MaxSend

	// A run must fit one IP datagram before the kernel cuts it, and the
	// kernel takes at most 64 segments (UDP_MAX_SEGMENTS before Linux 6.9).
	maxRunSegments = 64
	maxRunBytes    = 65000
)

// PacketOut is how packets leave by a connection of somebody else's, in place of a
// socket of ours: as a frame each of a TCP connection, for example.
type PacketOut interface {
	// SendPackets sends what there is room for, in order, and returns how many
	// packets that were. Any goroutine may call it, several at a time. It must not
	// wait, nor keep anything of the packets.
	SendPackets(packets [][]byte) (sent int)
}

// SendBatch collects datagrams for one socket, or for one PacketOut after another. It
// belongs to one goroutine.
//
// Datagrams lie one after another in the arena, so that a run is one
// contiguous piece and needs one iovec.
type SendBatch struct {
	sock  *Socket
	arena []byte
	used  int // bytes of arena that are taken
	msgs  [sendMessages]message
	n     int // messages in use
	max   int // longest run, 1 when segmentation is off
	mmsg  sendHeaders
	stats SendStats

	out     PacketOut // where packets go if there is no socket, see Begin
	packets [][]byte  // for a call of it, reused
}

// message is one datagram, or a run of segments of equal size of which only
// the last may be shorter.
type message struct {
	to       *Addr
	off, len int
	segment  int // size of all segments but the last
	count    int
	closed   bool // the last segment is shorter
}

// SendStats counts what a SendBatch did since it was made. Only the batch's
// owner may read it.
type SendStats struct {
	Packets, Bytes uint64
	// Runs is how many messages carried more than one datagram, RunPackets
	// how many datagrams left in them. Calls is the number of system calls.
	Runs, RunPackets, Calls uint64
	// Full counts datagrams dropped because the send buffer stayed full,
	// Refused those the kernel did not take for another reason.
	Full, Refused uint64
}

// NewSendBatch makes an arena for s (192 KiB).
func NewSendBatch(s *Socket) *SendBatch {
	b := &SendBatch{sock: s, arena: make([]byte, arenaSize)}
	b.max = s.maxRun()
	b.mmsg.bind(b)
	return b
}

// NewOutBatch makes an arena for packets that leave by a PacketOut, one after another.
func NewOutBatch() *SendBatch {
	return &SendBatch{arena: make([]byte, arenaSize), max: 1, packets: make([][]byte, 0, sendMessages)}
}

// Begin says by which PacketOut the packets leave that are pushed from here on. What
// waits for another is sent first.
func (b *SendBatch) Begin(s PacketOut) {
	if b.out != s {
		b.Flush()
		b.out = s
	}
}

// Room returns MaxSend bytes to write the next datagram to. It flushes first
// when the arena is full. The bytes are taken by Push, so what was written is
// forgotten if Room is called again before.
func (b *SendBatch) Room() []byte {
	if b.used+MaxSend > arenaSize || b.n == sendMessages {
		b.Flush()
	}
	return b.arena[b.used : b.used+MaxSend : b.used+MaxSend]
}

// Push queues the first n bytes of what Room returned to be sent to to, which
// is kept until the flush.
func (b *SendBatch) Push(n int, to *Addr) {
	if b.n > 0 {
		if m := &b.msgs[b.n-1]; m.to == to && !m.closed && n <= m.segment &&
			m.count < b.max && m.len+n <= maxRunBytes {
			m.len += n
			m.count++
			m.closed = n < m.segment
			b.used += n
			return
		}
	}
	b.msgs[b.n] = message{to: to, off: b.used, len: n, segment: n, count: 1}
	b.n++
	b.used += n
}

// Pending is the number of messages that wait for Flush.
func (b *SendBatch) Pending() int { return b.n }

// Stats returns what was done so far.
func (b *SendBatch) Stats() SendStats { return b.stats }

// Flush sends what is queued and empties the batch. What the kernel does not
// take is dropped and counted: media is not worth waiting for.
func (b *SendBatch) Flush() {
	if b.n == 0 {
		return
	}
	if b.sock == nil {
		b.flushOut()
		b.empty()
		return
	}
	if b.sock.fast != nil {
		b.flushFast()
	} else {
		b.flushPlain()
	}
	b.empty()
	b.max = b.sock.maxRun()
}

// flushOut hands all packets over in one call.
func (b *SendBatch) flushOut() {
	b.packets = b.packets[:0]
	for i := range b.msgs[:b.n] {
		m := &b.msgs[i]
		b.packets = append(b.packets, b.arena[m.off:m.off+m.len])
	}
	b.stats.Calls++
	sent := b.out.SendPackets(b.packets)
	for i := range b.msgs[:sent] {
		b.sent(&b.msgs[i])
	}
	b.stats.Full += uint64(b.n - sent)
}

// Discard empties the batch unsent and returns how many datagrams that loses.
func (b *SendBatch) Discard() (lost int) {
	for i := range b.msgs[:b.n] {
		lost += b.msgs[i].count
	}
	b.empty()
	return lost
}

func (b *SendBatch) empty() {
	for i := range b.msgs[:b.n] {
		b.msgs[i].to = nil // whoever owns the address may go
	}
	b.n, b.used = 0, 0
}

// flushPlain sends every datagram by a call of its own.
func (b *SendBatch) flushPlain() {
	for i := range b.msgs[:b.n] {
		m := &b.msgs[i]
		to := m.to.AddrPort()
		for off := m.off; off < m.off+m.len; off += m.segment {
			end := min(off+m.segment, m.off+m.len)
			b.stats.Calls++
			if _, err := b.sock.conn.WriteToUDPAddrPort(b.arena[off:end], to); err != nil {
				b.stats.Refused++
				continue
			}
			b.stats.Packets++
			b.stats.Bytes += uint64(end - off)
		}
	}
}

// sent counts message m as taken by the kernel.
func (b *SendBatch) sent(m *message) {
	b.stats.Packets += uint64(m.count)
	b.stats.Bytes += uint64(m.len)
	if m.count > 1 {
		b.stats.Runs++
		b.stats.RunPackets += uint64(m.count)
	}
}

// WriteTo sends one datagram outside of any batch, for the few that do not
// come from a worker. Any goroutine may call it; what the kernel does not
// take is lost, as it might be on the way.
func (s *Socket) WriteTo(p []byte, to *Addr) {
	if s.fast != nil {
		s.fast.writeTo(p, to)
		return
	}
	_, _ = s.conn.WriteToUDPAddrPort(p, to.AddrPort())
}
