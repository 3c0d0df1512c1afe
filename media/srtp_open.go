package media

import "encoding/binary"

// Opener authenticates and decrypts what one session receives. It belongs to
// one goroutine at a time: it holds the per-SSRC roll-over counters and replay
// windows.
//
// State for an SSRC is made only after its first packet has authenticated, so
// forged SSRCs cost one cipher pass and no memory.
type Opener struct {
	cipher              packetCipher
	rtpExtra, rtcpExtra int
	sc                  Scratch
	maxSSRC             int
	rtp                 map[SSRC]*rtpReceive
	rtcp                map[SSRC]*replayWindow
	lastSSRC            SSRC
	last                *rtpReceive // of lastSSRC; nil at first
}

// rtpReceive is the state of one incoming SSRC.
type rtpReceive struct {
	highest ExtSeq // s_l and ROC of RFC 3711 §3.3.1 in one number
	window  replayWindow
}

// DefaultMaxSSRC is enough for four simulcast sources with repair streams,
// several times over.
const DefaultMaxSSRC = 128

// NewOpener derives the session keys. maxSSRC bounds the authenticated SSRCs
// of RTP and of RTCP each; 0 means DefaultMaxSSRC. Errors: ErrProfile,
// ErrKeySize.
func NewOpener(k MasterKey, maxSSRC int) (*Opener, error) {
	c, err := newPacketCipher(k)
	if err != nil {
		return nil, err
	}
	if maxSSRC <= 0 {
		maxSSRC = DefaultMaxSSRC
	}
	o := &Opener{
		cipher:  c,
		maxSSRC: maxSSRC,
		rtp:     make(map[SSRC]*rtpReceive),
		rtcp:    make(map[SSRC]*replayWindow),
	}
	o.rtpExtra, o.rtcpExtra = c.overheads()
	return o, nil
}

// OpenRTP opens pkt in place. h is its parsed header. It returns the
// plaintext packet, header included, which aliases pkt, and the packet index.
// On an error the bytes of pkt behind the header are lost. Errors:
// ErrShortPacket, ErrReplayed, ErrAuth, ErrTooManySSRC.
//
// The replay check comes before authentication because it is cheaper and a
// replayed packet is authentic; the window moves after it because a forger
// must not be able to move it (RFC 3711 §3.3).
func (o *Opener) OpenRTP(pkt []byte, h *Header) ([]byte, ExtSeq, error) {
	if len(pkt) < h.HeaderLen+o.rtpExtra {
		return nil, 0, ErrShortPacket
	}
	st := o.receiver(h.SSRC)
	if st == nil {
		return o.openFirst(pkt, h)
	}
	index := extendNear(st.highest, h.Seq)
	if index > maxRTPIndex || !st.window.fresh(uint64(index)) {
		return nil, 0, ErrReplayed
	}
	n, err := o.cipher.openRTP(&o.sc, pkt, h.HeaderLen, index)
	if err != nil {
		return nil, 0, err
	}
	st.window.mark(uint64(index))
	if index > st.highest {
		st.highest = index
	}
	return pkt[:n], index, nil
}

// receiver finds the state of ssrc. Packets come in runs of one SSRC, so the
// last one found is tried first.
func (o *Opener) receiver(ssrc SSRC) *rtpReceive {
	if o.last != nil && o.lastSSRC == ssrc {
		return o.last
	}
	st := o.rtp[ssrc]
	if st != nil {
		o.last, o.lastSSRC = st, ssrc
	}
	return st
}

// openFirst opens a packet of an unknown SSRC with ROC 0 and keeps state for
// it only if it is authentic.
func (o *Opener) openFirst(pkt []byte, h *Header) ([]byte, ExtSeq, error) {
	if len(o.rtp) >= o.maxSSRC {
		return nil, 0, ErrTooManySSRC
	}
	index := ExtSeq(h.Seq)
	n, err := o.cipher.openRTP(&o.sc, pkt, h.HeaderLen, index)
	if err != nil {
		return nil, 0, err
	}
	st := &rtpReceive{highest: index}
	st.window.mark(uint64(index))
	o.rtp[h.SSRC] = st
	return pkt[:n], index, nil
}

// OpenRTCP opens a compound packet in place and returns the plaintext, which
// aliases pkt. An unencrypted packet is refused although RFC 3711 has the E
// bit: RFC 8827 §6.5 forbids null ciphers. Errors: ErrShortPacket,
// ErrNotEncrypted, ErrReplayed, ErrAuth, ErrTooManySSRC.
func (o *Opener) OpenRTCP(pkt []byte) ([]byte, error) {
	if len(pkt) < rtcpHeaderLen+o.rtcpExtra {
		return nil, ErrShortPacket
	}
	encrypted, index := o.cipher.rtcpIndex(pkt)
	if !encrypted {
		return nil, ErrNotEncrypted
	}
	ssrc := SSRC(binary.BigEndian.Uint32(pkt[4:]))
	w := o.rtcp[ssrc]
	switch {
	case w == nil && len(o.rtcp) >= o.maxSSRC:
		return nil, ErrTooManySSRC
	case w != nil && !w.fresh(uint64(index)):
		return nil, ErrReplayed
	}
	n, err := o.cipher.openRTCP(&o.sc, pkt)
	if err != nil {
		return nil, err
	}
	if w == nil {
		w = new(replayWindow)
		o.rtcp[ssrc] = w
	}
	w.mark(uint64(index))
	return pkt[:n], nil
}

// SSRCs returns how many SSRCs have authenticated, RTP and RTCP.
func (o *Opener) SSRCs() (rtp, rtcp int) { return len(o.rtp), len(o.rtcp) }
