package wire

// EventHead is embedded in every message the server sends unasked. Seq is 0
// for messages about the receiver's own view (seated, speakers, quality, …),
// which a resumed session gets afresh.
type EventHead struct {
	Type string `json:"type"`
	Seq  uint64 `json:"seq,omitempty"`
}

func (h *EventHead) setType(name string) { h.Type = name }

// events lists every message that the server sends unasked.
var events = [...]messageKind{
	message[ParticipantJoined](),
	message[ParticipantLeft](),
	message[ParticipantAway](),
	message[ParticipantRenamed](),
	message[Muted](),
	message[Chatted](),
	message[HandChanged](),
	message[Reacted](),
	message[Captioned](),
	message[Seated](),
	message[Vacated](),
	message[LayerChanged](),
	message[Speakers](),
	message[Quality](),
	message[Limited](),
	message[Recorded](),
	message[Draining](),
	message[Bye](),
}

// ParticipantJoined: somebody entered.
type ParticipantJoined struct {
	EventHead
	Participant Participant `json:"participant"`
}

func (*ParticipantJoined) kind() string { return "participant_joined" }

// ParticipantLeft: somebody is gone. Reason is one of the Reason constants.
type ParticipantLeft struct {
	EventHead
	Participant string `json:"participant"`
	Reason      Reason `json:"reason"`
}

func (*ParticipantLeft) kind() string { return "participant_left" }

// ParticipantAway: somebody's socket was lost or is back.
type ParticipantAway struct {
	EventHead
	Participant string `json:"participant"`
	Away        bool   `json:"away"`
	// Silent: its media is not heard of either; it is not to be shown.
	Silent bool `json:"silent,omitempty"`
}

func (*ParticipantAway) kind() string { return "participant_away" }

// ParticipantRenamed: somebody has a new name.
type ParticipantRenamed struct {
	EventHead
	Participant string `json:"participant"`
	Name        string `json:"name"`
}

func (*ParticipantRenamed) kind() string { return "participant_renamed" }

// Muted: a source was turned off or on.
type Muted struct {
	EventHead
	Participant string `json:"participant"`
	Source      Source `json:"source"`
	Muted       bool   `json:"muted"`
	// Codec is set when an offer added the source to the participant.
	Codec string `json:"codec,omitempty"`
}

func (*Muted) kind() string { return "muted" }

// Chatted: a text was said. It also reaches its sender.
type Chatted struct {
	EventHead
	Message ChatMessage `json:"message"`
}

// TypeChatMessage is the type of Chatted, for those who look for texts among many
// messages without decoding them all.
const TypeChatMessage = "chat_message"

func (*Chatted) kind() string { return TypeChatMessage }

// HandChanged: a hand went up or down.
type HandChanged struct {
	EventHead
	Participant string `json:"participant"`
	Raised      bool   `json:"raised"`
	// At is when, Unix milliseconds.
	At int64 `json:"at"`
}

func (*HandChanged) kind() string { return "hand_changed" }

// Reacted: somebody showed an emoji.
type Reacted struct {
	EventHead
	Participant string `json:"participant"`
	Emoji       string `json:"emoji"`
}

func (*Reacted) kind() string { return "reacted" }

// Captioned: a caption line. Not sequenced.
type Captioned struct {
	EventHead
	Participant string `json:"participant"`
	Text        string `json:"text"`
	Final       bool   `json:"final"`
}

func (*Captioned) kind() string { return "captioned" }

// Seated: from now on seat Seat carries Participant's Source (Camera with
// Microphone, or Screen with ScreenAudio). Video false: the sound only.
type Seated struct {
	EventHead
	Seat        int    `json:"seat"`
	Participant string `json:"participant"`
	Source      Source `json:"source"`
	Video       bool   `json:"video"`
	// Problem says why no picture comes; empty: it does, or will.
	Problem Problem `json:"problem,omitempty"`
}

func (*Seated) kind() string { return "seated" }

// Problem is what keeps a seat's picture away. The packet side has the same
// words.
type Problem string

// The problems.
const (
	// ProblemCodec: the picture's codec is not among those the receiver offered.
	ProblemCodec Problem = "codec"
	// ProblemNoMedia: nothing of it arrives at the server.
	ProblemNoMedia Problem = "no_media"
	// ProblemNoKeyframe: it arrives, but not the key frame to begin with.
	ProblemNoKeyframe Problem = "no_keyframe"
)

// Vacated: seat Seat carries nothing any more.
type Vacated struct {
	EventHead
	Seat int `json:"seat"`
}

func (*Vacated) kind() string { return "vacated" }

// LayerChanged: the picture in a seat has another simulcast layer.
type LayerChanged struct {
	EventHead
	Seat int `json:"seat"`
	// Layer is the rid, empty when the sender sends only one.
	Layer string `json:"layer"`
	// Width and Height are of the picture, 0 when not known.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Reason is one of the Layer constants.
	Reason LayerReason `json:"reason"`
}

func (*LayerChanged) kind() string { return "layer_changed" }

// LayerReason says why a seat has another layer. The packet side has the same
// words.
type LayerReason string

// The reasons.
const (
	// LayerStarted: the seat's first picture of this source.
	LayerStarted LayerReason = "started"
	// LayerSize: it fits the tile better.
	LayerSize LayerReason = "size"
	// LayerAvailable: the one before is not being sent any more.
	LayerAvailable LayerReason = "available"
)

// Speakers: who speaks now, loudest first.
type Speakers struct {
	EventHead
	Speakers []Speaker `json:"speakers"`
}

func (*Speakers) kind() string { return "speakers" }

// Speaker is one person speaking.
type Speaker struct {
	Participant string `json:"participant"`
	// Level is the loudness in dB below overload, 0 (loud) … 127 (silent),
	// as in RFC 6464.
	Level int `json:"level"`
}

// Quality: how well the connections of participants do, sent when a score
// changes, with the caller's own figures every 5 s, and with those of all
// others after a join or a resume.
type Quality struct {
	EventHead
	Participants []ParticipantQuality `json:"participants"`
}

func (*Quality) kind() string { return "quality" }

// ParticipantQuality is the state of one participant's connection as the
// server sees it.
type ParticipantQuality struct {
	Participant string `json:"participant"`
	// Score is one of the Score constants.
	Score Score `json:"score"`
	// UpLoss and DownLoss are shares of packets lost, 0 … 1.
	UpLoss   float64 `json:"up_loss"`
	DownLoss float64 `json:"down_loss"`
	// RTTMS is the round trip to the server in milliseconds, 0 if unknown.
	RTTMS float64 `json:"rtt_ms"`
}

// Score judges a connection.
type Score string

// The scores, best first.
const (
	ScoreExcellent Score = "excellent"
	ScoreGood      Score = "good"
	ScorePoor      Score = "poor"
	ScoreLost      Score = "lost"
)

// Limited: the receiver sends more of a source than the server passes on. Of one
// that is muted LimitBPS is 0.
type Limited struct {
	EventHead
	Source Source      `json:"source"`
	Reason LimitReason `json:"reason"`
	// LimitBPS is how much is passed on, in bits per second.
	LimitBPS uint64 `json:"limit_bps"`
}

func (*Limited) kind() string { return "limited" }

// LimitReason says what there is too much of.
type LimitReason string

// The reasons.
const (
	// LimitRate: bits per second.
	LimitRate LimitReason = "rate"
	// LimitMuted: anything, for it is muted.
	LimitMuted LimitReason = "muted"
)

// Recorded: what joined left open with record_pending is decided.
type Recorded struct {
	EventHead
	Recorded bool `json:"recorded"`
}

func (*Recorded) kind() string { return "recorded" }

// Draining: the server will stop; new meetings are refused.
type Draining struct {
	EventHead
	// InMS is when the connection will be ended, in milliseconds from now.
	InMS int64 `json:"in_ms"`
}

func (*Draining) kind() string { return "draining" }

// Bye is the last message before the server closes the socket.
type Bye struct {
	EventHead
	Code    Code     `json:"code"`
	Message string   `json:"message"`
	Summary *Summary `json:"summary,omitempty"`
	// Retryable says whether a new join makes sense.
	Retryable bool `json:"retryable"`
}

func (*Bye) kind() string { return "bye" }

// Reason says why a participant is gone.
type Reason string

// The reasons, as kept in the meeting record.
const (
	ReasonLeft      Reason = "left"
	ReasonLost      Reason = "lost"
	ReasonDuplicate Reason = "duplicate_identity"
	ReasonRemoved   Reason = "removed"
	ReasonShutdown  Reason = "shutdown"
	ReasonFailed    Reason = "failed"
	// ReasonMoved: the room went to another node.
	ReasonMoved Reason = "moved"
	// ReasonCrashed closes intervals that were open when the server died.
	ReasonCrashed Reason = "crashed"
)
