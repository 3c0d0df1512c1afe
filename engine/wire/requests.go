package wire

import (
	"slices"
	"unicode/utf8"
)

// Request is a message from a client. The concrete types are pointers to the
// structs of this file. ParseRequest makes one of JSON; one that was made in another
// way has to pass CheckRequest.
type Request interface {
	// RequestID is the id the reply must carry, 1 … 2^53-1.
	RequestID() int64
	// RequestType is the value of "type". It follows from the concrete type,
	// so that what is permitted is what will be done.
	RequestType() string
}

// Head is embedded in every request and every reply.
type Head struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
}

// RequestID returns the id the reply must carry.
func (h Head) RequestID() int64 { return h.ID }

func (h *Head) head() *Head         { return h }
func (h *Head) setType(name string) { h.Type = name }

// Values of "type" in requests.
const (
	TypeJoin    = "join"
	TypeResume  = "resume"
	TypeOffer   = "offer"
	TypeView    = "view"
	TypeMute    = "mute"
	TypeChat    = "chat"
	TypeHand    = "hand"
	TypeReact   = "react"
	TypeCaption = "caption"
	TypeRename  = "rename"
	TypePing    = "ping"
	TypeLeave   = "leave"
)

// requests lists every request in the order of PROTOCOL.md, with the size it may
// have and the fields it must have. What is not here does not exist.
var requests = [...]requestKind{
	request[Join](MaxMessage, "name"),
	request[Resume](MaxSmallMessage, "token", "seq"),
	request[Offer](MaxMessage, "offer", "sources", "seats"),
	request[View](MaxSmallMessage, "items"),
	request[Mute](MaxSmallMessage, "source", "muted"),
	request[Chat](MaxSmallMessage, "key", "text"),
	request[Hand](MaxSmallMessage, "raised"),
	request[React](MaxSmallMessage, "emoji"),
	request[Caption](MaxSmallMessage, "text", "final"),
	request[Rename](MaxSmallMessage, "name"),
	request[Ping](MaxSmallMessage),
	request[Leave](MaxSmallMessage),
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
	// Infer leaves it to the offer what is sent and what is seen, for doors whose
	// protocol names nothing: Sources and Seats are empty then, and Unmuted may name
	// what turns out not to be there. JSON has no word for it.
	Infer bool `json:"-"`
}

// RequestType implements Request.
func (*Join) RequestType() string { return TypeJoin }

func (r *Join) check() *RequestError {
	if r.Echo {
		r.Room, r.Title = "", ""
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
	if r.Offer == "" && (len(r.Sources) > 0 || len(r.Seats) > 0 || r.Infer) {
		return refuse(CodeMissingField, "offer is missing")
	}
	if bad := checkSections(r.Offer, r.Sources, r.Seats, r.Infer); bad != nil {
		return bad
	}
	if i := slices.Index(r.Seats, SeatMIDs{}); i >= 0 {
		return refuse(CodeBadField, "seat %d has no section", i)
	}
	if len(r.Unmuted) > len(Sources) {
		return refuse(CodeBadField, "unmuted names more than %d sources", len(Sources))
	}
	for _, s := range r.Unmuted {
		if _, named := r.Sources[s]; !named && !(r.Infer && s.Valid()) {
			return refuse(CodeBadField, "unmuted names %.20q, which is not in sources", s)
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

// Resume takes up a session after a lost socket. The reply is Resumed,
// followed by the missed events.
type Resume struct {
	Head
	Token string `json:"token"`
	// Seq is the last event sequence number the client has seen.
	Seq uint64 `json:"seq"`
}

// RequestType implements Request.
func (*Resume) RequestType() string { return TypeResume }

func (r *Resume) check() *RequestError {
	if r.Token == "" || len(r.Token) > MaxToken {
		return refuse(CodeBadField, "token is not 1 to %d bytes", MaxToken)
	}
	if r.Seq > MaxID {
		return refuse(CodeBadField, "seq is beyond 2^53-1")
	}
	return nil
}

// Offer renegotiates: more seats, or an ICE restart. The reply is Answer.
// Sources and Seats replace those of the join; existing mids keep their place.
type Offer struct {
	Head
	Offer   string                   `json:"offer"`
	Sources map[Source]SourceSection `json:"sources"`
	Seats   []SeatMIDs               `json:"seats"`
	// Infer is as in Join.
	Infer bool `json:"-"`
}

// RequestType implements Request.
func (*Offer) RequestType() string { return TypeOffer }

func (r *Offer) check() *RequestError {
	if r.Offer == "" {
		return refuse(CodeMissingField, "offer is empty")
	}
	return checkSections(r.Offer, r.Sources, r.Seats, r.Infer)
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

// RequestType implements Request.
func (*View) RequestType() string { return TypeView }

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

// Mute turns a source off or on. The server stops forwarding a muted source.
type Mute struct {
	Head
	Source Source `json:"source"`
	Muted  bool   `json:"muted"`
}

// RequestType implements Request.
func (*Mute) RequestType() string { return TypeMute }

func (r *Mute) check() *RequestError {
	if !r.Source.Valid() {
		return refuse(CodeBadField, "unknown source %.20q", r.Source)
	}
	return nil
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

// RequestType implements Request.
func (*Chat) RequestType() string { return TypeChat }

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

// Hand raises or lowers the caller's hand.
type Hand struct {
	Head
	Raised bool `json:"raised"`
}

// RequestType implements Request.
func (*Hand) RequestType() string { return TypeHand }

func (r *Hand) check() *RequestError { return nil }

// React shows one of Reactions to everyone.
type React struct {
	Head
	Emoji string `json:"emoji"`
}

// RequestType implements Request.
func (*React) RequestType() string { return TypeReact }

func (r *React) check() *RequestError {
	if !slices.Contains(Reactions[:], r.Emoji) {
		return refuse(CodeBadField, "emoji is not one of the reactions")
	}
	return nil
}

// Caption is a line typed for those who can not hear, 0 … MaxCaptionRunes
// characters. It is shown, not stored.
type Caption struct {
	Head
	Text string `json:"text"`
	// Final marks the line as complete.
	Final bool `json:"final"`
}

// RequestType implements Request.
func (*Caption) RequestType() string { return TypeCaption }

func (r *Caption) check() *RequestError {
	if n := utf8.RuneCountInString(r.Text); n > MaxCaptionRunes {
		return refuse(CodeBadField, "%d characters; the limit is %d", n, MaxCaptionRunes)
	}
	r.Text = cleanLine(r.Text)
	return nil
}

// Rename changes the caller's name.
type Rename struct {
	Head
	Name string `json:"name"`
}

// RequestType implements Request.
func (*Rename) RequestType() string { return TypeRename }

func (r *Rename) check() *RequestError {
	name, err := CleanName(r.Name)
	if err != nil {
		return refuse(CodeBadName, "%v", err)
	}
	r.Name = name
	return nil
}

// Ping asks whether the server is there, and when it last sent media to the caller.
type Ping struct{ Head }

// RequestType implements Request.
func (*Ping) RequestType() string { return TypePing }

func (r *Ping) check() *RequestError { return nil }

// Leave ends the caller's session. The reply carries a Summary; the server
// then closes the socket with 1000.
type Leave struct{ Head }

// RequestType implements Request.
func (*Leave) RequestType() string { return TypeLeave }

func (r *Leave) check() *RequestError { return nil }

// Reactions are the emoji a React may carry.
var Reactions = [...]string{"👍", "❤️", "😂", "😮", "🎉", "👏", "🤔", "👋"}
