package wire

import "encoding/json"

// What an offer says of its media sections.

// SeatMIDs names the media sections of one seat by their SDP mid; a half that has
// none, not any more or not at all, is empty. Without Video it carries sound only.
type SeatMIDs struct {
	Audio string `json:"audio"`
	Video string `json:"video,omitempty"`
}

// SourceSection is the media section of a source. In JSON it may be the mid
// alone, a string.
type SourceSection struct {
	MID string `json:"mid"`
	// Codec is the SDP encoding name of what the client asks to send, empty to
	// leave it to the server. A name that its section does not offer means
	// nothing.
	Codec string `json:"codec,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *SourceSection) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*s = SourceSection{}
		return json.Unmarshal(data, &s.MID)
	}
	type object SourceSection // without this method
	return json.Unmarshal(data, (*object)(s))
}

// MarshalJSON implements json.Marshaler.
func (s SourceSection) MarshalJSON() ([]byte, error) {
	if s.Codec == "" {
		return json.Marshal(s.MID)
	}
	type object SourceSection
	return json.Marshal(object(s))
}

// checkSections checks an SDP's size and that each of its sections has one
// meaning, or that none has one that is to be inferred. Whether they exist in the
// SDP is for the media side to say.
func checkSections(sdp string, sources map[Source]SourceSection, seats []SeatMIDs, infer bool) *RequestError {
	if infer && (len(sources) > 0 || len(seats) > 0) {
		return refuse(CodeBadField, "sources and seats are named and to be inferred")
	}
	if len(sdp) > MaxSDP {
		return refuse(CodeSDPTooLarge, "%d bytes of SDP; the limit is %d", len(sdp), MaxSDP)
	}
	if len(seats) > MaxSeats {
		return refuse(CodeTooManySeat, "%d seats; the limit is %d", len(seats), MaxSeats)
	}
	mids := make(map[string]bool, len(sources)+2*len(seats))
	add := func(mid string) bool {
		fresh := mid != "" && len(mid) <= MaxMID && !mids[mid]
		mids[mid] = true
		return fresh
	}
	for s, section := range sources {
		if !s.Valid() {
			return refuse(CodeBadField, "unknown source %.20q", s)
		}
		if !add(section.MID) {
			return refuse(CodeBadField, "the mid of %s is empty, too long or used twice", s)
		}
		if len(section.Codec) > MaxCodec {
			return refuse(CodeBadField, "the codec of %s is longer than %d bytes", s, MaxCodec)
		}
	}
	for i, seat := range seats {
		if seat.Audio != "" && !add(seat.Audio) || seat.Video != "" && !add(seat.Video) {
			return refuse(CodeBadField, "a mid of seat %d is too long or used twice", i)
		}
	}
	return nil
}
