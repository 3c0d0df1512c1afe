package dtlsgate

import (
	"encoding/binary"
	"iter"
)

// Content types of records (RFC 6347 §4.1), and those of handshake messages
// that are looked at (RFC 5246 §7.4).
const (
	contentChangeCipherSpec = 20
	contentAlert            = 21
	contentHandshake        = 22
	contentLast             = 25 // tls12_cid, RFC 9146

	typeClientHello        = 1
	typeServerHello        = 2
	typeHelloVerify        = 3
	typeCertificate        = 11
	typeServerKeyExchange  = 12
	typeCertificateRequest = 13
	typeServerHelloDone    = 14
	typeCertificateVerify  = 15
	typeClientKeyExchange  = 16
)

const (
	recordHead   = 13
	fragmentHead = 12
)

// record is a record of a datagram.
//
//	0      1        3      5               11      13
//	| type | version | epoch | sequence no. | length | body …
type record struct {
	content byte
	epoch   uint16
	raw     []byte // all of it
	body    []byte
}

// number is the record's, unique within its epoch.
func (r *record) number() uint64 {
	return uint64(binary.BigEndian.Uint16(r.raw[5:]))<<32 | uint64(binary.BigEndian.Uint32(r.raw[7:]))
}

func putNumber(raw []byte, n uint64) {
	binary.BigEndian.PutUint16(raw[5:], uint16(n>>32))
	binary.BigEndian.PutUint32(raw[7:], uint32(n))
}

// records yields the records of a plausible datagram.
func records(pkt []byte) iter.Seq[record] {
	return func(yield func(record) bool) {
		for len(pkt) >= recordHead {
			end := recordHead + int(binary.BigEndian.Uint16(pkt[11:]))
			if end > len(pkt) {
				return
			}
			r := record{pkt[0], binary.BigEndian.Uint16(pkt[3:]), pkt[:end], pkt[recordHead:end]}
			pkt = pkt[end:]
			if !yield(r) {
				return
			}
		}
	}
}

// Plausible reports whether a datagram can be part of a DTLS 1.2 handshake: all
// of it records of types that there are, and in the clear nothing but
// handshake messages and change cipher spec. Alerts and data in the clear prove
// nothing but that somebody knows the peer's address; who gives up in earnest
// stops answering, which is noticed as well. A datagram with one wrong record
// is wrong as a whole.
func Plausible(pkt []byte) bool {
	left := len(pkt)
	for r := range records(pkt) {
		left -= len(r.raw)
		switch {
		case r.content < contentChangeCipherSpec || r.content > contentLast:
			return false
		case r.raw[1] != 0xfe || r.raw[2] != 0xff && r.raw[2] != 0xfd: // DTLS 1.0 in a first ClientHello
			return false
		case len(r.body) == 0 || r.epoch > 1:
			return false
		case r.epoch == 0 && r.content != contentHandshake && r.content != contentChangeCipherSpec:
			return false
		}
	}
	return left == 0 && len(pkt) > 0
}

// fragment is a handshake message or a part of one (RFC 6347 §4.2.2).
//
//	0      1        4             6                 9                 12
//	| type | length | message seq | fragment offset | fragment length | data …
type fragment struct {
	kind   byte
	length int // of the whole message
	seq    uint16
	offset int
	data   []byte
}

// fragments yields those of a record's body, up to the first malformed one.
func fragments(body []byte) iter.Seq[fragment] {
	return func(yield func(fragment) bool) {
		for len(body) >= fragmentHead {
			f := fragment{
				kind: body[0], length: uint24(body[1:]), seq: binary.BigEndian.Uint16(body[4:]), offset: uint24(body[6:]),
			}
			n := uint24(body[9:])
			if n > len(body)-fragmentHead || f.offset+n > f.length {
				return
			}
			f.data = body[fragmentHead : fragmentHead+n]
			body = body[fragmentHead+n:]
			if !yield(f) {
				return
			}
		}
	}
}

func uint24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

func appendUint24(b []byte, n int) []byte { return append(b, byte(n>>16), byte(n>>8), byte(n)) }

// appendMessage appends a whole message: the form that transcripts have.
func appendMessage(to []byte, kind byte, seq uint16, body []byte) []byte {
	to = appendUint24(append(to, kind), len(body))
	to = binary.BigEndian.AppendUint16(to, seq)
	to = appendUint24(appendUint24(to, 0), len(body))
	return append(to, body...)
}

// appendRecord appends a record in the clear.
func appendRecord(to []byte, content byte, seq uint64, body []byte) []byte {
	to = append(to, content, 0xfe, 0xfd, 0, 0)
	to = append(to, byte(seq>>40), byte(seq>>32), byte(seq>>24), byte(seq>>16), byte(seq>>8), byte(seq))
	to = binary.BigEndian.AppendUint16(to, uint16(len(body)))
	return append(to, body...)
}
