package wsconn

import "sync"

// A buffer is attached to a connection only while something is incomplete.
// Its size follows what has arrived, never what the peer has announced.
const bufferSmall = 4 << 10

var (
	// messages holds only buffers of the first size: with a larger one who
	// sends a byte would hold what somebody else's message took, and count for
	// it (see budget).
	messages = bufferPool{most: bufferSmall}
	// sealed is for what waits below TLS.
	sealed = bufferPool{most: 64 << 10}
)

// bufferPool keeps buffers of up to most bytes; larger ones are left to the
// collector.
type bufferPool struct {
	most int
	pool sync.Pool
}

// grow appends b to data, which may be nil.
func (p *bufferPool) grow(data, b []byte) []byte {
	if data == nil {
		if kept, ok := p.pool.Get().(*[]byte); ok {
			data = (*kept)[:0]
		} else {
			data = make([]byte, 0, bufferSmall)
		}
	}
	return append(data, b...)
}

// put gives a buffer of grow back. Nil is fine.
func (p *bufferPool) put(data []byte) {
	if c := cap(data); c < bufferSmall || c > p.most {
		return
	}
	data = data[:0]
	p.pool.Put(&data)
}
