package wsconn

import "sync"

// A buffer is attached to a connection only while something is incomplete.
// Its size follows what has arrived, never what the peer has announced.
const (
	bufferSmall = 4 << 10  // what the pool hands out
	bufferKeep  = 64 << 10 // larger ones are left to the collector
)

var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, bufferSmall)
	return &b
}}

// grow appends b to data, which may be nil.
func grow(data, b []byte) []byte {
	if data == nil {
		data = (*buffers.Get().(*[]byte))[:0]
	}
	return append(data, b...)
}

// putBuffer gives a buffer of grow back. Nil is fine.
func putBuffer(data []byte) {
	if c := cap(data); c < bufferSmall || c > bufferKeep {
		return
	}
	data = data[:0]
	buffers.Put(&data)
}
