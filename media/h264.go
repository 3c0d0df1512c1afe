package media

// NAL unit types (RFC 6184 §5.2, table 1 of H.264).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSEI   = 6
	nalSPS   = 7
	nalPPS   = 8
	nalAUD   = 9
	nalSTAPA = 24
	nalFUA   = 28
)

// parseH264 reads the packetisation of RFC 6184 §5: single NAL units, STAP-A
// and FU-A, which packetization-mode=1 allows.
//
// A frame starts at a delimiter, at a parameter set or at a slice with
// first_mb_in_slice 0. Keyframe is true for IDR slices. Whether one can be
// decoded from its first slice on depends on parameter sets that came before:
// ParamSets.Take knows.
func parseH264(p []byte, f *Facts) error {
	if len(p) < 2 {
		return ErrPayload
	}
	f.Discardable = p[0]&0x60 == 0 // nal_ref_idc
	switch t := p[0] & 0x1f; {
	case t >= 1 && t <= 23:
		f.takeNAL(t, p[1:])
		return nil
	case t == nalSTAPA:
		return parseSTAPA(p[1:], f)
	case t == nalFUA:
		if p[1]&0x80 != 0 { // S: the first fragment
			if len(p) < 3 {
				return ErrPayload
			}
			f.takeNAL(p[1]&0x1f, p[2:])
		}
		return nil
	}
	return ErrPayload
}

// parseSTAPA walks the aggregated units: 16-bit size, then the unit.
func parseSTAPA(p []byte, f *Facts) error {
	f.Discardable = true
	for len(p) > 0 {
		unit, rest := nextUnit(p)
		if unit == nil {
			return ErrPayload
		}
		f.Discardable = f.Discardable && unit[0]&0x60 == 0
		f.takeNAL(unit[0]&0x1f, unit[1:])
		p = rest
	}
	return nil
}

// nextUnit returns the first unit of an aggregate and what is behind it, nil if
// there is no whole one.
func nextUnit(p []byte) (unit, rest []byte) {
	if len(p) < 3 {
		return nil, nil
	}
	n := int(p[0])<<8 | int(p[1])
	if n == 0 || n > len(p)-2 {
		return nil, nil
	}
	return p[2 : 2+n], p[2+n:]
}

// takeNAL adds what the unit of type t with the given body (behind its header
// byte) says.
func (f *Facts) takeNAL(t uint8, body []byte) {
	switch t {
	case nalSlice, nalIDR:
		// first_mb_in_slice is ue(v): 0 is a single 1 bit.
		f.Start = f.Start || len(body) > 0 && body[0]&0x80 != 0
		f.Keyframe = f.Keyframe || t == nalIDR
	case nalSPS, nalPPS:
		f.Start, f.Sets = true, true
	case nalAUD, nalSEI:
		f.Start = true
	}
}
