package dtlsgate

import (
	"bytes"
	"slices"

	"parley/media"
)

// ClientGate sorts the datagrams of a handshake in which we are the client. It
// follows what the client in front of it sends, for the peer signs a part of it.
//
//	flight wanted ──▶ passed
//
// The peer's ServerHello, Certificate and ServerKeyExchange are passed on when
// they fit together: the certificate is the one it announced, and its key has
// signed both random numbers and the key exchange (RFC 4492 §5.4). Two things
// nothing tells from forged ones, a HelloVerifyRequest and a CertificateRequest:
// of the former the first counts, of the latter the one that came beside the key
// exchange, or else the newest. A forged one spoils the handshake, which may then
// begin anew.
type ClientGate struct {
	expects func(certificate []byte) bool
	random  [32]byte // of our ClientHello
	said    bool     // random is known
	// flights are what claims to be the peer's flight, without a
	// HelloVerifyRequest before it and with one; retried says which counts.
	flights [2]flight
	retried bool
	foreign bool // another certificate came

	passed bool
	seq    uint64 // of the next record that is made here
	// Verifications, of what came in one datagram and of what did not.
	together, apart budget
}

// flight is what claims to be a server's (RFC 5246 §7.3).
type flight struct {
	hello, certificate, exchange, request message

	doneSeq   uint16 // of the ServerHelloDone, which is empty
	done      bool
	announced []byte // the certificate's body, nil as long as it did not come
	key       *key
	proven    bool // the key has signed what follows
	said      struct{ hello, exchange []byte }
	beside    []requested // newest last
}

// requested are a key exchange and the request that came in the same datagram.
type requested struct{ exchange, request []byte }

// heard is what a datagram completed of a flight, nil for nothing.
type heard struct {
	certificate     bool
	hello, exchange []byte
}

// NewClient makes a gate for a peer whose certificate expects knows.
func NewClient(expects func(certificate []byte) bool) *ClientGate {
	g := &ClientGate{expects: expects}
	for i := range g.flights {
		f := &g.flights[i]
		for n, m := range []*message{&f.hello, &f.certificate, &f.exchange, &f.request} {
			m.kind = []byte{typeServerHello, typeCertificate, typeServerKeyExchange, typeCertificateRequest}[n]
			m.seq = uint16(i + n)
		}
		f.doneSeq = uint16(i + 4)
	}
	return g
}

// Foreign reports whether a certificate came that the peer did not announce, and
// not the one it did.
func (g *ClientGate) Foreign() bool {
	return g.foreign && g.flights[0].announced == nil && g.flights[1].announced == nil
}

// Sent notes a datagram that the client sends.
func (g *ClientGate) Sent(pkt []byte) {
	if h, ok := ParseHello(pkt); ok {
		g.random, g.said = h.Random, true
	}
}

// Take sorts a plausible datagram and returns what the client may have of it,
// as datagrams that it can keep.
func (g *ClientGate) Take(pkt []byte, now media.Instant) (feed [][]byte) {
	var news [len(g.flights)]heard
	for r := range records(pkt) {
		switch {
		case r.epoch == 1 && g.passed:
			feed = append(feed, g.cipher(), bytes.Clone(r.raw))
		case r.content == contentHandshake && r.epoch == 0 && !g.passed:
			for f := range fragments(r.body) {
				feed = g.takeFragment(feed, f, &news)
			}
		}
	}
	if g.passed || !g.said {
		return feed
	}
	which := 0
	if g.retried {
		which = 1
	}
	fl := &g.flights[which]
	fl.noteBeside(pkt)
	if fl.proven = fl.proven || g.prove(fl, &news[which], now); fl.proven && fl.done && len(fl.request.wholes) > 0 {
		return g.passFlight(feed, fl)
	}
	return feed
}

// cipher makes a change of cipher for what follows. There is one before every
// encrypted record, for one that comes before the client has its keys is lost,
// and the first encrypted record may be forged.
func (g *ClientGate) cipher() []byte {
	g.seq++
	return appendRecord(nil, contentChangeCipherSpec, g.seq-1, []byte{1})
}

func (g *ClientGate) takeFragment(feed [][]byte, f fragment, news *[2]heard) [][]byte {
	if f.kind == typeHelloVerify {
		if g.retried || f.seq != 0 || f.offset != 0 || len(f.data) != f.length {
			return feed
		}
		g.retried = true
		return append(feed, g.clear(typeHelloVerify, 0, f.data))
	}
	for i := range g.flights {
		fl, n := &g.flights[i], &news[i]
		switch f.kind {
		case typeServerHello:
			if wholes := fl.hello.add(f); n.hello == nil {
				n.hello = last(wholes)
			}
		case typeServerKeyExchange:
			if wholes := fl.exchange.add(f); n.exchange == nil {
				n.exchange = last(wholes)
			}
		case typeCertificate:
			n.certificate = g.takeCertificate(fl, f) || n.certificate
		case typeCertificateRequest:
			fl.request.add(f)
		case typeServerHelloDone:
			fl.done = fl.done || f.seq == fl.doneSeq && f.length == 0
		}
	}
	return feed
}

// takeCertificate keeps the certificate that the peer has announced, and reports
// whether this is it. Under no other is anything verified.
func (g *ClientGate) takeCertificate(fl *flight, f fragment) bool {
	if fl.announced != nil {
		return false
	}
	body, foreign := announced(fl.certificate.add(f), g.expects)
	g.foreign = g.foreign || foreign
	if body == nil {
		return false
	}
	fl.announced, fl.key = body, certificateKey(leaf(body))
	return true
}

// prove looks for a ServerHello and a key exchange, of which one is new, that the
// peer's key has signed. Two of one datagram have a budget of their own, which
// those of other datagrams can not use up.
func (g *ClientGate) prove(fl *flight, news *heard, now media.Instant) bool {
	if fl.key == nil || !news.certificate && news.hello == nil && news.exchange == nil {
		return false
	}
	if news.hello != nil && news.exchange != nil && g.together.take(now) && g.fits(fl, news.hello, news.exchange) {
		return true
	}
	for _, hello := range slices.Backward(fl.hello.wholes) {
		for _, exchange := range slices.Backward(fl.exchange.wholes) {
			if !news.certificate && !bytes.Equal(hello, news.hello) && !bytes.Equal(exchange, news.exchange) || !signedExchange(exchange) {
				continue
			}
			if !g.apart.take(now) {
				return false
			}
			if g.fits(fl, hello, exchange) {
				return true
			}
		}
	}
	return false
}

// noteBeside remembers a key exchange and a request that came in one datagram.
func (fl *flight) noteBeside(pkt []byte) {
	var t requested
	for r := range records(pkt) {
		for f := range fragments(r.body) {
			switch {
			case r.epoch != 0 || r.content != contentHandshake || len(f.data) != f.length:
			case f.kind == fl.exchange.kind && f.seq == fl.exchange.seq:
				t.exchange = f.data
			case f.kind == fl.request.kind && f.seq == fl.request.seq:
				t.request = f.data
			}
		}
	}
	if t.exchange == nil || t.request == nil {
		return
	}
	if len(fl.beside) == maxWholes {
		fl.beside = slices.Delete(fl.beside, 0, 1)
	}
	fl.beside = append(fl.beside, requested{bytes.Clone(t.exchange), bytes.Clone(t.request)})
}

// exchangeParams returns the part of a key exchange that is signed, nil if it is
// malformed. The rest has the form of a CertificateVerify.
//
//	| curve type 1 = 3 | curve 2 | n 1 | point n | scheme 2 | length 2 | signature |
func exchangeParams(exchange []byte) []byte {
	if len(exchange) < 4 || len(exchange) < 4+int(exchange[3]) {
		return nil
	}
	return exchange[:4+int(exchange[3])]
}

// signedExchange reports whether a key exchange has a signature.
func signedExchange(exchange []byte) bool {
	params := exchangeParams(exchange)
	return params != nil && wellFormed(exchange[len(params):])
}

// fits reports whether a key exchange is signed by the peer's key over our
// random number and the ServerHello's (RFC 4492 §5.4), and notes both.
func (g *ClientGate) fits(fl *flight, hello, exchange []byte) bool {
	params := exchangeParams(exchange)
	if len(hello) < 34 || params == nil {
		return false
	}
	if !fl.key.signs(slices.Concat(g.random[:], hello[2:34], params), exchange[len(params):]) {
		return false
	}
	fl.said.hello, fl.said.exchange = hello, exchange
	return true
}

// passFlight passes the peer's flight on.
func (g *ClientGate) passFlight(feed [][]byte, fl *flight) [][]byte {
	request := last(fl.request.wholes)
	for _, r := range fl.beside {
		if bytes.Equal(r.exchange, fl.said.exchange) {
			request = r.request
		}
	}
	feed = append(feed,
		g.clear(typeServerHello, fl.hello.seq, fl.said.hello),
		g.clear(typeCertificate, fl.certificate.seq, fl.announced),
		g.clear(typeServerKeyExchange, fl.exchange.seq, fl.said.exchange),
		g.clear(typeCertificateRequest, fl.request.seq, request),
		g.clear(typeServerHelloDone, fl.doneSeq, nil))
	g.passed = true
	g.flights[0], g.flights[1] = flight{announced: fl.announced}, flight{}
	return feed
}

// clear makes a datagram of one message.
func (g *ClientGate) clear(kind byte, seq uint16, body []byte) []byte {
	g.seq++
	return appendRecord(nil, contentHandshake, g.seq-1, appendMessage(nil, kind, seq, body))
}
