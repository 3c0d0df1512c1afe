package access

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/golang-jwt/jwt/v5"

	"parley/engine/wire"
)

// Claims are what a token says, shaped like LiveKit's, so that a program that makes
// those can make these. Role is ours besides.
type Claims struct {
	// For jwt.Claims only: nothing of it is read, written or validated.
	jwt.RegisteredClaims `json:"-"`

	Issuer string `json:"iss,omitempty"` // the key's id, if the header has no kid
	// Subject is the user; a token without one lets in somebody nobody knows.
	Subject   Subject `json:"sub,omitempty"`
	IssuedAt  Seconds `json:"iat,omitempty"`
	NotBefore Seconds `json:"nbf,omitempty"`
	Expires   Seconds `json:"exp,omitempty"` // required
	ID        string  `json:"jti,omitempty"`
	// Name wins over what the client calls itself.
	Name       string            `json:"name,omitempty"`
	Metadata   string            `json:"metadata,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// Role wins over what the grants in Video would make of it.
	Role  Role  `json:"role,omitempty"`
	Video Video `json:"video"`
}

// Video are the grants of a token. What is nil is granted, but for
// CanUpdateOwnMetadata, where it is as the role says.
type Video struct {
	// Room is the room's name; empty: every room that the key may let into.
	Room       string `json:"room,omitempty"`
	RoomJoin   bool   `json:"roomJoin,omitempty"`
	RoomAdmin  bool   `json:"roomAdmin,omitempty"`  // a host, and may join
	RoomCreate bool   `json:"roomCreate,omitempty"` // read and without effect: who may join may open
	CanPublish *bool  `json:"canPublish,omitempty"` // false: a listener
	// CanPublishSources, if there are any, are the only ones: camera, microphone,
	// screen_share, screen_share_audio.
	CanPublishSources []string `json:"canPublishSources,omitempty"`
	CanSubscribe      *bool    `json:"canSubscribe,omitempty"`
	// CanPublishData false takes away texts too, which are such data where this
	// claim comes from.
	CanPublishData       *bool `json:"canPublishData,omitempty"`
	CanUpdateOwnMetadata *bool `json:"canUpdateOwnMetadata,omitempty"`
	Hidden               bool  `json:"hidden,omitempty"`
}

// Subject is a user in a token, where it may be a whole number as well: 42 is the
// user "42".
type Subject string

// UnmarshalJSON implements json.Unmarshaler.
func (s *Subject) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	} else {
		if len(data) > MaxUser || slices.ContainsFunc(data, func(c byte) bool { return c != '-' && (c < '0' || c > '9') }) {
			return fmt.Errorf("sub is neither a string nor a whole number")
		}
		text = string(data)
	}
	*s = Subject(text)
	return nil
}

// Seconds is a time in a token, since 1970 (RFC 7519, NumericDate), without what is
// below a second; 0 for none.
type Seconds int64

// maxSeconds is the year 9999.
const maxSeconds = maxMillis / 1000

// UnmarshalJSON implements json.Unmarshaler.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(string(data), 64)
	if err != nil || !(f >= 0 && f <= maxSeconds) {
		return fmt.Errorf("not a time in seconds")
	}
	*s = Seconds(f)
	return nil
}

// Bounds of what a token says about a participant, in bytes.
const (
	MaxMetadata   = 4 << 10
	MaxAttributes = 4 << 10 // all keys and values together
	MaxTokenID    = 100
)

// tidy brings the name into the form in which it is shown, and reports whether all
// is within its bounds.
func (c *Claims) tidy() bool {
	if c.Name != "" {
		clean, err := wire.CleanName(c.Name)
		if err != nil {
			return false
		}
		c.Name = clean
	}
	attributes := 0
	for k, v := range c.Attributes {
		attributes += len(k) + len(v)
	}
	return (c.Subject == "" || validUser(string(c.Subject))) &&
		len(c.ID) <= MaxTokenID && plain(c.ID) && len(c.Metadata) <= MaxMetadata && attributes <= MaxAttributes
}

// namesRole reports whether the token settles the role, and which it is.
func (c *Claims) namesRole() (Role, bool) {
	switch {
	case c.Role != NoRole:
		return c.Role, true
	case c.Video.RoomAdmin:
		return Host, true
	case isFalse(c.Video.CanPublish):
		return Listener, true
	}
	return Speaker, false
}

// mayJoin reports whether the token is for entering a room at all.
func (c *Claims) mayJoin() bool {
	return c.Video.RoomJoin || c.Video.RoomAdmin || c.Role != NoRole
}

// showing are the rights to do what others see a participant do.
const showing = MaySpeak | MayShow | MayShare | MayChat | MayRaiseHand | MayReact | MayCaption | MayRename

// denied are the rights that the token takes away. Who is hidden shows nothing, for
// others would not know whose it is; and who is called by the token is not renamed,
// unless it says that he may be.
func (c *Claims) denied() (denied Right) {
	v := &c.Video
	if isFalse(v.CanPublish) {
		denied |= MaySpeak | MayShow | MayShare
	}
	if len(v.CanPublishSources) > 0 {
		denied |= (MaySpeak | MayShow | MayShare) &^ sourceRights(v.CanPublishSources)
	}
	if isFalse(v.CanSubscribe) {
		denied |= MaySubscribe
	}
	if isFalse(v.CanPublishData) {
		denied |= MayData | MayChat
	}
	if isFalse(v.CanUpdateOwnMetadata) {
		denied |= MayUpdateMetadata | MayRename
	}
	if c.Name != "" && v.CanUpdateOwnMetadata == nil {
		denied |= MayRename
	}
	if v.Hidden {
		denied |= showing
	}
	return denied
}

// sourceRights are the rights to send the sources that a token names. A screen and
// its sound are one right.
func sourceRights(sources []string) (rights Right) {
	for _, s := range sources {
		switch s {
		case "microphone":
			rights |= MaySpeak
		case "camera":
			rights |= MayShow
		case "screen_share", "screen_share_audio":
			rights |= MayShare
		}
	}
	return rights
}

func isFalse(b *bool) bool { return b != nil && !*b }
