package wire

import (
	"slices"
	"unicode/utf8"
)

func (r *Join) check() *RequestError {
	if r.Echo {
		r.Room = ""
	} else {
		title, key, err := readRoom(r.Room)
		if err != nil {
			return refuse(CodeBadRoom, "%v", err)
		}
		r.Room, r.Title = key, title
	}
	name, err := CleanName(r.Name)
	if err != nil {
		return refuse(CodeBadName, "%v", err)
	}
	r.Name = name
	r.forgetEmpty()
	if len(r.Identity) > MaxIdentity {
		return refuse(CodeBadField, "identity is longer than %d bytes", MaxIdentity)
	}
	if r.Offer == "" && (len(r.Sources) > 0 || len(r.Seats) > 0) {
		return refuse(CodeMissingField, "offer is missing")
	}
	if bad := checkSections(r.Offer, r.Sources, r.Seats); bad != nil {
		return bad
	}
	if i := slices.Index(r.Seats, SeatMIDs{}); i >= 0 {
		return refuse(CodeBadField, "seat %d has no section", i)
	}
	if len(r.Unmuted) > len(Sources) {
		return refuse(CodeBadField, "unmuted names more than %d sources", len(Sources))
	}
	for _, s := range r.Unmuted {
		if _, ok := r.Sources[s]; !ok {
			return refuse(CodeBadField, "unmuted names %.20q, which is not in sources", s)
		}
	}
	return nil
}

// checkSections checks an SDP's size and that each of its sections has one
// meaning. Whether they exist in the SDP is for the media side to say.
func checkSections(sdp string, sources map[Source]SourceSection, seats []SeatMIDs) *RequestError {
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

// forgetEmpty makes empty lists absent ones, which mean the same.
func (r *Join) forgetEmpty() {
	if len(r.Sources) == 0 {
		r.Sources = nil
	}
	if len(r.Seats) == 0 {
		r.Seats = nil
	}
	if len(r.Unmuted) == 0 {
		r.Unmuted = nil
	}
}

func (r *Resume) check() *RequestError {
	if r.Token == "" || len(r.Token) > MaxToken {
		return refuse(CodeBadField, "token is not 1 to %d bytes", MaxToken)
	}
	if r.Seq > MaxID {
		return refuse(CodeBadField, "seq is beyond 2^53-1")
	}
	return nil
}

func (r *Offer) check() *RequestError {
	if r.Offer == "" {
		return refuse(CodeMissingField, "offer is empty")
	}
	return checkSections(r.Offer, r.Sources, r.Seats)
}

func (r *View) check() *RequestError {
	if len(r.Items) > MaxViewItems {
		return refuse(CodeBadField, "%d view items; the limit is %d", len(r.Items), MaxViewItems)
	}
	for i, it := range r.Items {
		switch {
		case it.Participant == "" || len(it.Participant) > MaxParticipant:
			return refuse(CodeBadField, "item %d: participant is not 1 to %d bytes", i, MaxParticipant)
		case !it.Source.Video():
			return refuse(CodeBadField, "item %d: source is neither camera nor screen", i)
		case it.Width < 0 || it.Width > MaxTile || it.Height < 0 || it.Height > MaxTile:
			return refuse(CodeBadField, "item %d: width and height are 0 to %d", i, MaxTile)
		}
	}
	return nil
}

func (r *Mute) check() *RequestError {
	if !r.Source.Valid() {
		return refuse(CodeBadField, "unknown source %.20q", r.Source)
	}
	return nil
}

func (r *Chat) check() *RequestError {
	if r.Key == "" || len(r.Key) > MaxKey {
		return refuse(CodeBadField, "key is not 1 to %d bytes", MaxKey)
	}
	if len(r.To) > MaxParticipant {
		return refuse(CodeBadField, "to is longer than %d bytes", MaxParticipant)
	}
	if n := utf8.RuneCountInString(r.Text); n > MaxChatRunes {
		return refuse(CodeChatTooLong, "%d characters; the limit is %d", n, MaxChatRunes)
	}
	if r.Text = CleanText(r.Text); r.Text == "" {
		return refuse(CodeBadField, "text shows nothing")
	}
	return nil
}

func (r *Hand) check() *RequestError { return nil }

func (r *React) check() *RequestError {
	if !slices.Contains(Reactions[:], r.Emoji) {
		return refuse(CodeBadField, "emoji is not one of the reactions")
	}
	return nil
}

func (r *Caption) check() *RequestError {
	if n := utf8.RuneCountInString(r.Text); n > MaxCaptionRunes {
		return refuse(CodeBadField, "%d characters; the limit is %d", n, MaxCaptionRunes)
	}
	r.Text = cleanLine(r.Text)
	return nil
}

func (r *Rename) check() *RequestError {
	name, err := CleanName(r.Name)
	if err != nil {
		return refuse(CodeBadName, "%v", err)
	}
	r.Name = name
	return nil
}

func (r *Ping) check() *RequestError  { return nil }
func (r *Leave) check() *RequestError { return nil }
