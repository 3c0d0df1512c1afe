package path

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"

	"parley/media"
)

// certificate is the process's DTLS identity: made at start, never stored.
// Its fingerprint travels in every answer.
type certificate struct {
	tls         tls.Certificate
	fingerprint [sha256.Size]byte
}

// certificateLife is longer than any process lives; peers do not look at the
// dates, only at the fingerprint (RFC 8122 §5).
const certificateLife = 2 * 365 * 24 * time.Hour

func newCertificate() (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dtls key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("dtls certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "parley"},
		NotBefore:    now.Add(-24 * time.Hour), // for clocks that are behind
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("dtls certificate: %w", err)
	}
	return &certificate{
		tls:         tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		fingerprint: sha256.Sum256(der),
	}, nil
}

// sdp returns the certificate's fingerprint as it stands in answers.
func (c *certificate) sdp() media.Fingerprint {
	text := strings.ToUpper(hex.EncodeToString(c.fingerprint[:]))
	pairs := make([]string, 0, len(c.fingerprint))
	for i := 0; i < len(text); i += 2 {
		pairs = append(pairs, text[i:i+2])
	}
	return media.Fingerprint{Hash: "sha-256", Value: strings.Join(pairs, ":")}
}
