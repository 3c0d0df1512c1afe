package rtctest

import (
	"crypto/rand"
	"encoding/binary"
)

// RecordHandshake is the content type of handshake messages (RFC 6347 §4.1).
const RecordHandshake = 22

// ClientHello is the kind of the message that begins a handshake.
const ClientHello = 1

// Clear is a DTLS record in the clear.
func Clear(kind byte, body ...byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 99}, uint16(len(body)))
	return append(head, body...)
}

// Message is a handshake message in a record of its own.
func Message(kind byte, seq uint16, body ...byte) []byte {
	return Part(kind, seq, len(body), 0, body...)
}

// Part is a fragment of a message of the given length.
func Part(kind byte, seq uint16, length, offset int, body ...byte) []byte {
	u24 := func(b []byte, n int) []byte { return append(b, byte(n>>16), byte(n>>8), byte(n)) }
	m := u24([]byte{kind}, length)
	m = binary.BigEndian.AppendUint16(m, seq)
	m = u24(u24(m, offset), len(body))
	return Clear(RecordHandshake, append(m, body...)...)
}

// Noise is n random bytes.
func Noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// Hello is the body of a ClientHello that offers what a browser does.
func Hello(cookie []byte, suites ...byte) []byte {
	b := append([]byte{0xfe, 0xfd}, Noise(32)...)
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
