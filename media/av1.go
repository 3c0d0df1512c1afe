package media

// AV1 payloads (RTP Payload Format For AV1, §4.4) are pieces of open bitstream
// units behind an aggregation header:
//
//	 0 1 2 3 4 5 6 7
//	|Z|Y| W |N|-|-|-|
//
// Z: the first piece continues a unit of the packet before. Y: the last one
// goes on in the next. W: how many pieces there are, the last without its
// length in front; 0: any number, all with their length. N: first packet of a
// coded video sequence, which starts with a key frame and its sequence header.

// OBU types (AV1 bitstream §6.2.2).
const (
	obuSequenceHeader = 1
)

// parseAV1 reads the aggregation header, and the size of a key frame from the
// sequence header. Start says that a unit begins: the first packet of a frame
// always does so, and of the others those that happen to, which nothing in the
// payload tells apart but for key frames.
func parseAV1(p []byte, f *Facts) error {
	if len(p) < 2 {
		return ErrPayload
	}
	f.Start = p[0]&0x80 == 0
	f.Keyframe = f.Start && p[0]&0x08 != 0
	if f.Keyframe {
		f.Width, f.Height = av1Size(p[1:], int(p[0]>>4&0x03))
	}
	return nil
}

// av1Size looks for a whole sequence header among the first pieces of a packet,
// where the format wants it; it returns 0 if there is none.
func av1Size(p []byte, pieces int) (width, height uint16) {
	for i := 1; i <= maxAV1Pieces && len(p) > 0; i++ {
		piece := p
		if i != pieces {
			size, n := leb128(p)
			if n == 0 || size > uint32(len(p)-n) {
				return 0, 0
			}
			piece, p = p[n:n+int(size)], p[n+int(size):]
		} else {
			p = nil
		}
		if body, ok := sequenceHeader(piece); ok {
			return sequenceSize(body)
		}
	}
	return 0, 0
}

// maxAV1Pieces bounds the search: before the sequence header there can be a
// temporal delimiter, which should not be sent.
const maxAV1Pieces = 3

// sequenceHeader returns what is behind the header of a unit, if that is a
// sequence header (AV1 bitstream §5.3).
func sequenceHeader(obu []byte) (body []byte, ok bool) {
	if len(obu) < 2 || obu[0]>>3&0x0f != obuSequenceHeader {
		return nil, false
	}
	body = obu[1:]
	if obu[0]&0x04 != 0 { // extension
		body = body[1:]
	}
	if obu[0]&0x02 != 0 { // a size, which is that of the piece
		_, n := leb128(body)
		body = body[n:]
	}
	return body, true
}

// leb128 reads a length of one to five bytes, 7 bits each, the lowest first; n
// is 0 if there is none, or one that does not fit 32 bits.
func leb128(p []byte) (v uint32, n int) {
	for i := 0; i < len(p) && i < 5; i++ {
		if i == 4 && p[i] > 0x0f {
			return 0, 0
		}
		v |= uint32(p[i]&0x7f) << (7 * i)
		if p[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}

// sequenceSize returns max_frame_width and max_frame_height of a sequence
// header (AV1 bitstream §5.5.1), 0 if it is cut off.
func sequenceSize(body []byte) (width, height uint16) {
	r := bitReader{data: body}
	r.skip(3 + 1) // seq_profile, still_picture
	if r.flag() { // reduced_still_picture_header
		r.skip(5) // seq_level_idx
	} else {
		skipOperatingPoints(&r)
	}
	wide, high := int(r.bits(4))+1, int(r.bits(4))+1
	w, h := r.bits(wide)+1, r.bits(high)+1
	if r.failed || w > 1<<16-1 || h > 1<<16-1 {
		return 0, 0
	}
	return uint16(w), uint16(h)
}

// skipOperatingPoints skips timing_info to the end of the operating points.
func skipOperatingPoints(r *bitReader) {
	var delays int // bits of each delay; 0: no decoder model
	if r.flag() {  // timing_info_present_flag
		r.skip(32 + 32)
		if r.flag() { // equal_picture_interval
			r.uvlc()
		}
		if r.flag() { // decoder_model_info_present_flag
			delays = int(r.bits(5)) + 1
			r.skip(32 + 5 + 5)
		}
	}
	displayDelays := r.flag()
	for n := r.bits(5) + 1; n > 0; n-- {
		r.skip(12)
		if r.bits(5) > 7 { // seq_level_idx
			r.skip(1) // seq_tier
		}
		if delays > 0 && r.flag() {
			r.skip(2*delays + 1)
		}
		if displayDelays && r.flag() {
			r.skip(4)
		}
	}
}
