package wire

import "encoding/json"

// Request is a message from a client. The concrete types are pointers to the
// structs of this file; ParseRequest is the only way to get one from bytes.
type Request interface {
	// RequestID is the id the reply must carry, 1 … 2^53-1.
	RequestID() int64
	// RequestType is the value of "type". It follows from the concrete type,
	// so that what is permitted is what will be done.
	RequestType() string
}

// Head is embedded in every request.
type Head struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
}

// RequestID returns the id the reply must carry.
func (h Head) RequestID() int64 { return h.ID }

func (h *Head) head() *Head { return h }

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

// Join enters a room. The reply is Joined.
type Join struct {
	Head
	// Room is the room's name; once it is checked its key, and Title how it was
	// typed. See CleanRoom and RoomTitle.
	Room  string `json:"room,omitempty"`
	Title string `json:"-"`
	// Name is what others see, see CleanName.
	Name string `json:"name"`
	// Identity is the client's own lasting key, 0 … 128 bytes. A second join
	// to the same room with the same identity ends the first one
	// (duplicate_identity). It is never shown to other participants. Empty:
	// a one-time identity.
	Identity string `json:"identity,omitempty"`
	// Echo asks for a private room whose only other participant sends the
	// caller's own media back: the setup test. Room is then ignored.
	Echo bool `json:"echo,omitempty"`
	// Offer is the SDP offer. A client that wants no media at all leaves out
	// Offer, Sources and Seats; it can chat and be seen in the list.
	Offer string `json:"offer,omitempty"`
	// Sources maps each source the client may send to its section.
	Sources map[Source]SourceSection `json:"sources,omitempty"`
	// Seats are the receive sections, in seat order: seat 0 is Seats[0].
	Seats []SeatMIDs `json:"seats,omitempty"`
	// Unmuted lists the sources that are sending from the start.
	Unmuted []Source `json:"unmuted,omitempty"`
}

// Resume takes up a session after a lost socket. The reply is Resumed,
// followed by the missed events.
type Resume struct {
	Head
	Token string `json:"token"`
	// Seq is the last event sequence number the client has seen.
	Seq uint64 `json:"seq"`
}

// Offer renegotiates: more seats, or an ICE restart. The reply is Answer.
// Sources and Seats replace those of the join; existing mids keep their place.
type Offer struct {
	Head
	Offer   string                   `json:"offer"`
	Sources map[Source]SourceSection `json:"sources"`
	Seats   []SeatMIDs               `json:"seats"`
}

// ViewItem is one picture the client wants to see.
type ViewItem struct {
	Participant string `json:"participant"`
	// Source is Camera or Screen.
	Source Source `json:"source"`
	// Width and Height are the tile's size in device pixels, 0 … 8192. Zero
	// means not visible: audio only.
	Width  int `json:"width"`
	Height int `json:"height"`
}

// View says what the client looks at, most important first. It replaces the
// view before. Until the first view the server shows everyone in join order.
type View struct {
	Head
	Items []ViewItem `json:"items"`
}

// Mute turns a source off or on. The server stops forwarding a muted source.
type Mute struct {
	Head
	Source Source `json:"source"`
	Muted  bool   `json:"muted"`
}

// Chat sends a text. The reply comes when it is on disk.
type Chat struct {
	Head
	// Key is the client's own id of the text, 1 … 64 bytes: sending the same
	// key again is answered with the first message and stored once.
	Key string `json:"key"`
	// Text is 1 … MaxChatRunes characters.
	Text string `json:"text"`
	// To is a participant id for a private text, empty for everyone. Private
	// texts are not stored.
	To string `json:"to,omitempty"`
}

// Hand raises or lowers the caller's hand.
type Hand struct {
	Head
	Raised bool `json:"raised"`
}

// React shows one of Reactions to everyone.
type React struct {
	Head
	Emoji string `json:"emoji"`
}

// Caption is a line typed for those who can not hear, 0 … MaxCaptionRunes
// characters. It is shown, not stored.
type Caption struct {
	Head
	Text string `json:"text"`
	// Final marks the line as complete.
	Final bool `json:"final"`
}

// Rename changes the caller's name.
type Rename struct {
	Head
	Name string `json:"name"`
}

// Ping asks whether the server is there, and when it last sent media to the caller.
type Ping struct{ Head }

// Leave ends the caller's session. The reply carries a Summary; the server
// then closes the socket with 1000.
type Leave struct{ Head }

// Reactions are the emoji a React may carry.
var Reactions = [...]string{"👍", "❤️", "😂", "😮", "🎉", "👏", "🤔", "👋"}
