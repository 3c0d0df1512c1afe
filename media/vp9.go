package media

// VP9 is a parsed VP9 payload descriptor (RFC 9628 §4.2).
//
//	 0 1 2 3 4 5 6 7
//	|I|P|L|F|B|E|V|Z|  first byte
//	|M| PictureID   |  if I; two bytes if M
//	|TID  |U|SID  |D|  if L
//	|   TL0PICIDX   |  if L, and not F
//	|   P_DIFF    |N|  if P and F: up to three, each with N has another behind it
//	|N_S  |Y|G|-|-|-|  if V: the scalability structure
//	| WIDTH, HEIGHT |  if Y: N_S + 1 times 2 + 2 bytes
//	|      N_G      |  if G
//	|TID  |U|R  |-|-|  N_G times, each with R bytes of P_DIFF behind it
type VP9 struct {
	Counters
	Start    bool  // B in the lowest spatial layer: first packet of a picture
	Keyframe bool  // not P, in the lowest spatial layer
	TID, SID uint8 // temporal and spatial layer, 0 if absent
	// Width and Height are those of the highest spatial layer, 0 if the
	// packet does not tell them. Senders tell them with every key frame.
	Width, Height uint16
	// HeaderLen is the descriptor's length: the VP9 data starts there.
	HeaderLen int
}

// maxVP9Diffs is how many P_DIFF a picture may have in flexible mode.
const maxVP9Diffs = 3

// ParseVP9 reads the descriptor at the start of payload into v without
// allocating. Error: ErrPayload if the payload ends inside the descriptor or
// holds nothing after it.
func ParseVP9(payload []byte, v *VP9) error {
	*v = VP9{}
	if len(payload) == 0 {
		return ErrPayload
	}
	b := payload[0]
	inter, layers, flexible := b&0x40 != 0, b&0x20 != 0, b&0x10 != 0
	n := 1
	if b&0x80 != 0 { // I
		if n = v.takePictureID(payload, n); n == 0 {
			return ErrPayload
		}
	}
	if layers {
		if n = v.parseLayers(payload, n, flexible); n == 0 {
			return ErrPayload
		}
	}
	if inter && flexible {
		if n = skipVP9Diffs(payload, n); n == 0 {
			return ErrPayload
		}
	}
	if b&0x02 != 0 { // V
		if n = v.parseStructure(payload, n); n == 0 {
			return ErrPayload
		}
	}
	if n >= len(payload) {
		return ErrPayload
	}
	v.HeaderLen = n
	v.Start = b&0x08 != 0 && v.SID == 0
	v.Keyframe = !inter && v.SID == 0
	return nil
}

// parseLayers reads the layer indices at p[at:] and returns the offset behind
// them, 0 if p is too short. So do those that follow.
func (v *VP9) parseLayers(p []byte, at int, flexible bool) int {
	if len(p) <= at {
		return 0
	}
	v.TID, v.SID = p[at]>>5, p[at]>>1&0x07
	if flexible {
		return at + 1
	}
	return v.takeTL0(p, at+1)
}

func skipVP9Diffs(p []byte, at int) int {
	for range maxVP9Diffs {
		if len(p) <= at {
			return 0
		}
		at++
		if p[at-1]&0x01 == 0 {
			return at
		}
	}
	return 0
}

func (v *VP9) parseStructure(p []byte, at int) int {
	if len(p) <= at {
		return 0
	}
	layers, sizes, group := int(p[at]>>5)+1, p[at]&0x10 != 0, p[at]&0x08 != 0
	at++
	if sizes {
		if at += 4 * layers; len(p) < at {
			return 0
		}
		top := p[at-4:]
		v.Width, v.Height = uint16(top[0])<<8|uint16(top[1]), uint16(top[2])<<8|uint16(top[3])
	}
	if !group {
		return at
	}
	if len(p) <= at {
		return 0
	}
	pictures := int(p[at])
	at++
	for range pictures {
		if len(p) <= at {
			return 0
		}
		at += 1 + int(p[at]>>2&0x03)
	}
	return at
}
