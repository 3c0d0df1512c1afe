package media

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// gcmCipher is AES-GCM of RFC 7714, 16-byte tags.
//
//	RTP:   header (AAD) | sealed payload | tag
//	RTCP:  first 8 bytes (AAD) | sealed rest | tag | E,index (AAD)
type gcmCipher struct {
	rtp, rtcp         cipher.AEAD
	rtpSalt, rtcpSalt gcmSalt
}

// gcmSalt is a 12-byte session salt as two integers, for one XOR each.
type gcmSalt struct {
	hi uint64
	lo uint32
}

const gcmTagLen = 16

func newGCMCipher(master cipher.Block, salt []byte, keyLen int) (*gcmCipher, error) {
	c := &gcmCipher{
		rtpSalt:  newGCMSalt(derive(master, salt, labelRTPSalt, 12)),
		rtcpSalt: newGCMSalt(derive(master, salt, labelRTCPSalt, 12)),
	}
	var err error
	if c.rtp, err = newGCM(derive(master, salt, labelRTPKey, keyLen)); err != nil {
		return nil, err
	}
	if c.rtcp, err = newGCM(derive(master, salt, labelRTCPKey, keyLen)); err != nil {
		return nil, err
	}
	return c, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func newGCMSalt(b []byte) gcmSalt {
	return gcmSalt{binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:])}
}

// nonce builds the IV of RFC 7714 §8.1 and §9.1 in sc:
//
//	00 00 | SSRC (4) | ROC (4) | SEQ (2)      XOR salt
//	00 00 | SSRC (4) | 00 00 | SRTCP index (4) XOR salt
//
// Both are SSRC followed by a 48-bit index.
func (s gcmSalt) nonce(sc *Scratch, ssrc uint32, index uint64) []byte {
	n := sc.nonce[:12]
	binary.BigEndian.PutUint64(n, s.hi^(uint64(ssrc)<<16|index>>32))
	binary.BigEndian.PutUint32(n[8:], s.lo^uint32(index))
	return n
}

func (c *gcmCipher) overheads() (rtp, rtcp int) { return gcmTagLen, gcmTagLen + rtcpIndexLen }

func (c *gcmCipher) sealRTP(sc *Scratch, slot []byte, header int, payload []byte, index ExtSeq) int {
	h := slot[:header]
	nonce := c.rtpSalt.nonce(sc, binary.BigEndian.Uint32(h[8:]), uint64(index))
	// The capacity is cut at the output's end: had the slot been measured
	// wrongly, Seal would grow a copy instead of writing into a neighbour.
	end := header + len(payload) + gcmTagLen
	c.rtp.Seal(slot[header:header:end], nonce, payload, h)
	return end
}

func (c *gcmCipher) openRTP(sc *Scratch, pkt []byte, header int, index ExtSeq) (int, error) {
	nonce := c.rtpSalt.nonce(sc, binary.BigEndian.Uint32(pkt[8:]), uint64(index))
	_, err := c.rtp.Open(pkt[header:header], nonce, pkt[header:], pkt[:header])
	if err != nil {
		return 0, ErrAuth
	}
	return len(pkt) - gcmTagLen, nil
}

// rtcpAAD is the associated data of RFC 7714 §9.2: the first eight bytes and
// the ESRTCP word. It is copied because the AEAD forbids that it overlaps
// the output, and the two parts are apart in the packet.
func rtcpAAD(sc *Scratch, pkt []byte, word uint32) []byte {
	copy(sc.aad[:], pkt[:rtcpHeaderLen])
	binary.BigEndian.PutUint32(sc.aad[8:], word)
	return sc.aad[:]
}

func (c *gcmCipher) sealRTCP(sc *Scratch, slot []byte, n int, index uint32) int {
	word := index | rtcpEncrypted
	nonce := c.rtcpSalt.nonce(sc, binary.BigEndian.Uint32(slot[4:]), uint64(index))
	end := n + gcmTagLen
	c.rtcp.Seal(slot[rtcpHeaderLen:rtcpHeaderLen:end], nonce, slot[rtcpHeaderLen:n], rtcpAAD(sc, slot, word))
	binary.BigEndian.PutUint32(slot[end:], word)
	return end + rtcpIndexLen
}

func (c *gcmCipher) rtcpIndex(pkt []byte) (bool, uint32) {
	word := binary.BigEndian.Uint32(pkt[len(pkt)-rtcpIndexLen:])
	return word&rtcpEncrypted != 0, word &^ rtcpEncrypted
}

func (c *gcmCipher) openRTCP(sc *Scratch, pkt []byte) (int, error) {
	end := len(pkt) - rtcpIndexLen
	word := binary.BigEndian.Uint32(pkt[end:])
	nonce := c.rtcpSalt.nonce(sc, binary.BigEndian.Uint32(pkt[4:]), uint64(word&^rtcpEncrypted))
	aad := rtcpAAD(sc, pkt, word)
	if _, err := c.rtcp.Open(pkt[rtcpHeaderLen:rtcpHeaderLen], nonce, pkt[rtcpHeaderLen:end], aad); err != nil {
		return 0, ErrAuth
	}
	return end - gcmTagLen, nil
}
