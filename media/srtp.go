package media

import (
	"crypto/cipher"
	"encoding/binary"
)

// Profile is a DTLS-SRTP protection profile by its registered number
// (RFC 5764 §4.1.2, RFC 7714 §14.2).
type Profile uint16

// The profiles this package speaks, most wanted first.
const (
	ProfileAES128GCM    Profile = 0x0007 // AEAD_AES_128_GCM
	ProfileAES256GCM    Profile = 0x0008 // AEAD_AES_256_GCM
	ProfileAES128CMSHA1 Profile = 0x0001 // AES128_CM_HMAC_SHA1_80
)

// ExporterLabel is the TLS exporter label of RFC 5764 §4.2.
const ExporterLabel = "EXTRACTOR-dtls_srtp"

// KeyLen returns the master key length in bytes, 0 for an unknown profile.
func (p Profile) KeyLen() int {
	switch p {
	case ProfileAES128GCM, ProfileAES128CMSHA1:
		return 16
	case ProfileAES256GCM:
		return 32
	}
	return 0
}

// SaltLen returns the master salt length in bytes, 0 for an unknown profile.
func (p Profile) SaltLen() int {
	switch p {
	case ProfileAES128GCM, ProfileAES256GCM:
		return 12
	case ProfileAES128CMSHA1:
		return 14
	}
	return 0
}

// MaterialLen returns how many bytes to export from DTLS: both keys, both
// salts.
func (p Profile) MaterialLen() int { return 2 * (p.KeyLen() + p.SaltLen()) }

// overheads are the bytes that sealing adds to an RTP and to an RTCP packet.
func (p Profile) overheads() (rtp, rtcp int) {
	if p == ProfileAES128CMSHA1 {
		return cmTagLen, cmTagLen + rtcpIndexLen
	}
	return gcmTagLen, gcmTagLen + rtcpIndexLen
}

// rtcpIndex returns the E bit and the 31-bit index of an RTCP packet that is at least
// as long as a header and what sealing adds. It stands at the end, but for a tag of
// AES-CM (RFC 3711 §3.4, RFC 7714 §9.2).
func (p Profile) rtcpIndex(pkt []byte) (encrypted bool, index uint32) {
	if p == ProfileAES128CMSHA1 {
		pkt = pkt[:len(pkt)-cmTagLen]
	}
	word := binary.BigEndian.Uint32(pkt[len(pkt)-rtcpIndexLen:])
	return word&rtcpEncrypted != 0, word &^ rtcpEncrypted
}

// String returns the registered name.
func (p Profile) String() string {
	switch p {
	case ProfileAES128GCM:
		return "AEAD_AES_128_GCM"
	case ProfileAES256GCM:
		return "AEAD_AES_256_GCM"
	case ProfileAES128CMSHA1:
		return "AES128_CM_HMAC_SHA1_80"
	}
	return "unknown"
}

// MasterKey keys one direction of a session.
type MasterKey struct {
	Profile   Profile
	Key, Salt []byte
}

// KeysFromDTLS cuts exported keying material into the DTLS client's and the
// DTLS server's write keys (RFC 5764 §4.2). The keys alias material. Errors:
// ErrProfile, ErrKeySize.
//
//	client key | server key | client salt | server salt
func KeysFromDTLS(material []byte, p Profile) (client, server MasterKey, err error) {
	k, s := p.KeyLen(), p.SaltLen()
	if k == 0 {
		return client, server, ErrProfile
	}
	if len(material) != p.MaterialLen() {
		return client, server, ErrKeySize
	}
	client = MasterKey{p, material[:k:k], material[2*k : 2*k+s : 2*k+s]}
	server = MasterKey{p, material[k : 2*k : 2*k], material[2*k+s:]}
	return client, server, nil
}

// Key derivation labels, RFC 3711 §4.3.1.
const (
	labelRTPKey  = 0x00
	labelRTPSalt = 0x02
)

// derive is the AES-CM pseudo-random function of RFC 3711 §4.3.3 with key
// derivation rate 0, as in every DTLS-SRTP session: the master salt, padded
// with zeros to 14 bytes, XOR the label at byte 7, is the counter's start.
func derive(block cipher.Block, masterSalt []byte, label byte, n int) []byte {
	var x [16]byte
	copy(x[:14], masterSalt)
	x[7] ^= label
	out := make([]byte, (n+15)/16*16)
	for i := 0; i*16 < n; i++ {
		binary.BigEndian.PutUint16(x[14:], uint16(i))
		block.Encrypt(out[i*16:], x[:])
	}
	return out[:n]
}

// Scratch is the working memory of sealing: nonces are built here because what is
// passed to an AEAD escapes to the heap. One Scratch serves any number of Sealers;
// it belongs to one goroutine.
type Scratch struct {
	nonce [16]byte
}

const (
	rtcpHeaderLen = 8 // of the first packet of a compound: stays in clear
	rtcpIndexLen  = 4 // E bit and index
	cmTagLen      = 10
	rtcpEncrypted = 1 << 31
	maxRTCPIndex  = 1<<31 - 1
	maxRTPIndex   = 1<<48 - 1
)
