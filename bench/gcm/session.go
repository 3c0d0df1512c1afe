package gcm

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
)

// errShort says that a packet is too short to hold its header and tag.
var errShort = errors.New("packet too short")

// Session seals or opens one direction of one peer.
type Session struct {
	rtp, rtcp         cipher.AEAD
	rtpSalt, rtcpSalt [SaltLen]byte
	iv                [SaltLen]byte
	aad               [12]byte
	index             uint32 // last SRTCP index used, 31 bits
}

// NewSession derives the session keys of one direction.
func NewSession(keys Keys) (*Session, error) {
	s := new(Session)
	var err error
	if s.rtp, err = aead(&keys, labelRTPKey); err != nil {
		return nil, err
	}
	if s.rtcp, err = aead(&keys, labelRTCPKey); err != nil {
		return nil, err
	}
	if err = derive(&keys, labelRTPSalt, s.rtpSalt[:]); err != nil {
		return nil, err
	}
	return s, derive(&keys, labelRTCPSalt, s.rtcpSalt[:])
}

func aead(keys *Keys, label byte) (cipher.AEAD, error) {
	var key [KeyLen]byte
	if err := derive(keys, label, key[:]); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// rtpIV sets the nonce of RFC 7714 §8.1: 00 00 | SSRC | ROC | SEQ, xor salt.
func (s *Session) rtpIV(header []byte, roc uint32) []byte {
	iv := s.iv[:]
	iv[0], iv[1] = 0, 0
	copy(iv[2:6], header[8:12])
	binary.BigEndian.PutUint32(iv[6:], roc)
	copy(iv[10:12], header[2:4])
	for i := range iv {
		iv[i] ^= s.rtpSalt[i]
	}
	return iv
}

// SealRTP appends header and the sealed payload to dst and returns it. header
// is a complete RTP header of at least 12 bytes; dst needs room for header,
// payload and TagLen and must not overlap them.
func (s *Session) SealRTP(dst, header, payload []byte, roc uint32) []byte {
	dst = append(dst, header...)
	return s.rtp.Seal(dst, s.rtpIV(header, roc), payload, header)
}

// OpenRTP opens pkt in place and returns the payload. headerLen is the length
// of the RTP header with CSRCs and extensions.
func (s *Session) OpenRTP(pkt []byte, headerLen int, roc uint32) ([]byte, error) {
	if headerLen < 12 || len(pkt) < headerLen+TagLen {
		return nil, errShort
	}
	header, body := pkt[:headerLen], pkt[headerLen:]
	return s.rtp.Open(body[:0], s.rtpIV(header, roc), body, header)
}

// rtcpIV sets the nonce of RFC 7714 §9.1: 00 00 | SSRC | 00 00 | index, xor
// salt.
func (s *Session) rtcpIV(ssrc []byte, index uint32) []byte {
	iv := s.iv[:]
	clear(iv)
	copy(iv[2:6], ssrc)
	binary.BigEndian.PutUint32(iv[8:], index)
	for i := range iv {
		iv[i] ^= s.rtcpSalt[i]
	}
	return iv
}

// SealRTCP appends the sealed form of the compound packet to dst and returns
// it: 8 clear bytes, cipher text, tag, then E bit and index.
func (s *Session) SealRTCP(dst, compound []byte) []byte {
	s.index = (s.index + 1) & 0x7fffffff
	word := s.index | 1<<31
	copy(s.aad[:8], compound[:8])
	binary.BigEndian.PutUint32(s.aad[8:], word)
	dst = append(dst, compound[:8]...)
	dst = s.rtcp.Seal(dst, s.rtcpIV(compound[4:8], s.index), compound[8:], s.aad[:])
	return binary.BigEndian.AppendUint32(dst, word)
}

// OpenRTCP opens pkt in place and returns the whole compound packet, header
// included. Unencrypted SRTCP (E bit clear) is refused.
func (s *Session) OpenRTCP(pkt []byte) ([]byte, error) {
	if len(pkt) < 8+TagLen+4 {
		return nil, errShort
	}
	end := len(pkt) - 4
	word := binary.BigEndian.Uint32(pkt[end:])
	if word>>31 == 0 {
		return nil, errors.New("unencrypted srtcp")
	}
	copy(s.aad[:8], pkt[:8])
	copy(s.aad[8:], pkt[end:])
	body, err := s.rtcp.Open(pkt[8:8], s.rtcpIV(pkt[4:8], word&0x7fffffff), pkt[8:end], s.aad[:])
	if err != nil {
		return nil, err
	}
	return pkt[:8+len(body)], nil
}
