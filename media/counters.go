package media

// Counters are what pictures are counted with. Those in the payload descriptors
// of VP8 and VP9 are alike; AV1 has the frame number of its dependency
// descriptor. They are rewritten as numbers and timestamps are, so that they go
// on across a change of source. The zero value has none.
type Counters struct {
	PictureID uint16
	PIDBits   uint8 // 0: none, 7, 15, or 16 for a frame number
	HasTL0    bool
	TL0       uint8 // TL0PICIDX

	pidAt, tl0At uint8 // offsets in the payload
}

// Any reports whether there is anything to rewrite.
func (c *Counters) Any() bool { return c.PIDBits != 0 || c.HasTL0 }

// takePictureID reads the picture id at p[at:], whose first bit says that it
// has 15 bits and not 7, and returns the offset behind it; 0 if p is too short.
func (c *Counters) takePictureID(p []byte, at int) int {
	if len(p) <= at {
		return 0
	}
	c.pidAt, c.PIDBits, c.PictureID = uint8(at), 7, uint16(p[at]&0x7f)
	if p[at]&0x80 == 0 {
		return at + 1
	}
	if len(p) <= at+1 {
		return 0
	}
	c.PIDBits, c.PictureID = 15, c.PictureID<<8|uint16(p[at+1])
	return at + 2
}

// takeTL0 reads TL0PICIDX in the same way.
func (c *Counters) takeTL0(p []byte, at int) int {
	if len(p) <= at {
		return 0
	}
	c.HasTL0, c.TL0, c.tl0At = true, p[at], uint8(at)
	return at + 1
}

// Patch writes another picture id and TL0PICIDX into the payload that c was
// read from. Fields that are absent stay absent and widths stay, so the
// payload's length does not change; a frame number is in no payload. Calling it
// again with c.PictureID and c.TL0 restores the payload.
func (c *Counters) Patch(payload []byte, pid uint16, tl0 uint8) {
	switch c.PIDBits {
	case 7:
		payload[c.pidAt] = byte(pid & 0x7f)
	case 15:
		payload[c.pidAt] = 0x80 | byte(pid>>8)
		payload[c.pidAt+1] = byte(pid)
	}
	if c.HasTL0 {
		payload[c.tl0At] = tl0
	}
}
