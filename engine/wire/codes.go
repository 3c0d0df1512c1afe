package wire

// Code is a stable machine-readable error code.
type Code string

// Codes of messages that can not be taken.
const (
	CodeBadJSON      Code = "bad_json"
	CodeTooDeep      Code = "too_deep"
	CodeTooLarge     Code = "too_large"
	CodeUnknownType  Code = "unknown_type"
	CodeMissingField Code = "missing_field"
	CodeBadField     Code = "bad_field"
	CodeRateLimited  Code = "rate_limited"
	CodeBadOrder     Code = "bad_order"
	CodeNotJoined    Code = "not_joined"
	CodeJoinedTwice  Code = "already_joined"
)

// Codes of joining and resuming.
const (
	CodeBadRoom    Code = "bad_room"
	CodeBadName    Code = "bad_name"
	CodeRoomFull   Code = "room_full"
	CodeServerFull Code = "server_full"
	// CodeTooManyRooms: one address has opened all the rooms it may.
	CodeTooManyRooms Code = "too_many_rooms"
	CodeDraining     Code = "draining"
	// CodeServerBusy: too many wait for the same thing.
	CodeServerBusy Code = "server_busy"
	// CodeUnavailable: what decides about joins can not be reached.
	CodeUnavailable Code = "unavailable"
	// CodeDenied: who decides about joins said no.
	CodeDenied      Code = "denied"
	CodeResumeGone  Code = "resume_gone"
	CodeBadSDP      Code = "bad_sdp"
	CodeSDPProfile  Code = "sdp_profile"
	CodeSDPTooLarge Code = "sdp_too_large"
	CodeSDPMismatch Code = "sdp_mismatch"
	CodeNoCodec     Code = "no_codec"
	CodeTooManySeat Code = "too_many_seats"
)

// Codes of who may enter a room, and of changing that.
const (
	// CodeNoSuchRoom: only rooms that were made before can be entered.
	CodeNoSuchRoom Code = "no_such_room"
	// CodeNotYet and CodeExpired: it is before or after the room's time.
	CodeNotYet  Code = "not_yet"
	CodeExpired Code = "expired"
	CodeLocked  Code = "locked"
	CodeBanned  Code = "banned"
	// CodeNotListed: the room is for its members.
	CodeNotListed      Code = "not_listed"
	CodePasswordNeeded Code = "password_needed"
	CodeBadPassword    Code = "bad_password"
	CodeTokenNeeded    Code = "token_needed"
	// CodeBadToken: not authentic, for whatever reason.
	CodeBadToken     Code = "bad_token"
	CodeTokenExpired Code = "token_expired"
	CodeTokenEarly   Code = "token_early"
	CodeTokenRoom    Code = "token_room"
	// CodeRevoked: the token was taken back. It also ends connections.
	CodeRevoked     Code = "revoked"
	CodeBadSettings Code = "bad_settings"
)

// Codes of requests inside a room.
const (
	// CodeNotAllowed: the caller is there without the right to this.
	CodeNotAllowed    Code = "not_allowed"
	CodeNoParticipant Code = "no_such_participant"
	CodeNoSource      Code = "no_such_source"
	CodeChatTooLong   Code = "chat_too_long"
	CodeStoreFailed   Code = "store_failed"
	// CodeUnknownOutcome: the text is on its way to disk, and may be said yet or
	// not; the same key sent again settles it.
	CodeUnknownOutcome Code = "unknown_outcome"
	// CodeChatFull: the room, or the address, has stored all the texts it may.
	CodeChatFull Code = "chat_full"
)

// Codes that end a connection.
const (
	CodeDuplicate   Code = "duplicate_identity"
	CodeRemoved     Code = "removed"
	CodeEnded       Code = "ended"
	CodeShutdown    Code = "shutdown"
	CodeMediaFailed Code = "media_failed"
	CodeTimeout     Code = "timeout"
	CodeInternal    Code = "internal"
	// CodeReplaced: the session was resumed on another socket.
	CodeReplaced Code = "replaced"
	// CodeMoved: the room belongs to another node. It also refuses joins.
	CodeMoved Code = "moved"
	// CodeYielded: nobody else was in the room, and the server was full.
	CodeYielded Code = "room_yielded"
)

// Bounds on what clients send. Bytes unless the name says otherwise.
const (
	// MaxMessage bounds every message; only Join and Offer may pass
	// MaxSmallMessage.
	MaxMessage      = 384 << 10
	MaxSmallMessage = 64 << 10
	MaxDepth        = 8
	// MaxSDP holds MaxSeats as a browser offers them by itself, 6.1 KB each with
	// all codecs of today's Chromium, and a quarter more.
	MaxSDP = 320 << 10
	// MaxRoomRunes bounds the key of a room's name, MaxRoomTyped what is typed for
	// it: a character that is taken apart has up to 9 bytes.
	MaxRoomRunes    = 64
	MaxRoomTyped    = 1024
	MaxNameRunes    = 64
	MaxChatRunes    = 4000
	MaxCaptionRunes = 300
	MaxIdentity     = 128
	MaxKey          = 64
	MaxSeats        = 40
	MaxViewItems    = 256
	MaxTile         = 8192 // pixels, width and height of a view item
	MaxToken        = 512
	MaxMID          = 32
	MaxCodec        = 32 // of a codec's name
	MaxParticipant  = 64 // of a participant id
	// MaxHistory and MaxHistoryBytes bound the chat in Joined: the newest
	// texts that fit both.
	MaxHistory      = 200
	MaxHistoryBytes = 256 << 10
	// MaxID is the largest request id, the largest integer a JavaScript
	// number holds exactly.
	MaxID = 1<<53 - 1
)
