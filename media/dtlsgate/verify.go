package dtlsgate

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
)

// leaf returns the first certificate of a Certificate message's body (RFC 5246
// §7.4.2), nil for none.
//
//	| length of all 3 | length 3 | certificate | …
func leaf(body []byte) []byte {
	if len(body) < 6 || uint24(body) != len(body)-3 {
		return nil
	}
	n := uint24(body[3:])
	if n == 0 || n > len(body)-6 {
		return nil
	}
	return body[6 : 6+n]
}

// signatures are the schemes of RFC 5246 §7.4.1.4.1 and RFC 8446 §4.2.3 that a
// CertificateVerify of DTLS 1.2 may name.
var signatures = map[uint16]x509.SignatureAlgorithm{
	0x0403: x509.ECDSAWithSHA256, 0x0503: x509.ECDSAWithSHA384, 0x0603: x509.ECDSAWithSHA512,
	0x0401: x509.SHA256WithRSA, 0x0501: x509.SHA384WithRSA, 0x0601: x509.SHA512WithRSA,
	0x0804: x509.SHA256WithRSAPSS, 0x0805: x509.SHA384WithRSAPSS, 0x0806: x509.SHA512WithRSAPSS,
	0x0807: x509.PureEd25519,
}

// key is what a peer signs with.
type key struct{ cert *x509.Certificate }

// Bounds on RSA keys: one of 60,000 bits with a long exponent takes a second.
const (
	maxRSABits = 4096
	maxRSAExp  = 65537
)

// certificateKey returns the key of a certificate, nil for one that we do not
// take. The peer itself may want to cost us more than its share.
func certificateKey(der []byte) *key {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	if k, ok := cert.PublicKey.(*rsa.PublicKey); ok && (k.N.BitLen() > maxRSABits || k.E > maxRSAExp) {
		return nil
	}
	return &key{cert}
}

// wellFormed reports whether the body of a CertificateVerify message is one.
//
//	| scheme 2 | length 2 | signature |
func wellFormed(body []byte) bool {
	if len(body) < 4 || int(binary.BigEndian.Uint16(body[2:])) != len(body)-4 {
		return false
	}
	_, known := signatures[binary.BigEndian.Uint16(body)]
	return known
}

// signs reports whether body, of a CertificateVerify message, is k's signature of
// transcript (RFC 5246 §7.4.8).
func (k *key) signs(transcript, body []byte) bool {
	return wellFormed(body) && k.cert.CheckSignature(signatures[binary.BigEndian.Uint16(body)], transcript, body[4:]) == nil
}
