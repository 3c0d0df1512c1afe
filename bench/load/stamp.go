package load

import "encoding/binary"

// Layout of a stamp, the last bytes of every payload, big endian:
//
//	 0  4  magic "PBST"
//	 4  4  run: the same for all senders of a bench process
//	 8  4  sender
//	12  1  source
//	13  1  layer
//	14  2  zero
//	16  4  counter: packets of this source and layer before this one
//	20  8  time of sending, nanoseconds
const (
	StampLen   = 28
	stampMagic = 0x50425354
)

// Source says what a stamped packet is.
type Source uint8

// The sources a load client sends.
const (
	Audio Source = iota
	Video
)

// Stamp identifies one packet.
type Stamp struct {
	Run     uint32
	Sender  uint32
	Source  Source
	Layer   uint8
	Counter uint32
	At      int64
}

// Put writes s into the last StampLen bytes of payload.
func (s *Stamp) Put(payload []byte) {
	b := payload[len(payload)-StampLen:]
	binary.BigEndian.PutUint32(b, stampMagic)
	binary.BigEndian.PutUint32(b[4:], s.Run)
	binary.BigEndian.PutUint32(b[8:], s.Sender)
	b[12], b[13], b[14], b[15] = byte(s.Source), s.Layer, 0, 0
	binary.BigEndian.PutUint32(b[16:], s.Counter)
	binary.BigEndian.PutUint64(b[20:], uint64(s.At))
}

// ParseStamp reads the stamp at the end of payload. It reports false when
// there is none.
func ParseStamp(payload []byte) (s Stamp, ok bool) {
	if len(payload) < StampLen {
		return s, false
	}
	b := payload[len(payload)-StampLen:]
	if binary.BigEndian.Uint32(b) != stampMagic || b[12] > byte(Video) {
		return s, false
	}
	return Stamp{
		Run:     binary.BigEndian.Uint32(b[4:]),
		Sender:  binary.BigEndian.Uint32(b[8:]),
		Source:  Source(b[12]),
		Layer:   b[13],
		Counter: binary.BigEndian.Uint32(b[16:]),
		At:      int64(binary.BigEndian.Uint64(b[20:])),
	}, true
}
