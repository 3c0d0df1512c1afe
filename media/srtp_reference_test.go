package media

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"hash"
	"testing"
)

// What pion's Context does is compared with what the RFCs say, written down a second
// time and proven by their vectors, which have session keys that a Context takes
// from nobody.

// The key derivation labels that only this needs, RFC 3711 §4.3.1 and §4.3.2.
const (
	labelRTPAuth  = 0x01
	labelRTCPKey  = 0x03
	labelRTCPAuth = 0x04
	labelRTCPSalt = 0x05
)

// cmCipher is AES-CM with HMAC-SHA1-80 of RFC 3711, but for the sealing of RTP: what
// pion seals is opened.
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

// rtpTag is HMAC over the packet and the ROC (RFC 3711 §4.2), 80 bits.
func (c *cmCipher) rtpTag(pkt []byte, index ExtSeq) []byte {
	m := c.rtp.mac()
	m.Write(pkt)
	m.Write(binary.BigEndian.AppendUint32(nil, uint32(index>>16)))
	return m.Sum(nil)[:cmTagLen]
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

func (c *cmCipher) openRTCP(_ *Scratch, pkt []byte) (int, error) {
	n := len(pkt) - cmTagLen
	if !hmac.Equal(c.rtcpTag(pkt[:n]), pkt[n:]) {
		return 0, ErrAuth
	}
	index := binary.BigEndian.Uint32(pkt[n-rtcpIndexLen:]) &^ rtcpEncrypted
	ssrc := binary.BigEndian.Uint32(pkt[4:])
	n -= rtcpIndexLen
	body := pkt[rtcpHeaderLen:n]
	c.rtcp.stream(ssrc, uint64(index)).XORKeyStream(body, body)
	return n, nil
}

// gcmReference is AES-GCM of RFC 7714 for RTCP. For RTP it is what it would be the
// reference of: there pion's Context is.
//
//	first 8 bytes (AAD) | sealed rest | tag | E,index (AAD)
type gcmReference struct {
	rtp      *gcmRTP
	rtcp     cipher.AEAD
	rtcpSalt gcmSalt
}

func (c *gcmReference) openRTP(sc *Scratch, pkt []byte, header int, index ExtSeq) (int, error) {
	return c.rtp.open(sc, pkt, header, index)
}

// rtcpAAD is the associated data of RFC 7714 §9.2: the first eight bytes and
// the ESRTCP word.
func rtcpAAD(pkt []byte, word uint32) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(pkt[:rtcpHeaderLen]), word)
}

func (c *gcmReference) sealRTCP(sc *Scratch, slot []byte, n int, index uint32) int {
	word := index | rtcpEncrypted
	nonce := c.rtcpSalt.nonce(sc, binary.BigEndian.Uint32(slot[4:]), uint64(index))
	end := n + gcmTagLen
	c.rtcp.Seal(slot[rtcpHeaderLen:rtcpHeaderLen:end], nonce, slot[rtcpHeaderLen:n], rtcpAAD(slot, word))
	binary.BigEndian.PutUint32(slot[end:], word)
	return end + rtcpIndexLen
}

func (c *gcmReference) openRTCP(sc *Scratch, pkt []byte) (int, error) {
	end := len(pkt) - rtcpIndexLen
	word := binary.BigEndian.Uint32(pkt[end:])
	nonce := c.rtcpSalt.nonce(sc, binary.BigEndian.Uint32(pkt[4:]), uint64(word&^rtcpEncrypted))
	aad := rtcpAAD(pkt, word)
	if _, err := c.rtcp.Open(pkt[rtcpHeaderLen:rtcpHeaderLen], nonce, pkt[rtcpHeaderLen:end], aad); err != nil {
		return 0, ErrAuth
	}
	return end - gcmTagLen, nil
}

// reference is both, from a master key.
type reference interface {
	sealRTCP(sc *Scratch, slot []byte, n int, index uint32) int
	openRTCP(sc *Scratch, pkt []byte) (int, error)
	openRTP(sc *Scratch, pkt []byte, header int, index ExtSeq) (int, error)
}

func newReference(t testing.TB, k MasterKey) reference {
	t.Helper()
	master, err := aes.NewCipher(k.Key)
	if err != nil {
		t.Fatal(err)
	}
	if k.Profile == ProfileAES128CMSHA1 {
		c, err := newCMCipher(master, k.Salt)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	aead := func(label byte) cipher.AEAD {
		a, err := newGCM(derive(master, k.Salt, label, len(k.Key)))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	salt := func(label byte) gcmSalt { return newGCMSalt(derive(master, k.Salt, label, 12)) }
	return &gcmReference{&gcmRTP{aead(labelRTPKey), salt(labelRTPSalt)}, aead(labelRTCPKey), salt(labelRTCPSalt)}
}
