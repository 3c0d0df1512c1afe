package dtlsgate

import "bytes"

// Hello is what the beginning of a ClientHello says (RFC 6347 §4.2.1).
type Hello struct {
	Random [32]byte
	Cookie []byte // empty in a first one; part of the datagram
	Seq    uint16 // 0, or 1 after a [Retry]
	Record uint64 // the number of its record
}

// ParseHello reads the ClientHello that a plausible datagram begins with: whole,
// or the first fragment.
func ParseHello(pkt []byte) (h Hello, ok bool) {
	for r := range records(pkt) {
		if r.content != contentHandshake || r.epoch != 0 {
			return h, false
		}
		for f := range fragments(r.body) {
			h, ok = parseHello(f)
			h.Record = r.number()
			return h, ok
		}
		break
	}
	return h, false
}

// parseHello reads a fragment that begins a ClientHello.
//
//	| version 2 | random 32 | n 1 | session id n | n 1 | cookie n | …
func parseHello(f fragment) (h Hello, ok bool) {
	if f.kind != typeClientHello || f.offset != 0 || f.seq > 1 {
		return h, false
	}
	start, end := cookieAt(f.data)
	if end == 0 {
		return h, false
	}
	copy(h.Random[:], f.data[2:])
	h.Seq, h.Cookie = f.seq, f.data[start:end]
	return h, (f.seq == 0) == (start == end)
}

// cookieAt is where in the body of a ClientHello the cookie is; 0, 0 if the
// body does not go that far.
func cookieAt(body []byte) (start, end int) {
	const id = 2 + 32 // where the session id's length is
	if len(body) <= id || len(body) <= id+1+int(body[id]) {
		return 0, 0
	}
	start = id + 1 + int(body[id]) + 1
	end = start + int(body[start-1])
	if end > len(body) {
		return 0, 0
	}
	return start, end
}

// CookieLen is the length of cookies, in bytes: that of the server behind.
const CookieLen = 20

// MaxRetries is how many records of its own a client may have sent before a
// ClientHello that gets a [Retry], which has that one's number.
const MaxRetries = 32

// Retry is a HelloVerifyRequest: it asks the client to send its ClientHello
// again with a cookie (RFC 6347 §4.2.1). Its record has the number of the
// ClientHello's, below [MaxRetries]: 0 is that of the first.
func Retry(cookie []byte, number uint64) []byte {
	body := append([]byte{0xfe, 0xfd, byte(len(cookie))}, cookie...)
	return appendRecord(nil, contentHandshake, number, appendMessage(nil, typeHelloVerify, 0, body))
}

// Renumber moves the numbers of a server's records in the clear beyond all that a
// [Retry] can have: a client takes no number twice.
func Renumber(pkt []byte) {
	for r := range records(pkt) {
		if r.epoch == 0 {
			putNumber(r.raw, r.number()+MaxRetries)
		}
	}
}

// IsRetry reports whether a datagram of the server's is a HelloVerifyRequest.
func IsRetry(pkt []byte) bool { return begins(pkt, typeHelloVerify) }

// IsAlert reports whether a datagram of the server's is an alert in the clear.
func IsAlert(pkt []byte) bool {
	for r := range records(pkt) {
		return r.content == contentAlert && r.epoch == 0
	}
	return false
}

func begins(pkt []byte, kind byte) bool {
	for r := range records(pkt) {
		return r.content == contentHandshake && r.epoch == 0 && len(r.body) > 0 && r.body[0] == kind
	}
	return false
}

// withoutCookie makes the first ClientHello, which the client sent before it
// had a cookie, from the body of the second.
func withoutCookie(body []byte) []byte {
	start, end := cookieAt(body)
	if end == 0 {
		return nil
	}
	out := bytes.Clone(body[:start])
	out[start-1] = 0
	return append(out, body[end:]...)
}
