package forward

import (
	"parley/media"
	"parley/media/udp"
)

// noPacket ends a list of packets.
const noPacket = -1

// packet is a received media packet, opened and parsed once for all of its
// subscribers. It lives until the end of the batch.
type packet struct {
	in      media.Input
	facts   media.Facts
	params  *media.CodecParams
	payload []byte // in the receive slot
	// descriptor is AV1's dependency descriptor, there as well.
	descriptor []byte
	lead       []byte // payload of what goes before, if facts.Lead says so
	level      media.AudioLevel
	// skip: nothing to forward (padding); subscribers' numbers close up.
	skip bool
	next int16 // of the same layer
}

// runs are the packets of a batch, in a list per layer, so that each
// subscriber gets all its packets of one layer in a row: that makes runs for
// segmentation and keeps its state in the cache.
type runs struct {
	packets [udp.BatchSize]packet
	n       int
	layers  [udp.BatchSize]*layer
	nLayers int
}

// next returns the packet to be filled in. It is not in any list yet, and holds
// nothing of the packet that was there before, which may have been of another
// room: all that a packet does not set for itself is as in a zero packet.
func (r *runs) next() *packet {
	p := &r.packets[r.n]
	*p = packet{next: noPacket}
	p.in.Facts = &p.facts
	return p
}

// add puts the packet that next returned at the end of l's list.
func (r *runs) add(l *layer) {
	i := int16(r.n)
	r.n++
	if l.head == noPacket {
		l.head = i
		r.layers[r.nLayers] = l
		r.nLayers++
	} else {
		r.packets[l.tail].next = i
	}
	l.tail = i
}

// reset empties all lists and lets go of what they point to: a session that
// ends must not be kept by a packet that came long ago.
func (r *runs) reset() {
	for i, l := range r.layers[:r.nLayers] {
		l.head = noPacket
		r.layers[i] = nil
	}
	for i := range r.packets[:r.n] {
		p := &r.packets[i]
		p.params, p.in.Clocks, p.lead = nil, nil, nil
	}
	r.n, r.nLayers = 0, 0
}
