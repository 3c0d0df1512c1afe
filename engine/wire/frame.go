package wire

import "encoding/binary"

// Frame is one server message, encoded once and shared by all connections it
// goes to. It is immutable: nobody may write to the slices it returns.
type Frame struct {
	buf    []byte // WebSocket header, then the JSON text
	header int    // length of the header: 2, 4 or 10
}

// NewFrame wraps text as one final, unmasked WebSocket text frame
// (RFC 6455 §5.2). It copies text.
func NewFrame(text []byte) *Frame {
	n := len(text)
	var h [10]byte
	h[0] = 0x81
	var hl int
	switch {
	case n < 126:
		h[1], hl = byte(n), 2
	case n < 1<<16:
		h[1], hl = 126, 4
		binary.BigEndian.PutUint16(h[2:], uint16(n))
	default:
		h[1], hl = 127, 10
		binary.BigEndian.PutUint64(h[2:], uint64(n))
	}
	buf := make([]byte, hl+n)
	copy(buf, h[:hl])
	copy(buf[hl:], text)
	return &Frame{buf: buf, header: hl}
}

// Bytes returns the whole WebSocket frame as it goes on the wire.
func (f *Frame) Bytes() []byte { return f.buf }

// Text returns the JSON text.
func (f *Frame) Text() []byte { return f.buf[f.header:] }
