package media

import (
	"encoding/binary"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// srtpContext is pion's srtp.Context where its owner knows the index of each packet:
// the Context is told the roll-over counter, or the SRTCP index, and guesses none, and
// what may not be opened again is refused before it is asked (see ssrcBook).
//
// A Context forgets no SSRC. As it is told all that it would have to remember, it can be
// made anew from the keys, which happens when it has met maxContextSSRCs: so what it
// holds is bounded by 16 KiB. A Context for each SSRC would take 2.4 KiB and 3.1 µs
// of deriving the same keys each.
//
// It belongs to one goroutine at a time, and is made with the first packet.
type srtpContext struct {
	key MasterKey
	ctx *srtp.Context
	met int // how often it was asked about an SSRC that it did not know

	// rtp and rtcp are where pion notes headers that the caller has read.
	rtp  rtp.Header
	rtcp rtcp.Header
}

// maxContextSSRCs is a few times as many as a session has at a time.
const maxContextSSRCs = 128

func newSRTPContext(k MasterKey) (*srtpContext, error) {
	if k.Profile.KeyLen() == 0 {
		return nil, ErrProfile
	}
	if len(k.Key) != k.Profile.KeyLen() || len(k.Salt) != k.Profile.SaltLen() {
		return nil, ErrKeySize
	}
	return &srtpContext{key: k}, nil
}

func (c *srtpContext) context() (*srtp.Context, error) {
	if c.ctx != nil && c.met < maxContextSSRCs {
		return c.ctx, nil
	}
	var err error
	c.ctx, err = srtp.CreateContext(c.key.Key, c.key.Salt, srtp.ProtectionProfile(c.key.Profile))
	c.met = 0
	return c.ctx, err
}

// at returns the Context, to take the packet of index next.
func (c *srtpContext) at(ssrc SSRC, index ExtSeq) (*srtp.Context, error) {
	ctx, err := c.context()
	if err != nil {
		return nil, err
	}
	roc := uint32(index >> 16)
	now, known := ctx.ROC(uint32(ssrc))
	if !known {
		c.met++
	}
	if now != roc { // of one that it does not know it takes 0
		ctx.SetROC(uint32(ssrc), roc)
	}
	return ctx, nil
}

// openRTP opens pkt in place and returns the plaintext packet's length.
func (c *srtpContext) openRTP(pkt []byte, h *Header, index ExtSeq) (int, error) {
	ctx, err := c.at(h.SSRC, index)
	if err != nil {
		return 0, err
	}
	plain, err := ctx.DecryptRTP(pkt, pkt, &h.rtp)
	if err != nil {
		return 0, ErrAuth
	}
	return len(plain), nil
}

// sealRTP seals slot[:n], whose header is complete, and returns the packet's length.
func (c *srtpContext) sealRTP(slot []byte, n int, index ExtSeq) (int, error) {
	ssrc := binary.BigEndian.Uint32(slot[8:])
	ctx, err := c.at(SSRC(ssrc), index)
	if err != nil {
		return 0, err
	}
	ctx.SetROC(ssrc, uint32(index>>16)) // or a leap of the numbers would look like a wrap
	sealed, err := ctx.EncryptRTP(slot, slot[:n], &c.rtp)
	return len(sealed), err
}

// openRTCP opens pkt in place and returns the plaintext packet's length.
func (c *srtpContext) openRTCP(pkt []byte) (int, error) {
	ctx, err := c.meet(pkt)
	if err != nil {
		return 0, err
	}
	plain, err := ctx.DecryptRTCP(pkt, pkt, &c.rtcp)
	if err != nil {
		return 0, ErrAuth
	}
	return len(plain), nil
}

// sealRTCP seals slot[:n] in place and returns the packet's length.
func (c *srtpContext) sealRTCP(slot []byte, n int, index uint32) (int, error) {
	ctx, err := c.meet(slot)
	if err != nil {
		return 0, err
	}
	ctx.SetIndex(binary.BigEndian.Uint32(slot[4:]), index-1) // of the one before
	sealed, err := ctx.EncryptRTCP(slot, slot[:n], &c.rtcp)
	return len(sealed), err
}

// meet returns the Context, to take an RTCP packet next.
func (c *srtpContext) meet(pkt []byte) (*srtp.Context, error) {
	ctx, err := c.context()
	if err != nil {
		return nil, err
	}
	if _, known := ctx.Index(binary.BigEndian.Uint32(pkt[4:])); !known {
		c.met++
	}
	return ctx, nil
}
