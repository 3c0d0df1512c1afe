package access

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"

	"parley/engine/wire"
)

// Patch is a change of settings: what is nil stays.
type Patch struct {
	Title  *string `json:"title"`
	Access *Access `json:"access"`
	// Password is in clear text, and nothing keeps it. Where access is changed to
	// anything but password, the password goes.
	Password      *string    `json:"password"`
	WaitingRoom   *bool      `json:"waiting_room"`
	Limit         *int       `json:"limit"`
	NotBefore     *int64     `json:"not_before"`
	Expires       *int64     `json:"expires"`
	May           *MayPatch  `json:"may"`
	Talk          *Talk      `json:"talk"`
	Locked        *bool      `json:"locked"`
	Recording     *Recording `json:"recording"`
	Consent       *Consent   `json:"consent"`
	RetentionDays *int       `json:"retention_days"`
	Owner         *string    `json:"owner"`
	Members       *[]Member  `json:"members"` // all of them
	Banned        *[]Ban     `json:"banned"`  // all of them
}

// MayPatch is a change of May.
type MayPatch struct {
	Speak *bool `json:"speak"`
	Show  *bool `json:"show"`
	Share *bool `json:"share"`
	Chat  *bool `json:"chat"`
}

// ParsePatch reads a patch in JSON. A setting that does not exist is refused, for
// who misspells "password" must hear of it. Errors are a Refusal with
// CodeBadSettings and, where JSON says which, the field.
func ParsePatch(data []byte) (Patch, error) {
	var p Patch
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(&p)
	if err == nil {
		if _, more := dec.Token(); more == io.EOF {
			return p, nil
		}
		err = errors.New("has more than one value")
	}
	var refused *Refusal
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &refused):
		return Patch{}, refused
	case errors.As(err, &wrong):
		return Patch{}, badSettings(cmp.Or(wrong.Field, "settings"), "is of another type")
	}
	return Patch{}, badSettings("settings", err.Error())
}

// apply returns s with the patch, hash being that of its password.
func (p *Patch) apply(s Settings, hash string) (Settings, error) {
	if p.Title != nil && *p.Title != "" {
		clean, err := wire.CleanName(*p.Title)
		if err != nil {
			return s, badSettings("title", "is 1 to 64 visible characters")
		}
		s.Title = clean
	} else {
		set(&s.Title, p.Title)
	}
	set(&s.Access, p.Access)
	switch {
	case p.Password != nil:
		s.PasswordHash = hash
	case s.Access != ByPassword:
		s.PasswordHash = ""
	}
	set(&s.WaitingRoom, p.WaitingRoom)
	set(&s.Limit, p.Limit)
	set(&s.NotBefore, p.NotBefore)
	set(&s.Expires, p.Expires)
	if may := p.May; may != nil {
		set(&s.May.Speak, may.Speak)
		set(&s.May.Show, may.Show)
		set(&s.May.Share, may.Share)
		set(&s.May.Chat, may.Chat)
	}
	set(&s.Talk, p.Talk)
	set(&s.Locked, p.Locked)
	set(&s.Recording, p.Recording)
	set(&s.Consent, p.Consent)
	set(&s.RetentionDays, p.RetentionDays)
	set(&s.Owner, p.Owner)
	set(&s.Members, p.Members)
	set(&s.Banned, p.Banned)
	return s, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
