package media

// Dependency is what a dependency descriptor says of its packet: the header
// extension of RTP Payload Format For AV1, appendix A.4, with which senders tell
// those who can not, or would rather not, look into the payload what it holds.
//
//	|S|E| template  |     frame number      |  always
//	|T|A|d|f|c|  structure, custom fields … |  often
//
// The first packet of a coded video sequence has T and a structure: the
// templates that the other packets refer to.
type Dependency struct {
	Start, End bool   // first and last packet of a frame
	Template   uint8  // 0 … 63
	Frame      uint16 // frame number: one more per frame, wraps
	Keyframe   bool   // there is a structure
	// Width and Height are those of the highest spatial layer in the
	// structure, 0 if it does not say.
	Width, Height uint16
}

// ParseDependency reads a descriptor into d without allocating. Error:
// ErrPayload if it is cut off or its structure makes no sense.
func ParseDependency(b []byte, d *Dependency) error {
	*d = Dependency{}
	if len(b) < 3 {
		return ErrPayload
	}
	d.Start, d.End, d.Template = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x3f
	d.Frame = uint16(b[1])<<8 | uint16(b[2])
	if len(b) == 3 {
		return nil
	}
	r := bitReader{data: b[3:]}
	d.Keyframe = r.flag()
	r.skip(4) // active decode targets, custom DTIs, frame differences and chains
	if d.Keyframe {
		d.parseStructure(&r)
	}
	if r.failed {
		return ErrPayload
	}
	return nil
}

// Describe completes f by what the descriptor of the same packet says, which
// knows better where a frame starts. It reports whether that makes sense.
func (f *Facts) Describe(descriptor []byte) bool {
	var d Dependency
	if ParseDependency(descriptor, &d) != nil {
		return false
	}
	f.Start, f.Keyframe = d.Start, f.Keyframe || d.Keyframe && d.Start
	f.Counters = Counters{PictureID: d.Frame, PIDBits: 16}
	if f.Width == 0 {
		f.Width, f.Height = d.Width, d.Height
	}
	return true
}

// The most that the identifiers of a structure allow.
const (
	maxTemplates    = 64
	maxSpatialLayer = 3
)

// parseStructure reads a template structure for the sizes at its end.
func (d *Dependency) parseStructure(r *bitReader) {
	r.skip(6) // template_id_offset
	targets := int(r.bits(5)) + 1
	templates, spatial := r.templateLayers()
	r.skip(templates * targets * 2) // template_dti
	for range templates {
		for r.flag() { // fdiff_follows_flag
			r.skip(4)
		}
	}
	if chains := int(r.choice(uint32(targets) + 1)); chains > 0 {
		for range targets {
			r.choice(uint32(chains)) // decode_target_protected_by
		}
		r.skip(templates * chains * 4) // template_chain_fdiff
	}
	if !r.flag() { // resolutions_present_flag
		return
	}
	r.skip(spatial * 32)
	w, h := r.bits(16)+1, r.bits(16)+1 // max_render_width_minus_1 and the height
	d.Width, d.Height = uint16(min(w, 1<<16-1)), uint16(min(h, 1<<16-1))
}

// templateLayers returns how many templates there are, and the highest spatial
// layer among them.
func (r *bitReader) templateLayers() (templates, spatial int) {
	for {
		templates++
		switch r.bits(2) { // next_layer_idc
		case 2:
			spatial++
		case 3:
			return templates, spatial
		}
		if templates == maxTemplates || spatial > maxSpatialLayer || r.failed {
			r.failed = true
			return 0, 0
		}
	}
}
