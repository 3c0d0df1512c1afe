package udp

// Shape of a receive arena.
const (
	// BatchSize is how many datagrams one Recv can return.
	BatchSize = 64

	slotSize = 2048
	headroom = 64
	tailroom = 64

	// MaxRecv is the longest datagram that is taken, in bytes. Media stays
	// below 1,500; DTLS flights below 1,200.
	MaxRecv = slotSize - headroom - tailroom
)

// RecvBatch holds the datagrams of one Recv. What Packet and Addr return is
// valid, and may be written to, until the next Recv with the same batch.
type RecvBatch struct {
	slots []byte // nil before the first datagram
	addrs [BatchSize]Addr
	sizes [BatchSize]int
	n     int
	mmsg  recvHeaders
}

// NewRecvBatch makes an arena of BatchSize slots (128 KiB), which is allocated
// when the first datagram is there: of many sockets few may ever get one.
func NewRecvBatch() *RecvBatch { return &RecvBatch{} }

// allocate makes the slots.
func (b *RecvBatch) allocate() {
	b.slots = make([]byte, BatchSize*slotSize)
	b.mmsg.bind(b)
}

// Reset forgets the datagrams of the last Recv.
func (b *RecvBatch) Reset() { b.n = 0 }

// Len is the number of datagrams that the last Recv returned.
func (b *RecvBatch) Len() int { return b.n }

// Packet returns datagram i, 0 ≤ i < Len. It is empty if the datagram was too
// long. Its capacity includes tailroom bytes that hold nothing.
func (b *RecvBatch) Packet(i int) []byte {
	start := i*slotSize + headroom
	end := start + b.sizes[i]
	return b.slots[start : end : end+tailroom]
}

// Addr returns the sender of datagram i.
func (b *RecvBatch) Addr(i int) *Addr { return &b.addrs[i] }

// room is the part of slot i that a datagram may fill.
func (b *RecvBatch) room(i int) []byte {
	start := i*slotSize + headroom
	return b.slots[start : start+MaxRecv]
}
