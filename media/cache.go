package media

import "time"

// Cache keeps the latest packets of one incoming layer, decrypted, for
// repairs to all subscribers: one copy per packet, whatever their number.
//
// It is a ring of bytes with a ring of index entries. Both start small and
// double when they would run over in less than the wanted time, the bytes up
// to a bound. It belongs to the layer's worker.
//
//	bytes:  | pkt 20 | pkt 21 |head→   pkt 17 | pkt 18 | pkt 19 |unused|
//	index:  ext mod len(index) → {ext, position, length}
//
// Positions count every byte ever written, so a packet is intact while the
// head is at most one ring ahead of its position.
type Cache struct {
	buf   []byte
	index []cacheEntry
	head  uint64  // position where the next packet goes
	lap   Instant // when the head was last at the ring's start
	keep  time.Duration
	limit int // bytes
}

type cacheEntry struct {
	ext ExtSeq
	pos uint64
	at  Instant
	len int // 0: empty
}

const (
	minCacheBytes = 16 << 10
	minCacheIndex = 64
	maxCacheIndex = 8192
)

// Bounds for NewCache: a second at 8 Mbit/s and at 250 kbit/s.
const (
	DefaultVideoCache = 1 << 20
	DefaultAudioCache = 32 << 10
	DefaultCacheKeep  = time.Second
)

// NewCache returns a cache that grows to at most limit bytes in order to keep
// packets for keep. Nothing is allocated before the first Put.
func NewCache(limit int, keep time.Duration) Cache {
	return Cache{limit: max(limit, minCacheBytes), keep: keep}
}

// Put copies pkt, a whole decrypted RTP packet, under its incoming number. It
// allocates only when it grows. Packets longer than half of the bound are not
// kept.
func (c *Cache) Put(ext ExtSeq, pkt []byte, now Instant) {
	if len(pkt) == 0 || len(pkt) > c.limit/2 {
		return
	}
	if c.buf == nil {
		c.buf = make([]byte, minCacheBytes)
		c.index = make([]cacheEntry, minCacheIndex)
		c.lap = now
	}
	c.makeRoom(len(pkt), now)
	e := c.slot(ext)
	for len(c.index) < maxCacheIndex && c.intact(e) && e.ext < ext && ext-e.ext < maxCacheIndex && now.Sub(e.at) < c.keep {
		c.growIndex()
		e = c.slot(ext)
	}
	*e = cacheEntry{ext: ext, pos: c.head, at: now, len: len(pkt)}
	copy(c.buf[c.head%uint64(len(c.buf)):], pkt)
	c.head += uint64(len(pkt))
}

// makeRoom moves the head to the ring's start if n bytes do not fit before
// its end, and grows the ring if the last lap was too short.
func (c *Cache) makeRoom(n int, now Instant) {
	for {
		size := uint64(len(c.buf))
		left := size - c.head%size
		if uint64(n) <= left && c.head%size != 0 || c.head == 0 && uint64(n) <= size {
			return
		}
		if c.head%size != 0 {
			c.head += left
		}
		if uint64(n) <= size/2 && now.Sub(c.lap) >= c.keep || len(c.buf) >= c.limit {
			c.lap = now
			return
		}
		c.growBytes()
	}
}

// growBytes doubles the ring. The head is at its start, so the ring holds
// exactly one lap, which keeps its place; positions count from 0 again.
func (c *Cache) growBytes() {
	size := uint64(len(c.buf))
	buf := make([]byte, min(2*len(c.buf), c.limit))
	copy(buf, c.buf)
	for i := range c.index {
		e := &c.index[i]
		if c.intact(e) {
			e.pos -= c.head - size
		} else {
			*e = cacheEntry{}
		}
	}
	c.buf, c.head = buf, size
}

func (c *Cache) growIndex() {
	old := c.index
	c.index = make([]cacheEntry, 2*len(old))
	for _, e := range old {
		if c.intact(&e) {
			*c.slot(e.ext) = e
		}
	}
}

func (c *Cache) slot(ext ExtSeq) *cacheEntry {
	return &c.index[ext&ExtSeq(len(c.index)-1)]
}

// intact reports whether e's bytes have not been written over.
func (c *Cache) intact(e *cacheEntry) bool {
	return e.len != 0 && c.head-e.pos <= uint64(len(c.buf))
}

// Get returns the packet with the incoming number ext, byte for byte as it
// was put. The slice is the cache's own: it is valid until the next Put and
// may be changed only if it is changed back.
func (c *Cache) Get(ext ExtSeq) ([]byte, bool) {
	if len(c.index) == 0 {
		return nil, false
	}
	e := c.slot(ext)
	if e.ext != ext || !c.intact(e) {
		return nil, false
	}
	at := int(e.pos % uint64(len(c.buf)))
	return c.buf[at : at+e.len : at+e.len], true
}

// Size returns the bytes held, index included.
func (c *Cache) Size() int { return len(c.buf) + len(c.index)*32 }

// Reset forgets all packets and gives the memory back.
func (c *Cache) Reset() {
	c.buf, c.index, c.head, c.lap = nil, nil, 0, 0
}
