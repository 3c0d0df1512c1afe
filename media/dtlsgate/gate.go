package dtlsgate

import (
	"bytes"
	"slices"
	"time"

	"parley/media"
)

// Gate sorts the datagrams of one handshake, in which we are the server. It
// follows what the server behind it sends, for that is part of what the peer
// signs.
//
//	hello wanted ──▶ flight wanted ──▶ passed
type Gate struct {
	expects func(certificate []byte) bool
	cookie  []byte // that the hello has to have; nil: none
	hello   message
	random  [32]byte
	begun   bool   // the first fragment of the hello is there
	said    []byte // transcript: the hello, then what the server sent
	ours    outgoing

	certificate, exchange, verify message
	announced                     []byte // the certificate's body, nil as long as it did not come
	key                           *key   // of that, nil too if it is none that we take
	foreign                       bool   // another certificate came

	passed bool
	seq    uint64   // of the next record that is made here
	later  [][]byte // encrypted records that came too early, newest last
	// Verifications, of what came in one datagram and of what did not.
	together, apart budget
}

// maxLater is how many encrypted records wait for the flight before them.
const maxLater = 8

// New makes a gate for a peer whose certificate expects knows. With a cookie
// only the ClientHello counts that has it.
func New(expects func(certificate []byte) bool, cookie []byte) *Gate {
	g := &Gate{expects: expects, cookie: cookie, hello: message{kind: typeClientHello}}
	if cookie != nil {
		g.hello.seq = 1
	}
	for i, m := range []*message{&g.certificate, &g.exchange, &g.verify} {
		m.kind = []byte{typeCertificate, typeClientKeyExchange, typeCertificateVerify}[i]
		m.seq = g.hello.seq + 1 + uint16(i)
	}
	return g
}

// Passed reports whether the peer has shown that it saw our flight.
func (g *Gate) Passed() bool { return g.passed }

// Foreign reports whether a certificate came that the peer did not announce, and
// not the one it did.
func (g *Gate) Foreign() bool { return g.foreign && g.announced == nil }

// Take sorts a plausible datagram and returns what the server may have of it,
// as datagrams that it can keep.
func (g *Gate) Take(pkt []byte, now media.Instant) (feed [][]byte) {
	var news news
	for r := range records(pkt) {
		switch {
		case r.epoch == 1:
			feed = g.takeEncrypted(feed, r)
		case r.content == contentHandshake && r.epoch == 0 && !g.passed:
			for f := range fragments(r.body) {
				feed = g.takeFragment(feed, f, &news)
			}
			feed = g.pass(feed, &news, now)
		}
	}
	return feed
}

// news is what a datagram completed, nil for nothing: one message of a kind at
// most, for the peer makes no more.
type news struct {
	certificate      bool
	exchange, verify []byte
}

func (g *Gate) takeEncrypted(feed [][]byte, r record) [][]byte {
	if g.passed {
		return append(feed, bytes.Clone(r.raw))
	}
	if len(g.later) == maxLater {
		g.later = slices.Delete(g.later, 0, 1)
	}
	g.later = append(g.later, bytes.Clone(r.raw))
	return feed
}

func (g *Gate) takeFragment(feed [][]byte, f fragment, news *news) [][]byte {
	switch f.kind {
	case typeClientHello:
		return g.takeHello(feed, f)
	case typeCertificate:
		news.certificate = g.takeCertificate(f) || news.certificate
	case typeClientKeyExchange:
		if news.exchange == nil {
			news.exchange = last(g.exchange.add(f))
		}
	case typeCertificateVerify:
		if news.verify == nil {
			news.verify = last(g.verify.add(f))
		}
	}
	return feed
}

// last returns the last of what was completed, nil for nothing.
func last(wholes [][]byte) []byte {
	if len(wholes) == 0 {
		return nil
	}
	return wholes[len(wholes)-1]
}

// takeHello puts the ClientHello together and passes it on, again if the peer
// repeats it, for then our flight was lost.
func (g *Gate) takeHello(feed [][]byte, f fragment) [][]byte {
	if f.offset == 0 {
		h, ok := parseHello(f)
		if !ok || f.seq != g.hello.seq || g.cookie != nil && !bytes.Equal(h.Cookie, g.cookie) {
			return feed
		}
		if g.begun && h.Random != g.random {
			return feed
		}
		g.random, g.begun = h.Random, true
		if len(g.said) > 0 {
			return g.passHello(feed, g.hello.wholes[0])
		}
	}
	if !g.begun || len(g.said) > 0 {
		return feed
	}
	if wholes := g.hello.add(f); len(wholes) > 0 {
		g.hello.wholes = wholes[:1]
		g.said = appendMessage(nil, typeClientHello, g.hello.seq, wholes[0])
		if g.cookie != nil { // the server wants to see the first one, too
			feed = append(feed, g.clear(typeClientHello, 0, withoutCookie(wholes[0])))
		}
		return g.passHello(feed, wholes[0])
	}
	return feed
}

func (g *Gate) passHello(feed [][]byte, body []byte) [][]byte {
	return append(feed, g.clear(typeClientHello, g.hello.seq, body))
}

// clear makes a datagram of one message.
func (g *Gate) clear(kind byte, seq uint16, body []byte) []byte {
	g.seq++
	return appendRecord(nil, contentHandshake, g.seq-1, appendMessage(nil, kind, seq, body))
}

// takeCertificate keeps the certificate that the peer has announced, and reports
// whether this is it. Under no other is anything verified: what that costs is up
// to whoever made it.
func (g *Gate) takeCertificate(f fragment) bool {
	if g.announced != nil {
		return false
	}
	body, foreign := announced(g.certificate.add(f), g.expects)
	g.foreign = g.foreign || foreign
	if body == nil {
		return false
	}
	g.announced, g.key = body, certificateKey(leaf(body))
	return true
}

// announced returns the first of the Certificate messages that has the expected
// certificate, nil if none has. foreign reports whether one before it had another.
func announced(bodies [][]byte, expects func(der []byte) bool) (body []byte, foreign bool) {
	for _, body := range bodies {
		switch der := leaf(body); {
		case der == nil:
		case expects(der):
			return body, foreign
		default:
			foreign = true
		}
	}
	return nil, foreign
}

// pass looks for a key exchange and a signature that fit to the certificate,
// of which one is new, and passes on the peer's flight once there are. The newest
// come first, for the peer's come together, and two of one datagram have a
// budget of their own, which those of other datagrams can not use up.
func (g *Gate) pass(feed [][]byte, news *news, now media.Instant) [][]byte {
	if g.passed || !g.ours.done || g.key == nil || !news.certificate && news.exchange == nil && news.verify == nil {
		return feed
	}
	if news.exchange != nil && news.verify != nil && g.together.take(now) && g.fits(news.exchange, news.verify) {
		return g.passFlight(feed, news.exchange, news.verify)
	}
	for _, x := range slices.Backward(g.exchange.wholes) {
		for _, v := range slices.Backward(g.verify.wholes) {
			if !news.certificate && !bytes.Equal(x, news.exchange) && !bytes.Equal(v, news.verify) || !wellFormed(v) {
				continue
			}
			if !g.apart.take(now) {
				return feed
			}
			if g.fits(x, v) {
				return g.passFlight(feed, x, v)
			}
		}
	}
	return feed
}

// fits reports whether a signature is the peer's over what was said.
func (g *Gate) fits(exchange, verify []byte) bool {
	return g.key.signs(g.transcript(g.announced, exchange), verify)
}

// transcript is what the peer signs (RFC 5246 §7.4.8).
func (g *Gate) transcript(certificate, exchange []byte) []byte {
	t := append(bytes.Clone(g.said), g.ours.said...)
	t = appendMessage(t, typeCertificate, g.certificate.seq, certificate)
	return appendMessage(t, typeClientKeyExchange, g.exchange.seq, exchange)
}

// passFlight passes on the peer's flight, the change of cipher that follows it,
// and what has come encrypted so far.
func (g *Gate) passFlight(feed [][]byte, exchange, verify []byte) [][]byte {
	g.passed = true
	feed = append(feed,
		g.clear(typeCertificate, g.certificate.seq, g.announced),
		g.clear(typeClientKeyExchange, g.exchange.seq, exchange),
		g.clear(typeCertificateVerify, g.verify.seq, verify),
		appendRecord(nil, contentChangeCipherSpec, g.seq, []byte{1}))
	g.seq++
	feed = append(feed, g.later...)
	g.later, g.certificate, g.exchange, g.verify = nil, message{}, message{}, message{}
	return feed
}

// Sent notes a datagram that the server sends.
func (g *Gate) Sent(pkt []byte) {
	for r := range records(pkt) {
		if r.content == contentHandshake && r.epoch == 0 {
			for f := range fragments(r.body) {
				g.ours.note(f)
			}
		}
	}
}

// outgoing is what the server has said, from its ServerHello to its
// ServerHelloDone. It comes in order and whole, for it comes from this process;
// what is sent again is known already.
type outgoing struct {
	said  []byte
	part  []byte // of the message at hand
	seq   uint16 // of the next message
	begun bool
	done  bool
}

func (o *outgoing) note(f fragment) {
	if f.kind == typeHelloVerify || o.done {
		return
	}
	if !o.begun {
		o.begun, o.seq = true, f.seq
	}
	if f.seq != o.seq || f.offset != len(o.part) {
		return
	}
	o.part = append(o.part, f.data...)
	if len(o.part) < f.length {
		return
	}
	o.said = appendMessage(o.said, f.kind, f.seq, o.part)
	o.part, o.seq = nil, o.seq+1
	o.done = f.kind == typeServerHelloDone
}

// budget bounds the verifications, of which each takes some 60 µs.
type budget struct {
	at   media.Instant
	left int
}

const (
	verifyEvery = 500 * time.Microsecond
	verifyBurst = 128
)

func (b *budget) take(now media.Instant) bool {
	if b.at == 0 {
		b.at, b.left = now, verifyBurst
	}
	if back := int(now.Sub(b.at) / verifyEvery); back > 0 {
		b.at, b.left = now, min(b.left+back, verifyBurst)
	}
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}
