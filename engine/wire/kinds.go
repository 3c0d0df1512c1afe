package wire

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

// Values of "type" in replies.
const (
	TypeOK      = "ok"
	TypeError   = "error"
	TypeJoined  = "joined"
	TypeResumed = "resumed"
	TypeAnswer  = "answer"
)

// Values of "type" in events.
const (
	TypeParticipantJoined  = "participant_joined"
	TypeParticipantLeft    = "participant_left"
	TypeParticipantAway    = "participant_away"
	TypeParticipantRenamed = "participant_renamed"
	TypeMuted              = "muted"
	TypeChatMessage        = "chat_message"
	TypeHandChanged        = "hand_changed"
	TypeReacted            = "reacted"
	TypeCaptioned          = "captioned"
	TypeSeated             = "seated"
	TypeVacated            = "vacated"
	TypeLayerChanged       = "layer_changed"
	TypeSpeakers           = "speakers"
	TypeQuality            = "quality"
	TypeLimited            = "limited"
	TypeRecorded           = "recorded"
	TypeDraining           = "draining"
	TypeBye                = "bye"
)

// RequestTypes lists every request type in the order of PROTOCOL.md.
var RequestTypes = [...]string{
	TypeJoin, TypeResume, TypeOffer, TypeView, TypeMute, TypeChat, TypeHand,
	TypeReact, TypeCaption, TypeRename, TypePing, TypeLeave,
}

// A request knows its own type, whatever its Head says.

// RequestType implements Request.
func (*Join) RequestType() string { return TypeJoin }

// RequestType implements Request.
func (*Resume) RequestType() string { return TypeResume }

// RequestType implements Request.
func (*Offer) RequestType() string { return TypeOffer }

// RequestType implements Request.
func (*View) RequestType() string { return TypeView }

// RequestType implements Request.
func (*Mute) RequestType() string { return TypeMute }

// RequestType implements Request.
func (*Chat) RequestType() string { return TypeChat }

// RequestType implements Request.
func (*Hand) RequestType() string { return TypeHand }

// RequestType implements Request.
func (*React) RequestType() string { return TypeReact }

// RequestType implements Request.
func (*Caption) RequestType() string { return TypeCaption }

// RequestType implements Request.
func (*Rename) RequestType() string { return TypeRename }

// RequestType implements Request.
func (*Ping) RequestType() string { return TypePing }

// RequestType implements Request.
func (*Leave) RequestType() string { return TypeLeave }

// newMessage makes an empty server message of each type.
var newMessage = map[string]func() Message{
	TypeOK:                 func() Message { return new(OK) },
	TypeError:              func() Message { return new(Error) },
	TypeJoined:             func() Message { return new(Joined) },
	TypeResumed:            func() Message { return new(Resumed) },
	TypeAnswer:             func() Message { return new(Answer) },
	TypeParticipantJoined:  func() Message { return new(ParticipantJoined) },
	TypeParticipantLeft:    func() Message { return new(ParticipantLeft) },
	TypeParticipantAway:    func() Message { return new(ParticipantAway) },
	TypeParticipantRenamed: func() Message { return new(ParticipantRenamed) },
	TypeMuted:              func() Message { return new(Muted) },
	TypeChatMessage:        func() Message { return new(Chatted) },
	TypeHandChanged:        func() Message { return new(HandChanged) },
	TypeReacted:            func() Message { return new(Reacted) },
	TypeCaptioned:          func() Message { return new(Captioned) },
	TypeSeated:             func() Message { return new(Seated) },
	TypeVacated:            func() Message { return new(Vacated) },
	TypeLayerChanged:       func() Message { return new(LayerChanged) },
	TypeSpeakers:           func() Message { return new(Speakers) },
	TypeQuality:            func() Message { return new(Quality) },
	TypeLimited:            func() Message { return new(Limited) },
	TypeRecorded:           func() Message { return new(Recorded) },
	TypeDraining:           func() Message { return new(Draining) },
	TypeBye:                func() Message { return new(Bye) },
}

// Each server message knows its own type, so that Encode can not forget it.
func (m *OK) setType()                 { m.Type = TypeOK }
func (m *Error) setType()              { m.Type = TypeError }
func (m *Joined) setType()             { m.Type = TypeJoined }
func (m *Resumed) setType()            { m.Type = TypeResumed }
func (m *Answer) setType()             { m.Type = TypeAnswer }
func (m *ParticipantJoined) setType()  { m.Type = TypeParticipantJoined }
func (m *ParticipantLeft) setType()    { m.Type = TypeParticipantLeft }
func (m *ParticipantAway) setType()    { m.Type = TypeParticipantAway }
func (m *ParticipantRenamed) setType() { m.Type = TypeParticipantRenamed }
func (m *Muted) setType()              { m.Type = TypeMuted }
func (m *Chatted) setType()            { m.Type = TypeChatMessage }
func (m *HandChanged) setType()        { m.Type = TypeHandChanged }
func (m *Reacted) setType()            { m.Type = TypeReacted }
func (m *Captioned) setType()          { m.Type = TypeCaptioned }
func (m *Seated) setType()             { m.Type = TypeSeated }
func (m *Vacated) setType()            { m.Type = TypeVacated }
func (m *LayerChanged) setType()       { m.Type = TypeLayerChanged }
func (m *Speakers) setType()           { m.Type = TypeSpeakers }
func (m *Quality) setType()            { m.Type = TypeQuality }
func (m *Limited) setType()            { m.Type = TypeLimited }
func (m *Recorded) setType()           { m.Type = TypeRecorded }
func (m *Draining) setType()           { m.Type = TypeDraining }
func (m *Bye) setType()                { m.Type = TypeBye }
