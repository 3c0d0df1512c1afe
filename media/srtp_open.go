package media

import "encoding/binary"

// Opener authenticates and decrypts what one session receives. It belongs to
// one goroutine at a time: it holds the per-SSRC roll-over counters and replay
// windows, see ssrcBook.
//
// State for an SSRC is made only after its first packet has authenticated, so
// forged SSRCs cost one cipher pass and nothing that stays. Under AES-CM they leave
// some 250 bytes of garbage, which pion makes to say so.
type Opener struct {
	gcm                 *gcmRTP      // nil under AES-CM
	context             *srtpContext // opens the rest
	sc                  Scratch
	rtpExtra, rtcpExtra int
	rtp, rtcp           ssrcBook
}

// DefaultMaxSSRC is enough for four simulcast sources with repair streams,
// several times over.
const DefaultMaxSSRC = 128

// NewOpener keeps k, which is not to be changed. maxSSRC bounds how many SSRCs may send
// at the same time, in RTP and in RTCP each; 0 means DefaultMaxSSRC. Errors: ErrProfile,
// ErrKeySize.
func NewOpener(k MasterKey, maxSSRC int) (*Opener, error) {
	c, err := newSRTPContext(k)
	if err != nil {
		return nil, err
	}
	if maxSSRC <= 0 {
		maxSSRC = DefaultMaxSSRC
	}
	o := &Opener{context: c, rtp: newSSRCBook(maxSSRC), rtcp: newSSRCBook(maxSSRC)}
	o.rtpExtra, o.rtcpExtra = k.Profile.overheads()
	if k.Profile != ProfileAES128CMSHA1 {
		o.gcm, err = newGCMRTP(k)
	}
	return o, err
}

// OpenRTP opens pkt, which arrived at now, in place. h is its parsed header. It
// returns the plaintext packet, header included, which aliases pkt, and the
// packet index. On an error the bytes of pkt behind the header are lost. Errors:
// ErrShortPacket, ErrReplayed, ErrAuth, ErrTooManySSRC, ErrSSRCsSpent.
//
// The replay check comes before authentication because it is cheaper and a
// replayed packet is authentic; the window moves after it because a forger
// must not be able to move it (RFC 3711 §3.3).
func (o *Opener) OpenRTP(pkt []byte, h *Header, now Instant) ([]byte, ExtSeq, error) {
	if len(pkt) < h.HeaderLen+o.rtpExtra {
		return nil, 0, ErrShortPacket
	}
	st := o.rtp.find(h.SSRC)
	if st == nil {
		return o.openOther(pkt, h, now)
	}
	index := extendNear(st.highest(), h.Seq)
	if index > maxRTPIndex || !st.window.fresh(uint64(index)) {
		return nil, 0, ErrReplayed
	}
	n, err := o.openAs(pkt, h, index)
	if err != nil {
		return nil, 0, err
	}
	st.opened(uint64(index), now)
	return pkt[:n], index, nil
}

// openAs opens pkt in place as the packet of index and returns its plaintext's length.
func (o *Opener) openAs(pkt []byte, h *Header, index ExtSeq) (int, error) {
	if o.gcm != nil {
		return o.gcm.open(&o.sc, pkt, h.HeaderLen, index)
	}
	return o.context.openRTP(pkt, h, index)
}

// openOther opens a packet of an SSRC that is not live, with ROC 0 if it is new,
// and keeps state for it only if it is authentic.
func (o *Opener) openOther(pkt []byte, h *Header, now Instant) ([]byte, ExtSeq, error) {
	index := ExtSeq(h.Seq)
	if left := o.rtp.left(h.SSRC); left != 0 {
		index = extendNear(ExtSeq(left-1), h.Seq)
	}
	if index > maxRTPIndex {
		return nil, 0, ErrReplayed
	}
	if err := o.rtp.admits(h.SSRC, uint64(index), now); err != nil {
		return nil, 0, err
	}
	n, err := o.openAs(pkt, h, index)
	if err != nil {
		return nil, 0, err
	}
	st, err := o.rtp.begin(h.SSRC, now)
	if err != nil {
		return nil, 0, err
	}
	st.opened(uint64(index), now)
	return pkt[:n], index, nil
}

// OpenRTCP opens a compound packet that arrived at now, in place, and returns
// the plaintext, which aliases pkt. An unencrypted packet is refused although RFC
// 3711 has the E bit: RFC 8827 §6.5 forbids null ciphers. Errors: ErrShortPacket,
// ErrNotEncrypted, ErrReplayed, ErrAuth, ErrTooManySSRC, ErrSSRCsSpent.
func (o *Opener) OpenRTCP(pkt []byte, now Instant) ([]byte, error) {
	if len(pkt) < rtcpHeaderLen+o.rtcpExtra {
		return nil, ErrShortPacket
	}
	encrypted, index := o.context.key.Profile.rtcpIndex(pkt)
	if !encrypted {
		return nil, ErrNotEncrypted
	}
	ssrc := SSRC(binary.BigEndian.Uint32(pkt[4:]))
	st := o.rtcp.find(ssrc)
	if st == nil {
		if err := o.rtcp.admits(ssrc, uint64(index), now); err != nil {
			return nil, err
		}
	} else if !st.window.fresh(uint64(index)) {
		return nil, ErrReplayed
	}
	n, err := o.context.openRTCP(pkt)
	if err != nil {
		return nil, err
	}
	if st == nil {
		if st, err = o.rtcp.begin(ssrc, now); err != nil {
			return nil, err
		}
	}
	st.opened(uint64(index), now)
	return pkt[:n], nil
}

// SSRCs returns how many SSRCs have a place now, in RTP and in RTCP.
func (o *Opener) SSRCs() (rtp, rtcp int) { return len(o.rtp.live), len(o.rtcp.live) }
