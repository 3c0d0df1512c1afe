package wire

import (
	"encoding/binary"
	"sync"
)

// Frame is one server message, shared by all connections it goes to. Who takes
// JSON asks for Bytes or Text, who speaks something else for Message. It is encoded
// at most once, when the first asks, on that one's goroutine; who asks meanwhile
// waits for it. It may be used from any goroutine.
//
// It is immutable: nobody may write to the slices it returns, nor to the message
// from the moment it is in a frame, nor to what that points to.
type Frame struct {
	message Message // nil in a frame that was made of bytes

	once   sync.Once // guards the rest while it is made of message
	buf    []byte    // WebSocket header, then the JSON text
	header int       // length of the header: 2, 4 or 10
}

// FrameOf makes a frame of m, whose type it fills in.
func FrameOf(m Message) *Frame {
	m.setType(m.kind())
	return &Frame{message: m}
}

// NewFrame wraps text as one final, unmasked WebSocket text frame
// (RFC 6455 §5.2). It copies text.
func NewFrame(text []byte) *Frame {
	buf := make([]byte, maxHeader+len(text))
	copy(buf[maxHeader:], text)
	f := &Frame{}
	f.take(buf)
	return f
}

// maxHeader is the longest header of an unmasked WebSocket frame.
const maxHeader = 10

// take makes buf the frame's, whose first maxHeader bytes are free and whose rest
// is the text. The frame owns buf from now on.
func (f *Frame) take(buf []byte) {
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
	f.buf, f.header = b, header
}

// encoded sees to it that there are bytes.
func (f *Frame) encoded() {
	if f.message != nil {
		f.once.Do(func() { f.take(encode(f.message)) })
	}
}

// Bytes returns the whole WebSocket frame as it goes on the wire.
func (f *Frame) Bytes() []byte {
	f.encoded()
	return f.buf
}

// Text returns the JSON text.
func (f *Frame) Text() []byte {
	f.encoded()
	return f.buf[f.header:]
}

// Message returns what the frame says; nil if it was made of a text that says
// nothing this package knows. One made of bytes is read anew by each call.
func (f *Frame) Message() Message {
	if f.message != nil {
		return f.message
	}
	m, err := ParseMessage(f.Text())
	if err != nil {
		return nil
	}
	return m
}

// Kept is what is kept of a frame for later: its bytes alone, for a message beside
// them takes as much again. The zero Kept is none.
type Kept []byte

// Keep returns what to keep of the frame.
func (f *Frame) Keep() Kept { return f.Bytes() }

// Frame makes a frame of what was kept, of the same bytes.
func (k Kept) Frame() *Frame {
	header := 2
	switch k[1] {
	case 126:
		header = 4
	case 127:
		header = 10
	}
	return &Frame{buf: k, header: header}
}
