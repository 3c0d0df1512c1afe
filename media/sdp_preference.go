package media

import (
	"cmp"
	"slices"
)

// ourOrder is how we order codecs where nothing else does: all browsers encode
// VP8 simulcast. A codec that is not here is not answered.
var ourOrder = [...]Codec{CodecOpus, CodecVP8, CodecH264, CodecVP9, CodecAV1}

// inOurOrder returns the codecs of a section in our order. Of H264 everybody who
// knows it at all decodes Constrained Baseline; Chromium offers Baseline before
// it, which is contained in nothing but itself (RFC 6184 §8.1).
func inOurOrder(offered []CodecParams) []CodecParams {
	list := make([]CodecParams, 0, len(offered))
	for _, codec := range ourOrder {
		for _, general := range []bool{true, false} {
			for i := range offered {
				if c := &offered[i]; c.Codec == codec && c.general() == general {
					list = append(list, *c)
				}
			}
		}
	}
	return list
}

// General is a codec in the profile that everybody decodes who knows it at all.
func General(c Codec) CodecParams {
	switch c {
	case CodecH264:
		return CodecParams{Codec: c, Profile: defaultH264Profile}
	case CodecVP9, CodecAV1:
		return CodecParams{Codec: c, Profile: "0"}
	}
	return CodecParams{Codec: c}
}

// general reports whether c is as General says.
func (c *CodecParams) general() bool {
	if c.Codec == CodecH264 {
		return h264Constrained(c.Profile)
	}
	return c.Profile == General(c.Codec).Profile
}

// Preference is what else orders the codecs of a source.
type Preference struct {
	// Wanted is what the client asks to send; CodecNone leaves it to us.
	Wanted Codec
	// Shared are the codecs that all take who may watch. Among them the order
	// of the offer counts. It is empty while nobody is there.
	Shared []Codec
}

// Prefer orders the codecs of a picture that the client sends, of which it will
// use the first: the wanted one, then those that everybody takes as the client
// offers them, then the rest in our order.
//
// So a client that would rather send H264 does if all can see it, and otherwise
// sends VP8 if it can; one that offers no VP8 sends what it has.
func (s *Section) Prefer(a *Accepted, p Preference) {
	if a.Use != UseReceive || s.Kind != KindVideo {
		return
	}
	offered := func(codec Codec) int {
		return slices.IndexFunc(s.Codecs, func(c CodecParams) bool { return c.Codec == codec })
	}
	rank := func(c *CodecParams) int {
		switch {
		case c.Codec == p.Wanted:
			return -1
		case c.general() && slices.Contains(p.Shared, c.Codec):
			return offered(c.Codec)
		}
		return len(s.Codecs)
	}
	slices.SortStableFunc(a.Codecs, func(a, b CodecParams) int { return cmp.Compare(rank(&a), rank(&b)) })
	a.Exts = s.wantedExts(a.Use, a.Codecs)
}
