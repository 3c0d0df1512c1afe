package media

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// gcmRTP seals and opens RTP by AES-GCM (RFC 7714), 16-byte tags. It holds only keys
// and is safe for concurrent use; every changing byte is in the Scratch.
//
//	header (AAD) | sealed payload | tag
type gcmRTP struct {
	aead cipher.AEAD
	salt gcmSalt
}

// gcmSalt is a 12-byte session salt as two integers, for one XOR each.
type gcmSalt struct {
	hi uint64
	lo uint32
}

const gcmTagLen = 16

func newGCMRTP(k MasterKey) (*gcmRTP, error) {
	master, err := aes.NewCipher(k.Key)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(derive(master, k.Salt, labelRTPKey, len(k.Key)))
	return &gcmRTP{aead, newGCMSalt(derive(master, k.Salt, labelRTPSalt, 12))}, err
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

// nonce builds the IV of RFC 7714 §8.1 in sc:
//
//	00 00 | SSRC (4) | ROC (4) | SEQ (2)      XOR salt
func (s gcmSalt) nonce(sc *Scratch, ssrc uint32, index uint64) []byte {
	n := sc.nonce[:12]
	binary.BigEndian.PutUint64(n, s.hi^(uint64(ssrc)<<16|index>>32))
	binary.BigEndian.PutUint32(n[8:], s.lo^uint32(index))
	return n
}

// seal writes the sealed payload and tag behind slot[:header] and returns the
// packet's length. payload either starts at slot[header] or does not overlap slot.
// The caller has checked all lengths.
func (c *gcmRTP) seal(sc *Scratch, slot []byte, header int, payload []byte, index ExtSeq) int {
	h := slot[:header]
	nonce := c.salt.nonce(sc, binary.BigEndian.Uint32(h[8:]), uint64(index))
	// The capacity is cut at the output's end: had the slot been measured
	// wrongly, Seal would grow a copy instead of writing into a neighbour.
	end := header + len(payload) + gcmTagLen
	c.aead.Seal(slot[header:header:end], nonce, payload, h)
	return end
}

// open opens pkt in place, whose header is as long as header, and returns the
// plaintext packet's length. The caller has checked that a tag is there. Error: ErrAuth.
func (c *gcmRTP) open(sc *Scratch, pkt []byte, header int, index ExtSeq) (int, error) {
	nonce := c.salt.nonce(sc, binary.BigEndian.Uint32(pkt[8:]), uint64(index))
	if _, err := c.aead.Open(pkt[header:header], nonce, pkt[header:], pkt[:header]); err != nil {
		return 0, ErrAuth
	}
	return len(pkt) - gcmTagLen, nil
}
