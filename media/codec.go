package media

import "strings"

// Codec is a codec that we forward.
type Codec uint8

// The codecs.
const (
	CodecNone Codec = iota
	CodecOpus
	CodecVP8
	CodecH264
	CodecVP9
	CodecAV1

	lastCodec = CodecAV1
)

// CodecByName returns the codec with an SDP encoding name, compared without
// case; CodecNone for one we do not forward.
func CodecByName(name string) Codec {
	for c := CodecOpus; c <= lastCodec; c++ {
		if strings.EqualFold(name, c.String()) {
			return c
		}
	}
	return CodecNone
}

// String returns the encoding name as it stands in SDP.
func (c Codec) String() string {
	switch c {
	case CodecOpus:
		return "opus"
	case CodecVP8:
		return "VP8"
	case CodecH264:
		return "H264"
	case CodecVP9:
		return "VP9"
	case CodecAV1:
		return "AV1"
	}
	return ""
}

// Kind returns what kind of section carries c.
func (c Codec) Kind() Kind {
	switch c {
	case CodecOpus:
		return KindAudio
	case CodecVP8, CodecH264, CodecVP9, CodecAV1:
		return KindVideo
	}
	return KindOther
}

// ClockRate returns the RTP clock in Hz, 0 for CodecNone.
func (c Codec) ClockRate() uint32 {
	switch c.Kind() {
	case KindAudio:
		return 48000
	case KindVideo:
		return 90000
	}
	return 0
}

// Facts is what forwarding needs to know of a payload. It is parsed once per
// received packet and shared by all subscribers.
type Facts struct {
	// Keyframe: the packet is known to be part of a key frame. A switch may
	// begin at a packet that is Keyframe and Start.
	Keyframe bool
	Start    bool // first packet of a frame
	// Discardable: no other frame refers to this one, so it may be left out.
	Discardable   bool
	TID           uint8  // temporal layer, 0 if unknown
	Width, Height uint16 // of a key frame, 0 if unknown
	Counters      Counters
	// Sets: H264's parameter sets are among it, which belong to no frame but
	// go before one.
	Sets bool
	Lead Lead
}

// Lead says to whom another packet goes first, without which this one could
// not be decoded: that with H264's parameter sets (see ParamSets).
type Lead uint8

// The kinds of leads.
const (
	LeadNone   Lead = iota
	LeadFirst       // to those who begin here; the others just had it
	LeadAlways      // to everybody
)

// ParseFacts reads payload, which is not empty, into f. For Opus every packet
// is a start. Error: ErrPayload, on which the packet is dropped: it could not
// be decoded and its descriptor could not be rewritten.
func ParseFacts(c Codec, payload []byte, f *Facts) error {
	*f = Facts{}
	switch c {
	case CodecVP8:
		var v VP8
		if err := ParseVP8(payload, &v); err != nil {
			return err
		}
		f.Counters = v.Counters
		f.Keyframe, f.Start = v.Keyframe, v.Start
		f.Discardable, f.TID = v.NonReference, v.TID
		f.Width, f.Height = v.Width, v.Height
		return nil
	case CodecVP9:
		var v VP9
		if err := ParseVP9(payload, &v); err != nil {
			return err
		}
		f.Counters = v.Counters
		f.Keyframe, f.Start, f.TID = v.Keyframe, v.Start, v.TID
		f.Width, f.Height = v.Width, v.Height
		return nil
	case CodecH264:
		return parseH264(payload, f)
	case CodecAV1:
		return parseAV1(payload, f)
	}
	if len(payload) == 0 {
		return ErrPayload
	}
	f.Start = true
	return nil
}
