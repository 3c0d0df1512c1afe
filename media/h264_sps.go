package media

// maxSPSBytes bounds how much of a parameter set is read; the fields up to
// the picture size need far less.
const maxSPSBytes = 256

// spsSize returns the cropped picture size of a sequence parameter set
// (H.264 §7.3.2.1.1), body starting at profile_idc. ok is false for sets that
// are cut off, use scaling lists, or give a size outside 1 … 16384.
func spsSize(body []byte) (width, height uint16, ok bool) {
	if len(body) > maxSPSBytes {
		body = body[:maxSPSBytes]
	}
	r := rbspReader{data: body}
	profile := r.bits(8)
	r.bits(16) // constraint flags, level
	r.ue()     // seq_parameter_set_id
	chroma := uint32(1)
	if hasChromaInfo(profile) {
		if chroma = r.ue(); chroma == 3 {
			r.bits(1) // separate_colour_plane_flag
		}
		r.ue()              // bit_depth_luma_minus8
		r.ue()              // bit_depth_chroma_minus8
		r.bits(1)           // qpprime_y_zero_transform_bypass_flag
		if r.bits(1) != 0 { // seq_scaling_matrix_present_flag
			return 0, 0, false
		}
	}
	r.skipOrderCount()
	r.ue()    // max_num_ref_frames
	r.bits(1) // gaps_in_frame_num_value_allowed_flag
	w := uint64(r.ue()) + 1
	h := uint64(r.ue()) + 1
	frameOnly := r.bits(1)
	if frameOnly == 0 {
		r.bits(1) // mb_adaptive_frame_field_flag
	}
	r.bits(1) // direct_8x8_inference_flag
	w, h = w*16, h*16*uint64(2-frameOnly)
	if r.bits(1) != 0 { // frame_cropping_flag
		cropX, cropY := cropUnits(chroma, frameOnly)
		left, right, top, bottom := uint64(r.ue()), uint64(r.ue()), uint64(r.ue()), uint64(r.ue())
		w -= min(w, (left+right)*cropX)
		h -= min(h, (top+bottom)*cropY)
	}
	if r.failed || w == 0 || h == 0 || w > 16384 || h > 16384 {
		return 0, 0, false
	}
	return uint16(w), uint16(h), true
}

// hasChromaInfo lists the profiles whose sets carry chroma_format_idc.
func hasChromaInfo(profile uint32) bool {
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		return true
	}
	return false
}

// cropUnits returns the luma samples per cropping unit (H.264 §7.4.2.1.1).
func cropUnits(chroma, frameOnly uint32) (x, y uint64) {
	x, y = 1, uint64(2-frameOnly)
	if chroma == 1 || chroma == 2 {
		x = 2
	}
	if chroma == 1 {
		y *= 2
	}
	return x, y
}

// skipOrderCount skips log2_max_frame_num and the picture order count fields.
func (r *rbspReader) skipOrderCount() {
	r.ue() // log2_max_frame_num_minus4
	switch r.ue() {
	case 0:
		r.ue() // log2_max_pic_order_cnt_lsb_minus4
	case 1:
		r.bits(1)
		r.ue() // offset_for_non_ref_pic, signed: same length
		r.ue() // offset_for_top_to_bottom_field
		for n := r.ue(); n > 0 && !r.failed; n-- {
			r.ue()
		}
	}
}

// rbspReader reads an RBSP: bits from the top, with the emulation prevention
// byte 03 after 00 00 left out (H.264 §7.4.1).
type rbspReader struct {
	data   []byte
	at     int  // index of the current byte
	bit    uint // bits already taken from it, 0 … 7
	zeros  int  // zero bytes just before data[at]
	failed bool
}

func (r *rbspReader) bits(n int) uint32 {
	var v uint32
	for ; n > 0; n-- {
		v = v<<1 | r.one()
	}
	return v
}

func (r *rbspReader) one() uint32 {
	if r.bit == 0 && r.zeros >= 2 && r.at < len(r.data) && r.data[r.at] == 3 {
		r.at++
		r.zeros = 0
	}
	if r.at >= len(r.data) {
		r.failed = true
		return 0
	}
	b := r.data[r.at]
	v := uint32(b>>(7-r.bit)) & 1
	if r.bit++; r.bit == 8 {
		r.bit = 0
		r.at++
		if r.zeros++; b != 0 {
			r.zeros = 0
		}
	}
	return v
}

// ue reads an unsigned Exp-Golomb code (H.264 §9.1).
func (r *rbspReader) ue() uint32 {
	n := 0
	for r.one() == 0 {
		if n++; n > 31 || r.failed {
			r.failed = true
			return 0
		}
	}
	return 1<<n - 1 + r.bits(n)
}
