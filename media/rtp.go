package media

import (
	"encoding/binary"

	"github.com/pion/rtp"
)

// Header is a parsed RTP header (RFC 3550 §5.1). pion/rtp reads it; this is what
// of it most of this package goes by, in its own units. A Header is to be reused:
// it keeps the memory of its lists. Ext aliases the packet that was parsed last.
type Header struct {
	PT      uint8
	Marker  bool
	Padding bool // the P bit; how much is known only after decryption
	Seq     Seq
	TS      Ticks
	SSRC    SSRC
	// HeaderLen is where the payload starts: 12 … 12 + 60 + 4 + 512.
	HeaderLen int

	rtp rtp.Header
}

const (
	fixedHeaderLen = 12
	// maxExtensions bounds the elements that are read before it is known whether a
	// packet is authentic. Browsers send up to 64 bytes of them, and 255 more with a
	// dependency descriptor.
	maxExtensions = 512
)

// ParseHeader reads the header of pkt into h. The packet may still be encrypted. A
// block of extensions that lies about its lengths, or is longer than maxExtensions, is no
// header. Errors: ErrShortPacket, ErrVersion, ErrHeader.
func ParseHeader(pkt []byte, h *Header) error {
	if len(pkt) < fixedHeaderLen {
		return ErrShortPacket
	}
	if pkt[0]>>6 != 2 {
		return ErrVersion
	}
	if extensionsLen(pkt) > maxExtensions {
		return ErrHeader
	}
	n, err := h.rtp.Unmarshal(pkt)
	if err != nil {
		return ErrHeader
	}
	h.HeaderLen = n
	h.PT, h.Marker, h.Padding = h.rtp.PayloadType, h.rtp.Marker, h.rtp.Padding
	h.Seq, h.TS, h.SSRC = Seq(h.rtp.SequenceNumber), Ticks(h.rtp.Timestamp), SSRC(h.rtp.SSRC)
	return nil
}

// extensionsLen is how long the block of extensions of a packet says it is, in bytes
// without its prefix (RFC 3550 §5.3.1); 0 without one.
func extensionsLen(pkt []byte) int {
	at := fixedHeaderLen + 4*int(pkt[0]&0x0f)
	if pkt[0]&0x10 == 0 || len(pkt) < at+4 {
		return 0
	}
	return 4 * int(binary.BigEndian.Uint16(pkt[at+2:]))
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

// Ext returns the data of the header extension element id (RFC 8285, one- and
// two-byte form), nil if the packet does not carry it. It aliases the packet. id 0
// is padding and is never found.
func (h *Header) Ext(id uint8) []byte {
	switch profile := h.rtp.ExtensionProfile; {
	case id == 0 || !h.rtp.Extension:
		return nil
	case profile&0xfff0 == twoByteProfile && profile != twoByteProfile:
		return findTwoByte(h.rtp.GetExtension(0), id) // pion looks into no block with appbits
	}
	return h.rtp.GetExtension(id)
}

const (
	oneByteProfile = rtp.ExtensionProfileOneByte // RFC 8285 §4.2
	twoByteProfile = rtp.ExtensionProfileTwoByte // RFC 8285 §4.3; the low four bits are "appbits"
)

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
