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
	buf := make([]byte, maxHeader+len(text))
	copy(buf[maxHeader:], text)
	return frameInPlace(buf)
}

// frameInPlace makes a frame of buf, whose first maxHeader bytes are free and
// whose rest is the text. The frame owns buf from now on.
func frameInPlace(buf []byte) *Frame {
	n := len(buf) - maxHeader
	header := 2
	switch {
	case n >= 1<<16:
		header = 10
	case n >= 126:
		header = 4
	}
	b := buf[maxHeader-header:]
	b[0] = 0x81 // FIN, text
	switch header {
	case 2:
		b[1] = byte(n)
	case 4:
		b[1] = 126
		binary.BigEndian.PutUint16(b[2:], uint16(n))
	case 10:
		b[1] = 127
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	}
	return &Frame{buf: b, header: header}
}

// Bytes returns the whole WebSocket frame as it goes on the wire.
func (f *Frame) Bytes() []byte { return f.buf }

// Text returns the JSON text.
func (f *Frame) Text() []byte { return f.buf[f.header:] }
