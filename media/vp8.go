package media

// VP8 is a parsed VP8 payload descriptor (RFC 7741 §4.2) with what the frame
// header says at the start of a key frame.
//
//	 0 1 2 3 4 5 6 7
//	|X|R|N|S|R| PID |  first byte
//	|I|L|T|K|  RSV  |  if X
//	|M| PictureID   |  if I; two bytes if M
//	|   TL0PICIDX   |  if L
//	|TID|Y| KEYIDX  |  if T or K
type VP8 struct {
	Counters
	NonReference bool  // N: no other frame depends on this one
	Start        bool  // S with partition 0: first packet of a frame
	Keyframe     bool  // Start, and the frame header says key frame
	TID          uint8 // temporal layer 0 … 3; 0 if absent
	LayerSync    bool  // Y
	KeyIdx       uint8
	// Width and Height are those of a key frame's start, else 0.
	Width, Height uint16
	// HeaderLen is the descriptor's length: the VP8 data starts there.
	HeaderLen uint8
}

// ParseVP8 reads the descriptor at the start of payload into v without
// allocating. Error: ErrPayload if the payload ends inside the descriptor or
// holds nothing after it.
func ParseVP8(payload []byte, v *VP8) error {
	*v = VP8{}
	if len(payload) == 0 {
		return ErrPayload
	}
	b := payload[0]
	v.NonReference = b&0x20 != 0
	v.Start = b&0x10 != 0 && b&0x07 == 0
	n := 1
	if b&0x80 != 0 {
		if n = v.parseExtension(payload); n == 0 {
			return ErrPayload
		}
	}
	if n >= len(payload) {
		return ErrPayload
	}
	v.HeaderLen = uint8(n)
	if v.Start {
		v.parseFrame(payload[n:])
	}
	return nil
}

// parseExtension reads the optional bytes and returns the offset behind them,
// 0 if the payload is too short.
func (v *VP8) parseExtension(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	flags, n := p[1], 2
	if flags&0x80 != 0 { // I
		if n = v.takePictureID(p, n); n == 0 {
			return 0
		}
	}
	if flags&0x40 != 0 { // L
		if n = v.takeTL0(p, n); n == 0 {
			return 0
		}
	}
	if flags&0x30 != 0 { // T, K
		if len(p) <= n {
			return 0
		}
		if flags&0x20 != 0 {
			v.TID, v.LayerSync = p[n]>>6, p[n]&0x20 != 0
		}
		if flags&0x10 != 0 {
			v.KeyIdx = p[n] & 0x1f
		}
		n++
	}
	return n
}

// parseFrame reads the frame tag of RFC 6386 §9.1: bit 0 clear means key
// frame, whose start code 9d 01 2a is followed by 14-bit width and height.
func (v *VP8) parseFrame(p []byte) {
	if p[0]&0x01 != 0 {
		return
	}
	v.Keyframe = true
	if len(p) >= 10 && p[3] == 0x9d && p[4] == 0x01 && p[5] == 0x2a {
		v.Width = uint16(p[6]) | uint16(p[7]&0x3f)<<8
		v.Height = uint16(p[8]) | uint16(p[9]&0x3f)<<8
	}
}
