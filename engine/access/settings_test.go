package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"parley/engine/wire"
)

const most = 500

var somePHC = hashPassword("tea")

// wrongField is the field that a refusal of settings is about.
func wrongField(t *testing.T, err error) string {
	t.Helper()
	var r *Refusal
	if err == nil {
		return ""
	}
	if !errors.As(err, &r) || r.Code != wire.CodeBadSettings || r.Field == "" {
		t.Fatalf("refused with %v", err)
	}
	return r.Field
}

func TestSettingsThatContradict(t *testing.T) {
	ann := Member{"ann", Speaker}
	hash := IdentityHash("a client's key")
	for name, test := range map[string]struct {
		change func(s *Settings)
		field  string
	}{
		"as by default":             {func(*Settings) {}, ""},
		"members without any":       {func(s *Settings) { s.Access = MembersOnly }, "members"},
		"members, one":              {func(s *Settings) { s.Access, s.Members = MembersOnly, []Member{ann} }, ""},
		"members, an owner":         {func(s *Settings) { s.Access, s.Owner = MembersOnly, "ann" }, ""},
		"password without one":      {func(s *Settings) { s.Access = ByPassword }, "password"},
		"password":                  {func(s *Settings) { s.Access, s.PasswordHash = ByPassword, somePHC }, ""},
		"password in an open room":  {func(s *Settings) { s.PasswordHash = somePHC }, "password"},
		"password in clear text":    {func(s *Settings) { s.Access, s.PasswordHash = ByPassword, "tea" }, "password"},
		"unknown access":            {func(s *Settings) { s.Access = "friends" }, "access"},
		"no access":                 {func(s *Settings) { s.Access = "" }, "access"},
		"unknown talk":              {func(s *Settings) { s.Talk = "turns" }, "talk"},
		"unknown recording":         {func(s *Settings) { s.Recording = "on" }, "recording"},
		"unknown consent":           {func(s *Settings) { s.Consent = "given" }, "consent"},
		"negative limit":            {func(s *Settings) { s.Limit = -1 }, "limit"},
		"the greatest limit":        {func(s *Settings) { s.Limit = most }, ""},
		"more than the greatest":    {func(s *Settings) { s.Limit = most + 1 }, "limit"},
		"ends before it begins":     {func(s *Settings) { s.NotBefore, s.Expires = 20, 10 }, "expires"},
		"ends when it begins":       {func(s *Settings) { s.NotBefore, s.Expires = 20, 20 }, "expires"},
		"begins and never ends":     {func(s *Settings) { s.NotBefore = 20 }, ""},
		"begins before 1970":        {func(s *Settings) { s.NotBefore = -1 }, "not_before"},
		"ends in ns":                {func(s *Settings) { s.Expires = 1796097054000000000 }, "expires"},
		"negative retention":        {func(s *Settings) { s.RetentionDays = -1 }, "retention_days"},
		"retention in ms":           {func(s *Settings) { s.RetentionDays = 86400000 }, "retention_days"},
		"member twice":              {func(s *Settings) { s.Members = []Member{ann, {"ann", Host}} }, "members"},
		"member without a name":     {func(s *Settings) { s.Members = []Member{{"", Host}} }, "members"},
		"member without a role":     {func(s *Settings) { s.Members = []Member{{User: "ann"}} }, "members"},
		"member with a long name":   {func(s *Settings) { s.Members = []Member{{strings.Repeat("a", 129), Host}} }, "members"},
		"member with a line break":  {func(s *Settings) { s.Members = []Member{{"a\nb", Host}} }, "members"},
		"owner as a listener":       {func(s *Settings) { s.Owner, s.Members = "ann", []Member{{"ann", Listener}} }, "members"},
		"owner as a host":           {func(s *Settings) { s.Owner, s.Members = "ann", []Member{{"ann", Host}} }, ""},
		"owner that is no text":     {func(s *Settings) { s.Owner = "\xff" }, "owner"},
		"ban of nobody":             {func(s *Settings) { s.Banned = []Ban{{By: "ann"}} }, "banned"},
		"ban of the owner":          {func(s *Settings) { s.Owner, s.Banned = "ann", []Ban{{User: "ann"}} }, "banned"},
		"ban of a member":           {func(s *Settings) { s.Members, s.Banned = []Member{ann}, []Ban{{User: "ann"}} }, "banned"},
		"ban of an identity itself": {func(s *Settings) { s.Banned = []Ban{{Identity: "a client's key"}} }, "banned"},
		"ban of an identity":        {func(s *Settings) { s.Banned = []Ban{{Identity: hash}} }, ""},
		"ban in capitals":           {func(s *Settings) { s.Banned = []Ban{{Identity: strings.ToUpper(hash)}} }, "banned"},
		"ban of an address":         {func(s *Settings) { s.Banned = []Ban{{Address: netip.MustParsePrefix("192.0.2.0/24")}} }, ""},
		"ban with a long reason":    {func(s *Settings) { s.Banned = []Ban{{User: "bob", Reason: strings.Repeat("r", 201)}} }, "banned"},
		"title with markup":         {func(s *Settings) { s.Title = "<b>Tea</b>" }, ""}, // text is shown as text
		"title that turns around":   {func(s *Settings) { s.Title = "tea\u202etxt" }, "title"},
		"title that is too long":    {func(s *Settings) { s.Title = strings.Repeat("é", 65) }, "title"},
	} {
		s := DefaultSettings()
		test.change(&s)
		if got := wrongField(t, s.Validate(most)); got != test.field {
			t.Errorf("%s: complains of %q, want %q", name, got, test.field)
		}
	}
}

// TestSettingsFitTheirEntry: however long the parts may be, the whole is bounded.
func TestSettingsFitTheirEntry(t *testing.T) {
	s := DefaultSettings()
	for i := range 400 {
		s.Members = append(s.Members, Member{fmt.Sprintf("%0128d", i), Speaker})
	}
	if err := s.Validate(most); err != nil {
		t.Fatalf("400 members with the longest names: %v", err)
	}
	for i := range 400 {
		s.Members = append(s.Members, Member{fmt.Sprintf("%0128d", 400+i), Speaker})
	}
	if got := wrongField(t, s.Validate(most)); got != "members" {
		t.Errorf("800 members: complains of %q", got)
	}
}

func TestPatch(t *testing.T) {
	s := DefaultSettings()
	s.Members = []Member{{"ann", Host}}
	s.May.Share = false
	for name, test := range map[string]struct {
		patch string
		want  func(s *Settings)
	}{
		"nothing":            {`{}`, func(*Settings) {}},
		"nulls":              {`{"limit": null, "may": null}`, func(*Settings) {}},
		"one right":          {`{"may": {"chat": false}}`, func(s *Settings) { s.May.Chat = false }},
		"the list":           {`{"members": []}`, func(s *Settings) { s.Members = []Member{} }},
		"another list":       {`{"members": [{"user": "bob", "role": "speaker"}]}`, func(s *Settings) { s.Members = []Member{{"bob", Speaker}} }},
		"a title":            {`{"title": " Tea \u202e time "}`, func(s *Settings) { s.Title = "Tea time" }},
		"waiting and limit":  {`{"waiting_room": true, "limit": 7}`, func(s *Settings) { s.WaitingRoom, s.Limit = true, 7 }},
		"a ban":              {`{"banned": [{"address": "192.0.2.0/24"}]}`, func(s *Settings) { s.Banned = []Ban{{Address: netip.MustParsePrefix("192.0.2.0/24")}} }},
		"password":           {`{"access": "password", "password": "tea"}`, func(s *Settings) { s.Access, s.PasswordHash = ByPassword, somePHC }},
		"floor and consent":  {`{"talk": "floor", "recording": "allowed", "consent": "ask"}`, func(s *Settings) { s.Talk, s.Recording, s.Consent = TalkFloor, RecordingAllowed, ConsentAsk }},
		"times and the rest": {`{"not_before": 1, "expires": 2, "retention_days": 3, "locked": true, "owner": "o"}`, func(s *Settings) { s.NotBefore, s.Expires, s.RetentionDays, s.Locked, s.Owner = 1, 2, 3, true, "o" }},
	} {
		p, err := ParsePatch([]byte(test.patch))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := s
		test.want(&want)
		if got, err := p.apply(s, somePHC); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v, want\n%+v", name, err, got, want)
		}
	}
	if s.Members[0].User != "ann" {
		t.Error("a patch changed what it was applied to")
	}
}

// TestPasswordGoesWithItsAccess: a room that is opened has no password that somebody
// takes for one.
func TestPasswordGoesWithItsAccess(t *testing.T) {
	s := DefaultSettings()
	s.Access, s.PasswordHash = ByPassword, somePHC
	open, stays := Open, false
	got, err := (&Patch{Access: &open}).apply(s, "")
	if err != nil || got.PasswordHash != "" || got.Validate(most) != nil {
		t.Errorf("opened: %+v, %v", got, err)
	}
	got, err = (&Patch{Locked: &stays}).apply(s, "")
	if err != nil || got.PasswordHash != somePHC {
		t.Errorf("otherwise changed: %+v, %v", got, err)
	}
}

func TestPatchesThatAreNone(t *testing.T) {
	for text, field := range map[string]string{
		``: "settings", `[]`: "settings", `nul`: "settings", `{} {}`: "settings", `{`: "settings",
		`{"passwort": "tea"}`: "settings", `{"password_hash": "x"}`: "settings",
		`{"limit": "7"}`: "limit", `{"limit": 1.5}`: "limit", `{"may": {"chat": 1}}`: "may.chat", `{"locked": "yes"}`: "locked",
		`{"members": [{"user": "ann", "role": "boss"}]}`: "role", `{"not_before": 1e30}`: "not_before",
	} {
		_, err := ParsePatch([]byte(text))
		if got := wrongField(t, err); got != field {
			t.Errorf("%s: complains of %q (%v), want %q", text, got, err, field)
		}
	}
}

// TestEverySettingHasAPatch: and of the same name.
func TestEverySettingHasAPatch(t *testing.T) {
	patch := map[string]bool{}
	for f := range reflect.TypeFor[Patch]().Fields() {
		patch[f.Tag.Get("json")] = true
	}
	for f := range reflect.TypeFor[Settings]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "password_hash" {
			name = "password"
		}
		if !patch[name] {
			t.Errorf("nobody can change %s", name)
		}
		delete(patch, name)
	}
	if len(patch) != 0 {
		t.Errorf("patched, and no settings: %v", patch)
	}
}

// TestPublicHasNoHash in whatever form it leaves.
func TestPublicHasNoHash(t *testing.T) {
	s := DefaultSettings()
	s.Access, s.PasswordHash = ByPassword, somePHC
	data, err := json.Marshal(s.Public())
	if err != nil || strings.Contains(string(data), "argon2") || s.PasswordHash == "" {
		t.Errorf("%s, %v", data, err)
	}
}

// FuzzSettings: what is read and valid is the same when it is written and read
// again; what is patched on is valid or refused with a field.
func FuzzSettings(f *testing.F) {
	full := DefaultSettings()
	full.Title, full.Owner, full.Members = "Tea", "o", []Member{{"ann", Host}}
	full.Banned = []Ban{{User: "bob", Address: netip.MustParsePrefix("2001:db8::/32"), At: 5, Reason: "noise"}}
	full.Access, full.PasswordHash = ByPassword, somePHC
	data, _ := json.Marshal(full)
	f.Add(data, []byte(`{"locked": true}`))
	f.Add([]byte(`{}`), []byte(`{"access": "members", "owner": "ann"}`))
	f.Add([]byte(`{"may": {"speak": null}, "access": 5}`), []byte(`{"banned": [{}]}`))
	f.Add([]byte(`null`), []byte(`{"title": "\u202e"}`))
	f.Fuzz(func(t *testing.T, data, patch []byte) {
		r, err := readRoom("", data)
		if err != nil {
			return
		}
		s := r.Settings
		if p, err := ParsePatch(patch); err == nil {
			if s, err = p.apply(s, somePHC); err != nil {
				wrongField(t, err)
				return
			}
		} else {
			wrongField(t, err)
		}
		if err := s.Validate(most); err != nil {
			wrongField(t, err)
			return
		}
		written, err := json.Marshal(s)
		if err != nil || len(written) > MaxValue {
			t.Fatalf("%d bytes, %v", len(written), err)
		}
		again, err := readRoom("", written)
		if err != nil {
			t.Fatalf("%s can not be read: %v", written, err)
		}
		if rewritten, _ := json.Marshal(again.Settings); string(rewritten) != string(written) {
			t.Fatalf("written\n%s\nread\n%s", written, rewritten)
		}
	})
}
