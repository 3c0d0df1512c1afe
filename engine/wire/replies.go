package wire

// replies lists every message that answers a request.
var replies = [...]messageKind{
	message[OK](),
	message[Error](),
	message[Joined](),
	message[Resumed](),
	message[Answer](),
}

// OK answers a request that has no reply type of its own.
type OK struct {
	Head
	// Message is set for a chat.
	Message *ChatMessage `json:"message,omitempty"`
	// Summary is set for a leave.
	Summary *Summary `json:"summary,omitempty"`
	// SentMS is set for a ping of who was sent media: how long ago, at most.
	SentMS *int64 `json:"sent_ms,omitempty"`
}

func (*OK) kind() string { return "ok" }

// Error answers a request that was refused. ID is 0 when the request's id
// could not be read.
type Error struct {
	Head
	Code Code `json:"code"`
	// Message is for developers, in English; clients translate Code.
	Message string `json:"message"`
	// RetryAfterMS is set where trying again later makes sense.
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
	// Limit names the limit that was reached, as its flag does: "joins" is
	// --limit-joins. Only with rate_limited, and not for all that is limited.
	Limit string `json:"limit,omitempty"`
}

func (*Error) kind() string { return "error" }

// Joined answers a Join.
type Joined struct {
	Head
	// Participant is the caller's own id in this meeting.
	Participant string `json:"participant"`
	// Room is the room's key, Title its name as who opened it typed it; empty in
	// an echo room.
	Room    string `json:"room"`
	Title   string `json:"title,omitempty"`
	Meeting string `json:"meeting"`
	// Recorded says that the caller's stay is on disk. False in echo rooms, and
	// when the storage failed or took too long: meetings go on without.
	Recorded bool `json:"recorded"`
	// RecordPending: it took too long, and may be on disk yet; Recorded, the
	// event, tells.
	RecordPending bool `json:"record_pending,omitempty"`
	// StartedAt is when the meeting began, Unix milliseconds.
	StartedAt int64 `json:"started_at"`
	// Seq is the last event already contained in this message.
	Seq uint64 `json:"seq"`
	// Resume is the secret for Resume and for the rating of this meeting.
	Resume string `json:"resume"`
	// ResumeMS is how long a lost session is kept.
	ResumeMS int64  `json:"resume_ms"`
	Answer   string `json:"answer"`
	// Problems are the sections that the answer rejects although the client
	// wants them.
	Problems []SectionProblem `json:"problems,omitempty"`
	// Participants holds everyone including the caller, in join order.
	Participants []Participant `json:"participants"`
	// Chat holds the last texts of the room, oldest first.
	Chat []ChatMessage `json:"chat"`
	// Hands holds participant ids, longest raised first.
	Hands []string `json:"hands"`
	// ServerTime is Unix milliseconds.
	ServerTime int64  `json:"server_time"`
	Version    string `json:"version"`
	Limits     Limits `json:"limits"`
}

func (*Joined) kind() string { return "joined" }

// Resumed answers a Resume. The missed events follow as ordinary messages,
// then the current seats and speakers.
type Resumed struct {
	Head
	Seq        uint64 `json:"seq"`
	ServerTime int64  `json:"server_time"`
}

func (*Resumed) kind() string { return "resumed" }

// Answer answers an Offer.
type Answer struct {
	Head
	Answer string `json:"answer"`
	// Problems are as in Joined.
	Problems []SectionProblem `json:"problems,omitempty"`
}

func (*Answer) kind() string { return "answer" }

// SectionProblem says why a section of an offer was rejected. What it was for
// is as if it had not been offered.
type SectionProblem struct {
	MID string `json:"mid"`
	// Source is what it was to carry, Seat of which seat it was to be a half.
	// A section that was given no use has neither.
	Source Source `json:"source,omitempty"`
	Seat   *int   `json:"seat,omitempty"`
	Code   Code   `json:"code"`
	// Message is for developers, in English.
	Message string `json:"message"`
}

// Participant is one person in a room as others see them.
type Participant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// JoinedAt is Unix milliseconds.
	JoinedAt int64 `json:"joined_at"`
	// Away is true while the signalling socket is lost.
	Away bool `json:"away,omitempty"`
	// Silent is true while the media is not heard of either, see
	// ParticipantAway.
	Silent bool `json:"silent,omitempty"`
	// Sources holds what the participant can send.
	Sources map[Source]SourceState `json:"sources"`
}

// Kind says what a participant is.
type Kind string

// The kinds. KindEcho is the other side of a setup test.
const (
	KindPerson Kind = "person"
	KindEcho   Kind = "echo"
)

// SourceState tells about one source of a participant.
type SourceState struct {
	Muted bool `json:"muted"`
	// Codec is the SDP encoding name, for example "opus" or "VP8".
	Codec string `json:"codec"`
}

// ChatMessage is one text.
type ChatMessage struct {
	// ID is unique in the room and sorts by time.
	ID  string `json:"id"`
	Key string `json:"key"`
	// Participant may have left long ago; Name is the name at that time.
	Participant string `json:"participant"`
	Name        string `json:"name"`
	// At is Unix milliseconds.
	At   int64  `json:"at"`
	Text string `json:"text"`
	// To is set for a private text.
	To string `json:"to,omitempty"`
}

// Summary is what a participant gets to know at the end.
type Summary struct {
	Meeting    string `json:"meeting"`
	JoinedAt   int64  `json:"joined_at"`
	LeftAt     int64  `json:"left_at"`
	DurationMS int64  `json:"duration_ms"`
	// Peak is the most people at once so far.
	Peak int `json:"peak"`
	// Messages counts the texts to everyone while the caller was there.
	Messages int `json:"messages"`
}

// Limits tells a client what it may send.
type Limits struct {
	ChatRunes    int `json:"chat_runes"`
	NameRunes    int `json:"name_runes"`
	CaptionRunes int `json:"caption_runes"`
	Seats        int `json:"seats"`
	MessageBytes int `json:"message_bytes"`
	// MuteFrom: who joins with so many others there should begin muted; 0 never.
	MuteFrom int `json:"mute_from"`
}
