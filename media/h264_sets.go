package media

import (
	"bytes"
	"slices"
)

// ParamSets keeps the parameter sets of an H264 stream, without which nothing
// of it can be decoded. Browsers send them before every key frame, in either
// order; others send them once, or say them in SDP only. So whoever begins to
// watch gets those that came last before his first key frame (see Lead).
//
// It belongs to the worker that receives the layer. The zero value is ready;
// it allocates when a set is not the one that came before under its number.
type ParamSets struct {
	sets   []paramSet // the newest last
	packet []byte     // all of them, nil if that is to be made
	// The timestamp of the frame whose sets were forwarded last.
	passed   Ticks
	havePass bool
}

// paramSet is one unit. SPS and PPS are numbered apart.
type paramSet struct {
	nal           []byte
	sps           bool
	id            uint8
	of            uint8  // of a PPS: the SPS that it belongs to
	width, height uint16 // of an SPS, 0 if unknown
}

const (
	// maxParamSets and maxSetsLen bound what is kept, the latter so that all
	// of them fit a packet of 1,200 bytes with its headers.
	maxParamSets = 16
	maxSetsLen   = 1000
	// maxUnits is how many units of a packet are looked at: all the sets there
	// can be, and what else comes with them. A packet has room for 350 that
	// all take one another's place, which would cost as much as 50 packets.
	maxUnits = maxParamSets + 4
	maxSPSID = 31  // H.264 §7.4.2.1.1
	maxPPSID = 255 // H.264 §7.4.2.2
)

// Reset forgets all sets.
func (s *ParamSets) Reset() { *s = ParamSets{sets: s.sets[:0]} }

// Add keeps those of the given units that are sets and that nothing newer is
// there for, as are those of an offer.
func (s *ParamSets) Add(units [][]byte) {
	for _, u := range units {
		s.keep(u, true)
	}
}

// Take reads a payload that was parsed into f and has Sets or is a Keyframe's.
// It keeps the sets, and completes f for the start of a key frame: whether that
// can be decoded from here on, its size, and its Lead. ts is the packet's; late
// says that newer ones came before.
func (s *ParamSets) Take(p []byte, ts Ticks, late bool, f *Facts) {
	var got, idr setUse
	switch p[0] & 0x1f {
	case nalSTAPA:
		unit, rest := nextUnit(p[1:])
		for n := 0; n < maxUnits && unit != nil; n++ {
			s.takeUnit(unit, late, &got, &idr)
			unit, rest = nextUnit(rest)
		}
	case nalFUA:
		idr.slice(p[1]&0x1f, p[2:])
	default:
		s.takeUnit(p, late, &got, &idr)
	}
	if !f.Keyframe || !f.Start {
		return
	}
	sps := s.of(idr)
	if f.Start = sps != nil; !f.Start {
		return
	}
	f.Width, f.Height = sps.width, sps.height
	switch {
	case got.sps && got.pps:
	case s.havePass && s.passed == ts:
		f.Lead = LeadFirst
	default:
		f.Lead = LeadAlways
	}
}

// setUse says which sets a payload has, or which one a slice in it refers to.
type setUse struct {
	sps, pps bool
	id       uint8 // of the PPS
}

func (s *ParamSets) takeUnit(unit []byte, late bool, got, idr *setUse) {
	switch t := unit[0] & 0x1f; t {
	case nalSPS, nalPPS:
		s.keep(unit, late)
		got.sps = got.sps || t == nalSPS
		got.pps = got.pps || t == nalPPS
	default:
		idr.slice(t, unit[1:])
	}
}

// slice notes which PPS the first slice of a key frame refers to (H.264
// §7.3.3), if the unit of type t is one.
func (u *setUse) slice(t uint8, body []byte) {
	if t != nalIDR || len(body) == 0 || body[0]&0x80 == 0 {
		return
	}
	r := rbspReader{data: body[:min(len(body), 16)]}
	r.ue() // first_mb_in_slice
	r.ue() // slice_type
	id := r.ue()
	u.pps, u.id = !r.failed && id <= maxPPSID, uint8(id)
}

// of returns the SPS that a slice refers to by way of its PPS, nil if either is
// not known.
func (s *ParamSets) of(idr setUse) *paramSet {
	if !idr.pps {
		return nil
	}
	pps := s.find(false, idr.id)
	if pps == nil {
		return nil
	}
	return s.find(true, pps.of)
}

func (s *ParamSets) find(sps bool, id uint8) *paramSet {
	for i := range s.sets {
		if set := &s.sets[i]; set.sps == sps && set.id == id {
			return set
		}
	}
	return nil
}

// keep keeps a copy of a unit in place of the one with its number; yield lets
// that one stay. The oldest give way if there are too many. A set that is not
// understood, or too large, is not kept, nor is what it replaces.
func (s *ParamSets) keep(unit []byte, yield bool) {
	set, ok := parseSet(unit)
	if !ok {
		return
	}
	if old := s.find(set.sps, set.id); old != nil {
		if yield || bytes.Equal(old.nal, unit) {
			return
		}
		s.sets = slices.DeleteFunc(s.sets, func(o paramSet) bool { return o.sps == set.sps && o.id == set.id })
		s.packet = nil
	}
	if packedLen(unit) > maxSetsLen {
		return
	}
	set.nal = bytes.Clone(unit)
	if set.sps {
		set.width, set.height, _ = spsSize(set.nal[1:])
	}
	s.sets, s.packet = append(s.sets, set), nil
	for size := s.len(); len(s.sets) > maxParamSets || size > maxSetsLen; {
		size -= packedLen(s.sets[0].nal)
		s.sets = slices.Delete(s.sets, 0, 1)
	}
}

// parseSet reads the numbers of an SPS or a PPS (H.264 §7.3.2.1.1, §7.3.2.2);
// ok is false for all else.
func parseSet(unit []byte) (set paramSet, ok bool) {
	if len(unit) < 2 {
		return set, false
	}
	r := rbspReader{data: unit[1:min(len(unit), 32)]}
	switch unit[0] & 0x1f {
	case nalSPS:
		r.bits(24) // profile_idc, constraint flags, level_idc
		id := r.ue()
		return paramSet{sps: true, id: uint8(id)}, !r.failed && id <= maxSPSID
	case nalPPS:
		id, of := r.ue(), r.ue()
		return paramSet{id: uint8(id), of: uint8(of)}, !r.failed && id <= maxPPSID && of <= maxSPSID
	}
	return set, false
}

// packedLen is how much of a packet a unit takes.
func packedLen(unit []byte) int { return 2 + len(unit) }

func (s *ParamSets) len() (n int) {
	for i := range s.sets {
		n += packedLen(s.sets[i].nal)
	}
	return n
}

// Passed notes that sets of the frame at ts are being forwarded.
func (s *ParamSets) Passed(ts Ticks) { s.passed, s.havePass = ts, true }

// Packet returns the payload of a packet with all sets, those of sequences
// before those of pictures; nil if there are none. It is never written to
// again.
func (s *ParamSets) Packet() []byte {
	if s.packet != nil || len(s.sets) == 0 {
		return s.packet
	}
	s.packet = make([]byte, 1, 1+s.len())
	refIDC := uint8(0)
	for _, sps := range []bool{true, false} {
		for i := range s.sets {
			if set := &s.sets[i]; set.sps == sps {
				s.packet = append(s.packet, byte(len(set.nal)>>8), byte(len(set.nal)))
				s.packet = append(s.packet, set.nal...)
				refIDC = max(refIDC, set.nal[0]&0x60) // RFC 6184 §5.3
			}
		}
	}
	s.packet[0] = refIDC | nalSTAPA
	return s.packet
}
