package wsconn

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// kind is what the parser found.
type kind uint8

const (
	kindNone   kind = iota // all input taken, nothing complete
	kindText               // a whole text message, valid UTF-8
	kindBinary             // a whole binary message
	kindPing
	kindPong
	kindClose // payload: empty, or status and reason as sent, checked
)

// bounds are the parser's limits.
type bounds struct {
	message   int  // bytes of a message, all fragments together
	fragments int  // frames of a message
	binary    bool // binary messages are taken
}

// parser turns the bytes of a client into messages and control frames. It
// takes them in pieces of any size and keeps only what is incomplete: an idle
// parser holds no buffer. Pure: no clock, no socket.
//
//	┌────────┐ header complete  ┌─────────┐
//	│ header ├─────────────────►│ payload │
//	└────────┘◄─────────────────┴─────────┘
//	     ▲      payload complete
//	     └─ data frames with FIN=0 leave msg set; control frames may come
//	        between and have a buffer of their own
type parser struct {
	head    [ws.MaxHeaderSize]byte // a header that came in pieces
	headLen uint8
	inFrame bool // the header of frame is complete
	// delivered: data was handed out and is dropped with the next call.
	delivered bool
	msg       ws.OpCode // of the message in progress, 0 if none
	text      utf8State // of the message in progress
	fragments int
	got       int // payload bytes of frame taken
	frame     ws.Header
	data      []byte // the message in progress, pooled
	control   []byte // a control payload that came in pieces
}

// idle reports whether nothing is incomplete.
func (p *parser) idle() bool { return p.headLen == 0 && !p.inFrame && p.msg == 0 }

// held returns the bytes of memory held for incomplete input.
func (p *parser) held() int { return cap(p.data) + cap(p.control) }

// reset drops everything.
func (p *parser) reset() {
	messages.put(p.data)
	*p = parser{}
}

// release gives back the buffer of a message that was handed out.
func (p *parser) release() {
	if p.delivered {
		messages.put(p.data)
		p.data, p.delivered = nil, false
	}
}

// next takes bytes from the front of in until something is complete and
// returns how many it took. payload is valid until the next call, release, or
// until in is reused, whichever comes first; in is unmasked in place. After an error
// the parser must not be used any more.
func (p *parser) next(in []byte, b bounds) (found kind, payload []byte, n int, err error) {
	p.release()
	for {
		if !p.inFrame {
			took, done := p.takeHeader(in[n:])
			n += took
			if !done {
				return kindNone, nil, n, nil
			}
			if err := p.begin(b); err != nil {
				return kindNone, nil, n, err
			}
		}
		chunk := in[n:]
		if left := int(p.frame.Length) - p.got; len(chunk) > left {
			chunk = chunk[:left]
		}
		n += len(chunk)
		ws.Cipher(chunk, p.frame.Mask, p.got)
		p.got += len(chunk)
		if p.frame.OpCode.IsControl() {
			found, payload, err = p.takeControl(chunk)
		} else {
			found, payload, err = p.takeData(chunk)
		}
		if found != kindNone || err != nil || n == len(in) {
			return found, payload, n, err
		}
	}
}

// takeHeader collects a frame header (RFC 6455 §5.2) into p.frame.
func (p *parser) takeHeader(in []byte) (n int, done bool) {
	if p.headLen == 0 {
		if size := headerSize(in); size != 0 && len(in) >= size {
			p.frame = parseHeader(in[:size])
			return size, true // the common case: nothing to keep
		}
	}
	for n < len(in) {
		p.head[p.headLen] = in[n]
		p.headLen++
		n++
		if size := headerSize(p.head[:p.headLen]); size == int(p.headLen) {
			p.frame = parseHeader(p.head[:size])
			p.headLen = 0
			return n, true
		}
	}
	return n, false
}

// headerSize returns the size of the frame header that starts b, 0 if b is
// too short to tell.
func headerSize(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	size := 2
	switch b[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if b[1]&0x80 != 0 {
		size += 4
	}
	return size
}

// parseHeader decodes a complete header. A length with the top bit set comes
// out negative.
func parseHeader(b []byte) ws.Header {
	h := ws.Header{
		Fin:    b[0]&0x80 != 0,
		Rsv:    b[0] >> 4 & 7,
		OpCode: ws.OpCode(b[0] & 0x0f),
		Masked: b[1]&0x80 != 0,
		Length: int64(b[1] & 0x7f),
	}
	rest := b[2:]
	switch h.Length {
	case 126:
		h.Length, rest = int64(binary.BigEndian.Uint16(rest)), rest[2:]
		if h.Length < 126 {
			h.Length = -1
		}
	case 127:
		h.Length, rest = int64(binary.BigEndian.Uint64(rest)), rest[8:]
		if h.Length < 1<<16 {
			h.Length = -1
		}
	}
	if h.Masked {
		copy(h.Mask[:], rest)
	}
	return h
}

// begin checks the header in p.frame against the RFC and the bounds, before
// any payload is looked at.
func (p *parser) begin(b bounds) error {
	h := p.frame
	state := ws.StateServerSide
	if p.msg != 0 {
		state = state.Set(ws.StateFragmented)
	}
	if h.Length < 0 {
		return violation(statusProtocol, "length is not minimal or has its top bit set")
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return violation(statusProtocol, err.Error())
	}
	p.inFrame, p.got = true, 0
	if h.OpCode.IsControl() {
		return nil
	}
	switch {
	case h.OpCode == ws.OpContinuation:
		p.fragments++
	case h.OpCode == ws.OpBinary && !b.binary:
		return violation(statusUnsupported, "binary messages are not taken")
	default:
		p.msg, p.fragments, p.text = h.OpCode, 1, utf8State{}
	}
	if h.Length > int64(b.message-len(p.data)) {
		return violation(statusTooBig, "message is too big")
	}
	if p.fragments > b.fragments {
		return violation(statusPolicy, "message has too many fragments")
	}
	return nil
}

// takeData takes a piece of a data frame's payload.
func (p *parser) takeData(chunk []byte) (kind, []byte, error) {
	complete := p.got == int(p.frame.Length)
	final := complete && p.frame.Fin
	if p.msg == ws.OpText {
		if !p.text.take(chunk) || final && !p.text.whole() {
			return kindNone, nil, violation(statusBadPayload, "text is not UTF-8")
		}
	}
	if complete {
		p.inFrame = false
	}
	if !final {
		if len(chunk) > 0 {
			p.data = messages.grow(p.data, chunk)
		}
		return kindNone, nil, nil
	}
	found := kindText
	if p.msg == ws.OpBinary {
		found = kindBinary
	}
	p.msg = 0
	if len(p.data) == 0 {
		return found, chunk, nil // all of it is in the input: no copy
	}
	p.data = messages.grow(p.data, chunk)
	p.delivered = true
	return found, p.data, nil
}

// takeControl takes a piece of a control frame's payload, at most 125 bytes.
func (p *parser) takeControl(chunk []byte) (kind, []byte, error) {
	payload := chunk
	if p.got != len(chunk) || p.got != int(p.frame.Length) {
		p.control = append(p.control, chunk...)
		payload = p.control
	}
	if p.got != int(p.frame.Length) {
		return kindNone, nil, nil
	}
	p.inFrame, p.control = false, nil
	switch p.frame.OpCode {
	case ws.OpPing:
		return kindPing, payload, nil
	case ws.OpPong:
		return kindPong, payload, nil
	}
	return kindClose, payload, checkClose(payload)
}

// checkClose checks the payload of a close frame (RFC 6455 §5.5.1, §7.4).
func checkClose(payload []byte) error {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return violation(statusProtocol, "close frame with half a status")
	}
	status, reason := ws.ParseCloseFrameData(payload)
	if !utf8.ValidString(reason) {
		return violation(statusBadPayload, "close reason is not UTF-8")
	}
	if !sendable(int(status)) {
		return violation(statusProtocol, "close status must not be sent")
	}
	return nil
}

// sendable reports whether a close frame may carry status: those of RFC 6455
// §7.4 that are not reserved, and 1012 to 1014, which IANA has registered
// since.
func sendable(status int) bool {
	if status < 0 || status > 4999 {
		return false
	}
	if status >= 1012 && status <= 1014 {
		return true
	}
	return ws.CheckCloseFrameData(ws.StatusCode(status), "") == nil
}
