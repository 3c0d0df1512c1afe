package media

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"hash"
)

// cmCipher is AES-CM with HMAC-SHA1-80 of RFC 3711, for peers that offer
// nothing else. It allocates per packet: the cipher stream and the MAC have
// no stateless form in the standard library.
//
// Why not pion's Context here: it keeps a roll-over counter per SSRC in a map
// and may be used by one goroutine only, so sharing it between workers would
// need a lock in a pure package, and its own index could differ from the one
// the caller hands in. Tests compare every byte with it.
//
//	RTP:   header | enciphered payload | tag (10), the tag over all and ROC
//	RTCP:  8 bytes | enciphered rest | E,index | tag (10)
type cmCipher struct {
	rtp, rtcp cmHalf
}

type cmHalf struct {
	block cipher.Block
	salt  [14]byte
	auth  []byte // 20 bytes
}

const cmTagLen = 10

func newCMCipher(master cipher.Block, salt []byte) (*cmCipher, error) {
	rtp, err := newCMHalf(master, salt, labelRTPKey, labelRTPAuth, labelRTPSalt)
	if err != nil {
		return nil, err
	}
	rtcp, err := newCMHalf(master, salt, labelRTCPKey, labelRTCPAuth, labelRTCPSalt)
	if err != nil {
		return nil, err
	}
	return &cmCipher{rtp, rtcp}, nil
}

func newCMHalf(master cipher.Block, salt []byte, key, auth, saltLabel byte) (cmHalf, error) {
	block, err := aes.NewCipher(derive(master, salt, key, 16))
	h := cmHalf{block: block, auth: derive(master, salt, auth, 20)}
	copy(h.salt[:], derive(master, salt, saltLabel, 14))
	return h, err
}

// stream returns the key stream of RFC 3711 §4.1.1:
// IV = salt·2^16 XOR SSRC·2^64 XOR index·2^16.
func (h *cmHalf) stream(ssrc uint32, index uint64) cipher.Stream {
	var iv [16]byte
	copy(iv[:], h.salt[:])
	binary.BigEndian.PutUint64(iv[0:], binary.BigEndian.Uint64(iv[0:])^uint64(ssrc))
	binary.BigEndian.PutUint64(iv[8:], binary.BigEndian.Uint64(iv[8:])^index<<16)
	return cipher.NewCTR(h.block, iv[:])
}

func (h *cmHalf) mac() hash.Hash { return hmac.New(sha1.New, h.auth) }

func (c *cmCipher) overheads() (rtp, rtcp int) { return cmTagLen, cmTagLen + rtcpIndexLen }

// rtpTag is HMAC over the packet and the ROC (RFC 3711 §4.2), 80 bits.
func (c *cmCipher) rtpTag(pkt []byte, index ExtSeq) []byte {
	m := c.rtp.mac()
	m.Write(pkt)
	m.Write(binary.BigEndian.AppendUint32(nil, uint32(index>>16)))
	return m.Sum(nil)[:cmTagLen]
}

func (c *cmCipher) sealRTP(_ *Scratch, slot []byte, header int, payload []byte, index ExtSeq) int {
	n := header + len(payload)
	ssrc := binary.BigEndian.Uint32(slot[8:])
	c.rtp.stream(ssrc, uint64(index)).XORKeyStream(slot[header:n], payload)
	copy(slot[n:], c.rtpTag(slot[:n], index))
	return n + cmTagLen
}

func (c *cmCipher) openRTP(_ *Scratch, pkt []byte, header int, index ExtSeq) (int, error) {
	n := len(pkt) - cmTagLen
	if !hmac.Equal(c.rtpTag(pkt[:n], index), pkt[n:]) {
		return 0, ErrAuth
	}
	ssrc := binary.BigEndian.Uint32(pkt[8:])
	c.rtp.stream(ssrc, uint64(index)).XORKeyStream(pkt[header:n], pkt[header:n])
	return n, nil
}

func (c *cmCipher) rtcpTag(pkt []byte) []byte {
	m := c.rtcp.mac()
	m.Write(pkt)
	return m.Sum(nil)[:cmTagLen]
}

func (c *cmCipher) sealRTCP(_ *Scratch, slot []byte, n int, index uint32) int {
	ssrc := binary.BigEndian.Uint32(slot[4:])
	body := slot[rtcpHeaderLen:n]
	c.rtcp.stream(ssrc, uint64(index)).XORKeyStream(body, body)
	binary.BigEndian.PutUint32(slot[n:], index|rtcpEncrypted)
	n += rtcpIndexLen
	copy(slot[n:], c.rtcpTag(slot[:n]))
	return n + cmTagLen
}

func (c *cmCipher) rtcpIndex(pkt []byte) (bool, uint32) {
	word := binary.BigEndian.Uint32(pkt[len(pkt)-cmTagLen-rtcpIndexLen:])
	return word&rtcpEncrypted != 0, word &^ rtcpEncrypted
}

func (c *cmCipher) openRTCP(_ *Scratch, pkt []byte) (int, error) {
	n := len(pkt) - cmTagLen
	if !hmac.Equal(c.rtcpTag(pkt[:n]), pkt[n:]) {
		return 0, ErrAuth
	}
	_, index := c.rtcpIndex(pkt)
	ssrc := binary.BigEndian.Uint32(pkt[4:])
	n -= rtcpIndexLen
	body := pkt[rtcpHeaderLen:n]
	c.rtcp.stream(ssrc, uint64(index)).XORKeyStream(body, body)
	return n, nil
}
