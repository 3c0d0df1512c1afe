package netloop

import (
	"encoding/binary"
	"errors"
)

// WebSocket opcodes, RFC 6455 §5.2.
const (
	opContinue = 0x0
	opText     = 0x1
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xa
)

// maxText bounds a message from the server, in bytes.
const maxText = 1 << 20

// Errors of a WebSocket stream.
var (
	errFrame    = errors.New("malformed websocket frame")
	errTooLarge = errors.New("websocket message over 1 MiB")
	errPeerEnd  = errors.New("server closed the connection")
)

// frame is one WebSocket frame from a server: never masked.
type frame struct {
	fin     bool
	op      byte
	payload []byte
}

// cutFrame takes the first frame from buf. n is its length in bytes, 0 when
// buf does not hold a whole frame yet.
func cutFrame(buf []byte) (f frame, n int, err error) {
	if len(buf) < 2 {
		return f, 0, nil
	}
	if buf[0]&0x70 != 0 || buf[1]&0x80 != 0 {
		return f, 0, errFrame
	}
	head, size := 2, uint64(buf[1])
	switch size {
	case 126:
		if len(buf) < 4 {
			return f, 0, nil
		}
		head, size = 4, uint64(binary.BigEndian.Uint16(buf[2:]))
	case 127:
		if len(buf) < 10 {
			return f, 0, nil
		}
		head, size = 10, binary.BigEndian.Uint64(buf[2:])
	}
	if size > maxText {
		return f, 0, errTooLarge
	}
	if len(buf) < head+int(size) {
		return f, 0, nil
	}
	f = frame{fin: buf[0]&0x80 != 0, op: buf[0] & 0x0f, payload: buf[head : head+int(size)]}
	return f, head + int(size), nil
}

// appendFrame appends a final client frame, masked with zero: a mask is
// required (RFC 6455 §5.3), its value only matters to proxies in between.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}

// stream turns the bytes of one connection into messages. It holds bytes only
// while a frame or a fragmented message is incomplete.
type stream struct {
	rest  []byte // of an incomplete frame
	parts []byte // of a fragmented message
}

// feed takes the next bytes. text is called per whole message, reply for
// frames that must be answered.
func (s *stream) feed(data []byte, text func(msg []byte), reply func(op byte, payload []byte)) error {
	if len(s.rest) > 0 {
		s.rest = append(s.rest, data...)
		data = s.rest
	}
	for {
		f, n, err := cutFrame(data)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err = s.take(f, text, reply); err != nil {
			return err
		}
		data = data[n:]
	}
	if len(data) == 0 {
		s.rest = nil
	} else {
		s.rest = append([]byte(nil), data...)
	}
	return nil
}

func (s *stream) take(f frame, text func([]byte), reply func(byte, []byte)) error {
	switch f.op {
	case opPing:
		reply(opPong, f.payload)
	case opPong:
	case opClose:
		reply(opClose, f.payload)
		return errPeerEnd
	case opText, opContinue:
		if f.fin && len(s.parts) == 0 {
			text(f.payload)
			return nil
		}
		if len(s.parts)+len(f.payload) > maxText {
			return errTooLarge
		}
		s.parts = append(s.parts, f.payload...)
		if f.fin {
			text(s.parts)
			s.parts = nil
		}
	default:
		return errFrame
	}
	return nil
}
