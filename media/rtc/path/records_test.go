package path

import (
	"crypto/rand"
	"encoding/binary"
)

// clear is a DTLS record in the clear.
func clear(kind byte, body ...byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 99}, uint16(len(body)))
	return append(head, body...)
}

// message is a handshake message in a record of its own.
func message(kind byte, seq uint16, body ...byte) []byte {
	return part(kind, seq, len(body), 0, body...)
}

// part is a fragment of a message of the given length.
func part(kind byte, seq uint16, length, offset int, body ...byte) []byte {
	u24 := func(b []byte, n int) []byte { return append(b, byte(n>>16), byte(n>>8), byte(n)) }
	m := u24([]byte{kind}, length)
	m = binary.BigEndian.AppendUint16(m, seq)
	m = u24(u24(m, offset), len(body))
	return clear(recordHandshake, append(m, body...)...)
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// hello is the body of a ClientHello that offers what a browser does.
func hello(cookie []byte, suites ...byte) []byte {
	b := append([]byte{0xfe, 0xfd}, noise(32)...)
	b = append(b, 0, byte(len(cookie)))
	b = append(b, cookie...)
	b = append(b, 0, byte(len(suites)))
	b = append(b, suites...)
	b = append(b, 1, 0)
	ext := []byte{
		0, 10, 0, 4, 0, 2, 0, 0x17, // supported groups: P-256
		0, 11, 0, 2, 1, 0, // point formats
		0, 13, 0, 4, 0, 2, 4, 3, // ECDSA with SHA-256
		0, 14, 0, 7, 0, 4, 0, 7, 0, 1, 0, // use_srtp
		0, 23, 0, 0, // extended master secret
		0xff, 1, 0, 1, 0,
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(ext)))
	return append(b, ext...)
}

const msgClientHello = 1
