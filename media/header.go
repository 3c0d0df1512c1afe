package media

import "encoding/binary"

// HeaderSpec says what the headers of one outgoing stream look like. An
// extension with id 0 is left out.
type HeaderSpec struct {
	SSRC SSRC

	AbsSendTimeID  uint8
	TransportSeqID uint8 // transport-wide congestion control
	AudioLevelID   uint8
	MIDID          uint8
	MID            string // 1 … 16 bytes if MIDID is set
	// DependencyID is that of dependency descriptors, which are as long as
	// the sender made them. The receiver has to take both forms of elements.
	DependencyID uint8
}

// HeaderTemplate writes the headers of one outgoing stream: one copy of a
// finished header, then a few patches at offsets known beforehand. It is
// immutable after NewHeaderTemplate and may be shared.
//
//	| 80|90 | M PT | seq | ts | SSRC | BEDE | words | elements, padded to 4 |
//
// A dependency descriptor follows the other elements.
type HeaderTemplate struct {
	bytes                [maxTemplateLen]byte
	n                    uint8
	sendTime, seq, level uint8 // offsets of element data; 0: absent
	dependency           uint8 // its id; 0: none
	form                 elementForm
	// long is the same in the two-byte form, for descriptors that are too long
	// for the other one; nil if there are none.
	long *HeaderTemplate
}

// maxTemplateLen is the fixed header, the extension prefix and all elements in
// the longer form: 5 + 4 + 18 + 3 bytes, padded.
const maxTemplateLen = fixedHeaderLen + 4 + 32

// MaxHeaderLen bounds what HeaderTemplate.Write writes: a descriptor may have
// 255 bytes.
const MaxHeaderLen = maxTemplateLen + 2 + 255 + 3

// NewHeaderTemplate lays out the header. Error: ErrTemplate if an id is above
// 14 or the mid longer than 16 bytes, which the one-byte form can not carry.
func NewHeaderTemplate(s HeaderSpec) (*HeaderTemplate, error) {
	t, err := layOut(s, oneByte)
	if err == nil && s.DependencyID != 0 {
		t.long, err = layOut(s, twoBytes)
	}
	return t, err
}

func layOut(s HeaderSpec, form elementForm) (*HeaderTemplate, error) {
	if s.DependencyID > 14 {
		return nil, ErrTemplate
	}
	t := &HeaderTemplate{dependency: s.DependencyID, form: form}
	b := t.bytes[:0]
	b = append(b, 0x80, 0, 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(s.SSRC))
	profile := form.profile()
	b = append(b, byte(profile>>8), byte(profile), 0, 0)
	start := len(b)
	var err error
	if b, t.sendTime, err = form.append(b, s.AbsSendTimeID, make([]byte, 3)); err != nil {
		return nil, err
	}
	if b, t.seq, err = form.append(b, s.TransportSeqID, make([]byte, 2)); err != nil {
		return nil, err
	}
	if b, _, err = form.append(b, s.MIDID, []byte(s.MID)); err != nil {
		return nil, err
	}
	// The last one, so that without a level padding follows the elements.
	if b, t.level, err = form.append(b, s.AudioLevelID, make([]byte, 1)); err != nil {
		return nil, err
	}
	if len(b) == start && s.DependencyID == 0 {
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

// elementForm is one of the two forms of extension elements. They do not mix
// in a packet.
type elementForm uint8

const (
	oneByte  elementForm = 1 // RFC 8285 §4.2
	twoBytes elementForm = 2 // RFC 8285 §4.3
)

func (f elementForm) profile() uint16 {
	if f == twoBytes {
		return twoByteProfile
	}
	return oneByteProfile
}

// maxElement is how many bytes an element of the one-byte form holds.
const maxElement = 16

// append appends one element and returns the offset of its data.
func (f elementForm) append(b []byte, id uint8, data []byte) ([]byte, uint8, error) {
	if id == 0 {
		return b, 0, nil
	}
	if id > 14 || len(data) < 1 || len(data) > maxElement {
		return b, 0, ErrTemplate
	}
	b = b[:len(b)+f.start(b[len(b):cap(b)], id, len(data))]
	at := uint8(len(b))
	return append(b, data...), at, nil
}

// start writes what is in front of an element's data and returns its length.
func (f elementForm) start(dst []byte, id uint8, n int) int {
	if f == twoBytes {
		dst[0], dst[1] = id, byte(n)
	} else {
		dst[0] = id<<4 | byte(n-1)
	}
	return int(f)
}

// Patch is what differs from packet to packet, made anew for each. Values for
// extensions that the template does not have are ignored.
type Patch struct {
	PT     uint8
	Seq    Seq
	TS     Ticks
	Marker bool
	// Level is left out of the header if it is not known: the two bytes of
	// its element are padding then (RFC 8285 §4.2).
	Level        AudioLevel
	TransportSeq uint16
	SendTime     uint32 // Instant.AbsSendTime
	// Dependency is the descriptor as it came, at least three bytes, empty for
	// none, and Frame the frame number that it is to have.
	Dependency []byte
	Frame      uint16
}

// AudioLevel is what a packet says of its loudness. The zero value is that it
// says nothing.
type AudioLevel struct {
	Known bool
	Byte  uint8 // RFC 6464 §3: V bit and level
}

// AudioLevelOf reads the level of a packet; id is the extension's, 0 if it was
// not negotiated.
func AudioLevelOf(h *Header, id uint8) (l AudioLevel) {
	if v := h.Ext(id); len(v) > 0 {
		l = AudioLevel{true, v[0]}
	}
	return l
}

// Len returns the length of every header this template writes, but for those
// with a descriptor.
func (t *HeaderTemplate) Len() int { return int(t.n) }

// Write writes a complete header to the start of dst, which has room for it,
// and returns its length.
func (t *HeaderTemplate) Write(dst []byte, p *Patch) int {
	if len(p.Dependency) > maxElement && t.long != nil {
		t = t.long
	}
	n := int(t.n)
	copy(dst, t.bytes[:n])
	dst[1] = p.PT & 0x7f
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
			clear(dst[o-int(t.form) : o+1])
		}
	}
	if t.dependency != 0 && len(p.Dependency) != 0 {
		n = t.describe(dst, p)
	}
	return n
}

// describe appends the descriptor to a header in dst and returns its length.
func (t *HeaderTemplate) describe(dst []byte, p *Patch) int {
	n := int(t.n)
	n += t.form.start(dst[n:], t.dependency, len(p.Dependency))
	copy(dst[n:], p.Dependency)
	binary.BigEndian.PutUint16(dst[n+1:], p.Frame)
	n += len(p.Dependency)
	for ; n%4 != 0; n++ {
		dst[n] = 0
	}
	const elements = fixedHeaderLen + 4
	binary.BigEndian.PutUint16(dst[elements-2:], uint16((n-elements)/4))
	return n
}
