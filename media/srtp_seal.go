package media

// Sealer protects what one session sends. RTP under AES-GCM, which is what nearly all
// is, may be sealed by any number of goroutines at once; each brings its own Scratch.
// RTP under AES-CM and all RTCP is sealed by pion's Context, which is one goroutine's
// at a time: a stream has a Sealer of its own then (ForStream), and for RTCP
// there has to be a lock.
//
// What must never happen is that two different packets are sealed with the
// same SSRC and index: with GCM that gives the key away. The index is the
// outgoing extended sequence number, so whoever hands out sequence numbers
// (Rewriter for media, the RTX counter for repairs) keeps this promise.
type Sealer struct {
	gcm                 *gcmRTP // nil under AES-CM
	context             *srtpContext
	rtpExtra, rtcpExtra int
}

// MaxSealOverhead bounds what sealing adds to any packet.
const MaxSealOverhead = gcmTagLen + rtcpIndexLen

// NewSealer derives the session keys. It keeps k, which is not to be changed. Errors:
// ErrProfile, ErrKeySize.
func NewSealer(k MasterKey) (*Sealer, error) {
	c, err := newSRTPContext(k)
	if err != nil {
		return nil, err
	}
	s := &Sealer{context: c}
	s.rtpExtra, s.rtcpExtra = k.Profile.overheads()
	if k.Profile != ProfileAES128CMSHA1 {
		s.gcm, err = newGCMRTP(k)
	}
	return s, err
}

// ForStream returns the Sealer by which one goroutine at a time seals the RTP of a
// stream: the same for all where that may be.
func (s *Sealer) ForStream() *Sealer {
	if s.gcm != nil {
		return s
	}
	own := *s
	own.context = &srtpContext{key: s.context.key}
	return &own
}

// SealRTP makes one SRTP packet in slot and returns its length.
//
//	slot:  | header (already there) | output: payload sealed, tag |
//	        0 … headerLen            headerLen … n
//
// slot[:headerLen] is the complete header with its final sequence number,
// which is index.Seq(). payload is read and not changed; it is either outside
// slot altogether (the shared plaintext) or starts exactly at slot[headerLen]
// (sealed in place). Any other overlap panics, for it is our own bug. Errors:
// ErrShortBuffer, ErrIndexOverflow; slot behind the header is then unchanged.
func (s *Sealer) SealRTP(sc *Scratch, slot []byte, headerLen int, payload []byte, index ExtSeq) (int, error) {
	if headerLen < fixedHeaderLen || len(slot) < headerLen+len(payload)+s.rtpExtra {
		return 0, ErrShortBuffer
	}
	if index > maxRTPIndex {
		return 0, ErrIndexOverflow
	}
	if s.gcm != nil {
		return s.gcm.seal(sc, slot, headerLen, payload, index), nil
	}
	n := headerLen + copy(slot[headerLen:], payload)
	return s.context.sealRTP(slot, n, index)
}

// SealRTX is SealRTP for a repair (RFC 4588 §4): the original sequence number
// osn stands before the original payload. payload must lie outside slot.
func (s *Sealer) SealRTX(sc *Scratch, slot []byte, headerLen int, osn Seq, payload []byte, index ExtSeq) (int, error) {
	n := 2 + len(payload)
	if headerLen < fixedHeaderLen || len(slot) < headerLen+n+s.rtpExtra {
		return 0, ErrShortBuffer
	}
	body := slot[headerLen : headerLen+n]
	body[0], body[1] = byte(osn>>8), byte(osn)
	copy(body[2:], payload)
	return s.SealRTP(sc, slot, headerLen, body, index)
}

// SealRTCP seals the compound packet slot[:n] in place and returns the new
// length. index is 1 … 2^31-1 and must grow with every packet of the session
// (it may be counted per session rather than per SSRC). Errors:
// ErrShortPacket, ErrShortBuffer, ErrIndexOverflow.
func (s *Sealer) SealRTCP(slot []byte, n int, index uint32) (int, error) {
	if n < rtcpHeaderLen {
		return 0, ErrShortPacket
	}
	if len(slot) < n+s.rtcpExtra {
		return 0, ErrShortBuffer
	}
	if index == 0 || index > maxRTCPIndex {
		return 0, ErrIndexOverflow
	}
	return s.context.sealRTCP(slot, n, index)
}
