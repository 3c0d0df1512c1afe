package gcm

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
)

// Sizes of AEAD_AES_128_GCM (RFC 7714 §12), in bytes.
const (
	KeyLen  = 16
	SaltLen = 12
	TagLen  = 16
	// MaterialLen is what DTLS-SRTP exports: two keys, then two salts
	// (RFC 5764 §4.2).
	MaterialLen = 2 * (KeyLen + SaltLen)
	// Label is the exporter label of RFC 5764 §4.2.
	Label = "EXTRACTOR-dtls_srtp"
)

// errMaterial says that the exported keying material has the wrong size.
var errMaterial = errors.New("keying material is not 56 bytes")

// Keys are the master key and salt of one direction.
type Keys struct {
	Key  [KeyLen]byte
	Salt [SaltLen]byte
}

// FromDTLS splits exported keying material into the keys that the DTLS client
// writes with and those that the DTLS server writes with.
func FromDTLS(material []byte) (client, server Keys, err error) {
	if len(material) != MaterialLen {
		return client, server, errMaterial
	}
	copy(client.Key[:], material)
	copy(server.Key[:], material[KeyLen:])
	copy(client.Salt[:], material[2*KeyLen:])
	copy(server.Salt[:], material[2*KeyLen+SaltLen:])
	return client, server, nil
}

// Labels of the key derivation, RFC 3711 §4.3.2.
const (
	labelRTPKey   = 0x00
	labelRTPSalt  = 0x02
	labelRTCPKey  = 0x03
	labelRTCPSalt = 0x05
)

// derive fills out with session key material for label (RFC 3711 §4.3.1, key
// derivation rate 0; the 96-bit salt stands left of two zero bytes, RFC 7714
// §11).
func derive(keys *Keys, label byte, out []byte) error {
	block, err := aes.NewCipher(keys.Key[:])
	if err != nil {
		return err
	}
	var in, stream [aes.BlockSize]byte
	copy(in[:], keys.Salt[:])
	in[7] ^= label
	for n := 0; len(out) > 0; n++ {
		binary.BigEndian.PutUint16(in[14:], uint16(n))
		block.Encrypt(stream[:], in[:])
		out = out[copy(out, stream[:]):]
	}
	return nil
}
