package media

import "encoding/binary"

// HeaderSpec says what the headers of one outgoing stream look like. An
// extension with id 0 is left out.
type HeaderSpec struct {
	SSRC SSRC
	PT   uint8

	AbsSendTimeID  uint8
	TransportSeqID uint8 // transport-wide congestion control
	AudioLevelID   uint8
	MIDID          uint8
	MID            string // 1 … 16 bytes if MIDID is set
}

// HeaderTemplate writes the headers of one outgoing stream: one copy of a
// finished header, then a few patches at offsets known beforehand. It is
// immutable after NewHeaderTemplate and may be shared.
//
//	| 80|90 | M PT | seq | ts | SSRC | BEDE | words | elements, padded to 4 |
type HeaderTemplate struct {
	bytes                [maxTemplateLen]byte
	n                    uint8
	sendTime, seq, level uint8 // offsets of element data; 0: absent
}

// maxTemplateLen is the fixed header, the extension prefix and all elements:
// 4 + 3 + 2 + 17 bytes, padded.
const maxTemplateLen = fixedHeaderLen + 4 + 28

// MaxHeaderLen bounds what HeaderTemplate.Write writes.
const MaxHeaderLen = maxTemplateLen

// NewHeaderTemplate lays out the header. Error: ErrTemplate if an id is above
// 14 or the mid longer than 16 bytes, which the one-byte form can not carry.
func NewHeaderTemplate(s HeaderSpec) (*HeaderTemplate, error) {
	t := &HeaderTemplate{}
	b := t.bytes[:0]
	b = append(b, 0x80, s.PT&0x7f, 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(s.SSRC))
	b = append(b, oneByteProfile>>8, oneByteProfile&0xff, 0, 0)
	start := len(b)
	var err error
	if b, t.sendTime, err = appendElement(b, s.AbsSendTimeID, make([]byte, 3)); err != nil {
		return nil, err
	}
	if b, t.seq, err = appendElement(b, s.TransportSeqID, make([]byte, 2)); err != nil {
		return nil, err
	}
	if b, _, err = appendElement(b, s.MIDID, []byte(s.MID)); err != nil {
		return nil, err
	}
	// The last one, so that without a level padding follows the elements.
	if b, t.level, err = appendElement(b, s.AudioLevelID, make([]byte, 1)); err != nil {
		return nil, err
	}
	if len(b) == start {
		t.n = fixedHeaderLen
		return t, nil
	}
	for (len(b)-start)%4 != 0 {
		b = append(b, 0)
	}
	b[0] |= 0x10
	binary.BigEndian.PutUint16(b[start-2:], uint16((len(b)-start)/4))
	t.n = uint8(len(b))
	return t, nil
}

// maxElement is how many bytes an element of the one-byte form holds.
const maxElement = 16

// appendElement appends one one-byte-form element (RFC 8285 §4.2) and returns
// the offset of its data.
func appendElement(b []byte, id uint8, data []byte) ([]byte, uint8, error) {
	if id == 0 {
		return b, 0, nil
	}
	if id > 14 || len(data) < 1 || len(data) > maxElement {
		return b, 0, ErrTemplate
	}
	b = append(b, id<<4|uint8(len(data)-1))
	at := uint8(len(b))
	return append(b, data...), at, nil
}

// Patch is what differs from packet to packet, made anew for each. Values for
// extensions that the template does not have are ignored.
type Patch struct {
	Seq    Seq
	TS     Ticks
	Marker bool
	// Level is left out of the header if it is not known: the two bytes of
	// its element are padding then (RFC 8285 §4.2).
	Level        AudioLevel
	TransportSeq uint16
	SendTime     uint32 // Instant.AbsSendTime
}

// AudioLevel is what a packet says of its loudness. The zero value is that it
// says nothing.
type AudioLevel struct {
	Known bool
	Byte  uint8 // RFC 6464 §3: V bit and level
}

// AudioLevelOf reads the level of a packet; id is the extension's, 0 if it was
// not negotiated.
func AudioLevelOf(pkt []byte, h *Header, id uint8) (l AudioLevel) {
	if v := FindExt(pkt, h, id); len(v) > 0 {
		l = AudioLevel{true, v[0]}
	}
	return l
}

// Len returns the length of every header this template writes.
func (t *HeaderTemplate) Len() int { return int(t.n) }

// Write writes a complete header to the start of dst, which holds at least
// Len bytes, and returns Len.
func (t *HeaderTemplate) Write(dst []byte, p *Patch) int {
	n := int(t.n)
	dst = dst[:n]
	copy(dst, t.bytes[:n])
	if p.Marker {
		dst[1] |= 0x80
	}
	binary.BigEndian.PutUint16(dst[2:], uint16(p.Seq))
	binary.BigEndian.PutUint32(dst[4:], uint32(p.TS))
	if o := int(t.sendTime); o != 0 {
		dst[o], dst[o+1], dst[o+2] = byte(p.SendTime>>16), byte(p.SendTime>>8), byte(p.SendTime)
	}
	if o := int(t.seq); o != 0 {
		binary.BigEndian.PutUint16(dst[o:], p.TransportSeq)
	}
	if o := int(t.level); o != 0 {
		if p.Level.Known {
			dst[o] = p.Level.Byte
		} else {
			dst[o-1] = 0
		}
	}
	return n
}
