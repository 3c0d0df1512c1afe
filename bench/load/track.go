package load

import "encoding/binary"

// Sizes in bytes. A datagram is header, extensions, payload and tag.
const (
	MaxDatagram   = 1200
	AudioDatagram = 100
	tagLen        = 16
)

// Track is one outgoing RTP stream: a microphone or one layer of a camera.
type Track struct {
	Stamp    Stamp // of the next packet
	SSRC     uint32
	PT       uint8
	Seq      uint16 // of the next packet
	ROC      uint32 // how often Seq has wrapped
	TS       uint32
	Ext      []byte // whole extension block with its 0xBEDE head, or empty
	Datagram int    // size of every packet on the wire
}

// build writes one plain packet into buf and moves the track on. lead comes
// first in the payload. It returns the length of the header and of the
// packet, without tag.
func (t *Track) build(buf, lead []byte, marker bool, now int64) (header, total int) {
	buf[0], buf[1] = 0x80, t.PT
	if marker {
		buf[1] |= 0x80
	}
	binary.BigEndian.PutUint16(buf[2:], t.Seq)
	binary.BigEndian.PutUint32(buf[4:], t.TS)
	binary.BigEndian.PutUint32(buf[8:], t.SSRC)
	header = 12
	if len(t.Ext) > 0 {
		buf[0] |= 0x10
		header += copy(buf[header:], t.Ext)
	}
	total = max(t.Datagram-tagLen, header+len(lead)+StampLen)
	copy(buf[header:], lead)
	t.Stamp.At = now
	t.Stamp.Put(buf[header:total])
	t.Stamp.Counter++
	if t.Seq++; t.Seq == 0 {
		t.ROC++
	}
	return header, total
}

// Sink takes the packets a publisher makes. plain is valid during the call;
// roc belongs to the packet's sequence number.
type Sink interface {
	Packet(t *Track, plain []byte, header int, roc uint32)
}

// emit builds one packet in buf and hands it to sink.
func (t *Track) emit(buf, lead []byte, marker bool, now int64, sink Sink) {
	roc := t.ROC
	header, total := t.build(buf, lead, marker, now)
	sink.Packet(t, buf[:total], header, roc)
}

// ExtElement is one element of a one-byte header extension (RFC 8285 §4.2).
type ExtElement struct {
	ID   uint8 // 1 … 14
	Data []byte
}

// ExtBlock encodes elements as a header extension block; nil without any.
// Elements with ID 0 were not negotiated and are left out.
func ExtBlock(elements ...ExtElement) []byte {
	block := []byte{0xbe, 0xde, 0, 0}
	for _, e := range elements {
		if e.ID != 0 && len(e.Data) > 0 {
			block = append(block, e.ID<<4|byte(len(e.Data)-1))
			block = append(block, e.Data...)
		}
	}
	if len(block) == 4 {
		return nil
	}
	for len(block)%4 != 0 {
		block = append(block, 0)
	}
	binary.BigEndian.PutUint16(block[2:], uint16(len(block)/4-1))
	return block
}
