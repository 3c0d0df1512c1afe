package dtlsgate

import (
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

// signs reports whether body, of a CertificateVerify message, is the signature
// of transcript by a certificate's key (RFC 5246 §7.4.8).
//
//	| scheme 2 | length 2 | signature |
func signs(certificate, transcript, body []byte) bool {
	if len(body) < 4 || int(binary.BigEndian.Uint16(body[2:])) != len(body)-4 {
		return false
	}
	scheme, known := signatures[binary.BigEndian.Uint16(body)]
	if !known {
		return false
	}
	cert, err := x509.ParseCertificate(certificate)
	return err == nil && cert.CheckSignature(scheme, transcript, body[4:]) == nil
}
