package media

import "encoding/binary"

// Header is a parsed RTP header (RFC 3550 §5.1). It holds offsets into the
// packet, never slices, so it is copied and reused freely.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P|X|  CC   |M|     PT      |              Seq              |
//	|                              TS                               |
//	|                             SSRC                              |
//	|                       CSRC × CC  …                            |
//	|          ExtProfile           |   length in 32-bit words      |
//	|                     extension block …                         |
type Header struct {
	PT      uint8
	Marker  bool
	Padding bool // the P bit; how much is known only after decryption
	Seq     Seq
	TS      Ticks
	SSRC    SSRC
	// HeaderLen is where the payload starts: 12 … 12 + 60 + 4 + 262140.
	HeaderLen int
	// ExtProfile is 0xBEDE for one-byte, 0x100X for two-byte extensions.
	// It means something only if ExtLen > 0.
	ExtProfile uint16
	// ExtOffset and ExtLen delimit the extension block without its four
	// byte prefix. ExtLen is 0 without a block or with an empty one.
	ExtOffset, ExtLen int
}

const fixedHeaderLen = 12

// ParseHeader reads the header of pkt into h without allocating. The packet
// may still be encrypted. Errors: ErrShortPacket, ErrVersion, ErrHeader.
func ParseHeader(pkt []byte, h *Header) error {
	if len(pkt) < fixedHeaderLen {
		return ErrShortPacket
	}
	b0, b1 := pkt[0], pkt[1]
	if b0>>6 != 2 {
		return ErrVersion
	}
	h.Padding = b0&0x20 != 0
	h.Marker = b1&0x80 != 0
	h.PT = b1 & 0x7f
	h.Seq = Seq(binary.BigEndian.Uint16(pkt[2:]))
	h.TS = Ticks(binary.BigEndian.Uint32(pkt[4:]))
	h.SSRC = SSRC(binary.BigEndian.Uint32(pkt[8:]))
	h.ExtProfile, h.ExtOffset, h.ExtLen = 0, 0, 0
	n := fixedHeaderLen + 4*int(b0&0x0f)
	if b0&0x10 != 0 {
		if len(pkt) < n+4 {
			return ErrHeader
		}
		h.ExtProfile = binary.BigEndian.Uint16(pkt[n:])
		h.ExtLen = 4 * int(binary.BigEndian.Uint16(pkt[n+2:]))
		h.ExtOffset = n + 4
		n = h.ExtOffset + h.ExtLen
	}
	if len(pkt) < n {
		return ErrHeader
	}
	h.HeaderLen = n
	return nil
}

// Payload returns the payload of the decrypted packet pkt without its padding.
// It may be empty: a padding-only packet. Error: ErrPadding.
func Payload(pkt []byte, h *Header) ([]byte, error) {
	end := len(pkt)
	if h.HeaderLen > end {
		return nil, ErrHeader
	}
	if h.Padding {
		if end == h.HeaderLen {
			return nil, ErrPadding
		}
		pad := int(pkt[end-1])
		if pad == 0 || pad > end-h.HeaderLen {
			return nil, ErrPadding
		}
		end -= pad
	}
	return pkt[h.HeaderLen:end], nil
}

// FindExt returns the data of the header extension element id (RFC 8285, one-
// and two-byte form), nil if pkt does not carry it. The slice aliases pkt.
// id 0 is padding and is never found. A block that lies about its lengths
// ends the search.
func FindExt(pkt []byte, h *Header, id uint8) []byte {
	if h.ExtLen == 0 || id == 0 || h.ExtOffset+h.ExtLen > len(pkt) {
		return nil
	}
	block := pkt[h.ExtOffset : h.ExtOffset+h.ExtLen]
	switch {
	case h.ExtProfile == oneByteProfile:
		return findOneByte(block, id)
	case h.ExtProfile&0xfff0 == twoByteProfile:
		return findTwoByte(block, id)
	}
	return nil
}

const (
	oneByteProfile = 0xbede // RFC 8285 §4.2
	twoByteProfile = 0x1000 // RFC 8285 §4.3; the low four bits are "appbits"
)

func findOneByte(block []byte, id uint8) []byte {
	for len(block) > 0 {
		b := block[0]
		if b == 0 { // padding
			block = block[1:]
			continue
		}
		// id 15 is reserved: RFC 8285 §4.2 says to stop here.
		n := int(b&0x0f) + 1
		if b>>4 == 15 || len(block) < 1+n {
			return nil
		}
		if b>>4 == id {
			return block[1 : 1+n : 1+n]
		}
		block = block[1+n:]
	}
	return nil
}

func findTwoByte(block []byte, id uint8) []byte {
	for len(block) > 0 {
		if block[0] == 0 {
			block = block[1:]
			continue
		}
		if len(block) < 2 {
			return nil
		}
		n := int(block[1])
		if len(block) < 2+n {
			return nil
		}
		if block[0] == id {
			return block[2 : 2+n : 2+n]
		}
		block = block[2+n:]
	}
	return nil
}

// IsRTCP tells RTCP from RTP on a muxed 5-tuple: packet types 192 … 223
// (RFC 5761 §4). pkt is at least 2 bytes of a datagram whose first byte was
// already found to be 128 … 191 (RFC 7983 §7).
func IsRTCP(pkt []byte) bool {
	return len(pkt) >= 2 && pkt[1] >= 192 && pkt[1] <= 223
}
