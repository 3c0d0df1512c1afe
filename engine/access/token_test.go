package access

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/engine/wire"
)

var at = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// ring are keys of tests: one of each kind.
type ring struct {
	hs, ed  *Key
	private ed25519.PrivateKey
}

func newRing() ring {
	public, private, _ := ed25519.GenerateKey(nil)
	return ring{
		&Key{ID: "pk_hs", Algorithm: HS256, Secret: newSecret(), Scopes: []Scope{ScopeJoin}},
		&Key{ID: "pk_ed", Algorithm: EdDSA, Public: public, Scopes: []Scope{ScopeJoin}}, private,
	}
}

// fixedRing has the same keys in every process.
func fixedRing() ring {
	r := newRing()
	r.private = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	r.hs.Secret, r.ed.Public = strings.Repeat("s", 43), r.private.Public().(ed25519.PublicKey)
	return r
}

func (r ring) find(id string) *Key {
	for _, k := range []*Key{r.hs, r.ed} {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// claimed are claims that are good for an hour, with changes.
func claimed(change func(c *Claims)) Claims {
	c := Claims{
		Subject: "ann", ID: "t1", IssuedAt: Seconds(at.Unix()), Expires: Seconds(at.Add(time.Hour).Unix()),
		Video: Video{Room: "tea", RoomJoin: true},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func (r ring) hsToken(t testing.TB, change func(c *Claims)) string {
	t.Helper()
	token, err := SignHS256(claimed(change), r.hs.ID, r.hs.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (r ring) edToken(t testing.TB, change func(c *Claims)) string {
	t.Helper()
	token, err := SignEdDSA(claimed(change), r.ed.ID, r.private)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge makes a token of any header and claims, signed with HMAC by key.
func forge(header, claims string, key []byte) string {
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(text))
	return text + "." + b64(sum.Sum(nil))
}

func TestGoodTokens(t *testing.T) {
	r := newRing()
	exp := fmt.Sprint(at.Add(time.Hour).Unix())
	for name, test := range map[string]struct{ token, user string }{
		"HS256":     {r.hsToken(t, nil), "ann"},
		"EdDSA":     {r.edToken(t, nil), "ann"},
		"iss only":  {forge(`{"alg":"HS256"}`, `{"iss":"pk_hs","sub":"x","exp":`+exp+`}`, []byte(r.hs.Secret)), "x"},
		"a number":  {forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"sub":9007199254740993,"exp":`+exp+`}`, []byte(r.hs.Secret)), "9007199254740993"},
		"no sub":    {forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"sub":null,"exp":`+exp+`.5}`, []byte(r.hs.Secret)), ""},
		"jwk, jku":  {forge(`{"alg":"HS256","kid":"pk_hs","jwk":{"kty":"oct","k":"AA"},"jku":"https://example.org"}`, `{"exp":`+exp+`}`, []byte(r.hs.Secret)), ""},
		"kid first": {forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"iss":"pk_ed","exp":`+exp+`}`, []byte(r.hs.Secret)), ""},
	} {
		v, bad := verifyToken(test.token, at, r.find)
		if bad != "" || string(v.claims.Subject) != test.user || v.id == "" {
			t.Errorf("%s: %s, user %q, id %q", name, bad, v.claims.Subject, v.id)
		}
	}
}

func TestBadTokens(t *testing.T) {
	r := newRing()
	exp := fmt.Sprint(at.Add(time.Hour).Unix())
	good, claims := r.hsToken(t, nil), `{"sub":"ann","exp":`+exp+`}`
	secret := []byte(r.hs.Secret)
	none := forge(`{"alg":"none","kid":"pk_hs"}`, claims, secret)
	stranger := newRing()
	for name, token := range map[string]string{
		"empty":                   "",
		"one mebibyte":            strings.Repeat("a", 1<<20),
		"100,000 dots":            strings.Repeat(".", 100_000),
		"two dots":                "..",
		"four parts":              good + ".x",
		"long but else good":      r.hsToken(t, func(c *Claims) { c.Attributes = map[string]string{"a": strings.Repeat("a", MaxToken)} }),
		"alg none":                none,
		"alg none, unsigned":      none[:strings.LastIndexByte(none, '.')+1],
		"alg None":                forge(`{"alg":"None","kid":"pk_hs"}`, claims, secret),
		"no alg":                  forge(`{"kid":"pk_hs"}`, claims, secret),
		"alg RS256":               forge(`{"alg":"RS256","kid":"pk_hs"}`, claims, secret),
		"alg HS512":               forge(`{"alg":"HS512","kid":"pk_hs"}`, claims, secret),
		"alg as a list":           forge(`{"alg":["HS256"],"kid":"pk_hs"}`, claims, secret),
		"public key as a secret":  forge(`{"alg":"HS256","kid":"pk_ed"}`, claims, r.ed.Public),
		"HS256 said to be EdDSA":  forge(`{"alg":"EdDSA","kid":"pk_hs"}`, claims, secret),
		"unknown kid":             forge(`{"alg":"HS256","kid":"pk_no"}`, claims, secret),
		"kid of no type":          forge(`{"alg":"HS256","kid":5}`, claims, secret),
		"kid as a path":           forge(`{"alg":"HS256","kid":"../pk_hs"}`, claims, secret),
		"empty secret":            forge(`{"alg":"HS256","kid":""}`, claims, nil),
		"another's secret":        stranger.hsToken(t, nil),
		"another's Ed25519":       stranger.edToken(t, nil),
		"critical header":         forge(`{"alg":"HS256","kid":"pk_hs","crit":["b64"],"b64":false}`, claims, secret),
		"own key in the header":   forge(`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}`, claims, []byte{0, 0, 0}),
		"claims cut off":          good[:20] + good[24:],
		"signature cut off":       good[:len(good)-4],
		"padding":                 good + "=",
		"space":                   good + " ",
		"a line break":            good + "\n",
		"a line break within":     good[:len(good)-5] + "\r\n" + good[len(good)-5:],
		"claims of another":       forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"sub":"bob"}`, []byte("x")),
		"no exp":                  forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"sub":"ann"}`, secret),
		"exp as text":             forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"exp":"`+exp+`"}`, secret),
		"exp beyond all times":    forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"exp":1e300}`, secret),
		"exp in ms":               forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"exp":`+exp+`000}`, secret),
		"negative exp":            forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"exp":-1}`, secret),
		"claims null":             forge(`{"alg":"HS256","kid":"pk_hs"}`, `null`, secret),
		"claims a list":           forge(`{"alg":"HS256","kid":"pk_hs"}`, `[]`, secret),
		"deep claims":             forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"video":`+strings.Repeat("[", 4000), secret),
		"sub a fraction":          forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"sub":1.5,"exp":`+exp+`}`, secret),
		"sub an object":           forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"sub":{},"exp":`+exp+`}`, secret),
		"sub of 129 bytes":        r.hsToken(t, func(c *Claims) { c.Subject = Subject(strings.Repeat("a", 129)) }),
		"sub with a line break":   r.hsToken(t, func(c *Claims) { c.Subject = "a\nb" }),
		"an unknown role":         forge(`{"alg":"HS256","kid":"pk_hs"}`, `{"role":"boss","exp":`+exp+`}`, secret),
		"valid for 400 days":      r.hsToken(t, func(c *Claims) { c.Expires += 400 * 86400 }),
		"valid for 400 days, iat": r.hsToken(t, func(c *Claims) { c.IssuedAt, c.Expires = c.IssuedAt-399*86400, c.Expires+86400 }),
		"a name of nothing":       r.hsToken(t, func(c *Claims) { c.Name = "\u202e" }),
		"much metadata":           r.hsToken(t, func(c *Claims) { c.Metadata = strings.Repeat("m", MaxMetadata+1) }),
		"many attributes":         r.hsToken(t, func(c *Claims) { c.Attributes = map[string]string{"a": strings.Repeat("m", MaxAttributes)} }),
	} {
		if _, bad := verifyToken(token, at, r.find); bad != wire.CodeBadToken {
			t.Errorf("%s: %q, want bad_token", name, bad)
		}
	}
}

// TestTokenTimes: at the second, with the leeway of clocks.
func TestTokenTimes(t *testing.T) {
	r := newRing()
	for name, test := range map[string]struct {
		change func(c *Claims)
		want   wire.Code
	}{
		"expired long ago":        {func(c *Claims) { c.Expires, c.IssuedAt = Seconds(at.Unix()-3600), Seconds(at.Unix()-7200) }, wire.CodeTokenExpired},
		"expired by the leeway":   {func(c *Claims) { c.Expires = Seconds(at.Unix() - 30) }, wire.CodeTokenExpired},
		"expired within it":       {func(c *Claims) { c.Expires = Seconds(at.Unix() - 29) }, ""},
		"begins within it":        {func(c *Claims) { c.NotBefore = Seconds(at.Unix() + 30) }, ""},
		"begins later":            {func(c *Claims) { c.NotBefore = Seconds(at.Unix() + 31) }, wire.CodeTokenEarly},
		"made in the future":      {func(c *Claims) { c.IssuedAt = Seconds(at.Unix() + 31) }, wire.CodeTokenEarly},
		"made by a fast clock":    {func(c *Claims) { c.IssuedAt = Seconds(at.Unix() + 30) }, ""},
		"made at no time":         {func(c *Claims) { c.IssuedAt = 0 }, ""},
		"valid for 366 days":      {func(c *Claims) { c.Expires = Seconds(at.Add(MaxTokenLife).Unix()) }, ""},
		"expired, and too early":  {func(c *Claims) { c.Expires, c.NotBefore = 1, Seconds(at.Unix()+99) }, wire.CodeTokenExpired},
		"expired, made too early": {func(c *Claims) { c.Expires, c.IssuedAt = 5, Seconds(at.Unix()+99) }, wire.CodeTokenExpired},
	} {
		for _, token := range []string{r.hsToken(t, test.change), r.edToken(t, test.change)} {
			if _, bad := verifyToken(token, at, r.find); bad != test.want {
				t.Errorf("%s: %q, want %q", name, bad, test.want)
			}
		}
	}
}

// TestUnknownKeyTakesAsLongAsAWrongOne: with EdDSA the signature is most of the time.
func TestUnknownKeyTakesAsLongAsAWrongOne(t *testing.T) {
	r := newRing()
	_, other, _ := ed25519.GenerateKey(nil)
	signed := func(kid string) string {
		token, err := SignEdDSA(claimed(nil), kid, other)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	tokens := map[string]string{"a wrong signature": signed("pk_ed"), "an unknown key": signed("pk_00"), "a key of the other kind": signed("pk_hs")}
	least := map[string]time.Duration{}
	for range 150 { // in turns, for the machine may be busy
		for name, token := range tokens {
			begin := time.Now()
			if _, bad := verifyToken(token, at, r.find); bad != wire.CodeBadToken {
				t.Fatal(bad)
			}
			if took := time.Since(begin); least[name] == 0 || took < least[name] {
				least[name] = took
			}
		}
	}
	for name, took := range least { // without a signature it would be a fifth
		if base := least["a wrong signature"]; took < base/2 || took > base*2 {
			t.Errorf("%s takes %v, a wrong signature %v", name, took, base)
		}
	}
}

func TestClaimsAsRightsAndRoles(t *testing.T) {
	no, yes := false, true
	const sending = MaySpeak | MayShow | MayShare
	for name, test := range map[string]struct {
		change func(c *Claims)
		role   Role
		named  bool
		deny   Right
		joins  bool
	}{
		"to join":               {func(*Claims) {}, Speaker, false, 0, true},
		"nothing":               {func(c *Claims) { c.Video.RoomJoin = false }, Speaker, false, 0, false},
		"an admin":              {func(c *Claims) { c.Video = Video{RoomAdmin: true} }, Host, true, 0, true},
		"an admin as a speaker": {func(c *Claims) { c.Video.RoomAdmin, c.Role = true, Speaker }, Speaker, true, 0, true},
		"a role alone":          {func(c *Claims) { c.Video, c.Role = Video{}, Cohost }, Cohost, true, 0, true},
		"not to publish":        {func(c *Claims) { c.Video.CanPublish = &no }, Listener, true, sending, true},
		"to publish":            {func(c *Claims) { c.Video.CanPublish = &yes }, Speaker, false, 0, true},
		"a host who is unheard": {func(c *Claims) { c.Video.CanPublish, c.Role = &no, Host }, Host, true, sending, true},
		"a microphone":          {func(c *Claims) { c.Video.CanPublishSources = []string{"microphone"} }, Speaker, false, MayShow | MayShare, true},
		"a screen":              {func(c *Claims) { c.Video.CanPublishSources = []string{"screen_share"} }, Speaker, false, MaySpeak | MayShow, true},
		"no source there is":    {func(c *Claims) { c.Video.CanPublishSources = []string{"smell"} }, Speaker, false, sending, true},
		"no seats":              {func(c *Claims) { c.Video.CanSubscribe = &no }, Speaker, false, MaySubscribe, true},
		"no data":               {func(c *Claims) { c.Video.CanPublishData = &no }, Speaker, false, MayData | MayChat, true},
		"own words fixed":       {func(c *Claims) { c.Video.CanUpdateOwnMetadata = &no }, Speaker, false, MayUpdateMetadata | MayRename, true},
		"a name":                {func(c *Claims) { c.Name = "Ann" }, Speaker, false, MayRename, true},
		"a name to change":      {func(c *Claims) { c.Name, c.Video.CanUpdateOwnMetadata = "Ann", &yes }, Speaker, false, 0, true},
		"hidden":                {func(c *Claims) { c.Video.Hidden = true }, Speaker, false, showing, true},
	} {
		c := claimed(test.change)
		role, named := c.namesRole()
		if role != test.role || named != test.named || c.denied() != test.deny || c.mayJoin() != test.joins {
			t.Errorf("%s: %s (named %v) without %q, joins %v", name, role, named, c.denied(), c.mayJoin())
		}
	}
}

// TestLiveKitTokenIsRead: a token as LiveKit's SDK for Go makes it, who has no iat.
func TestLiveKitTokenIsRead(t *testing.T) {
	r := newRing()
	nbf := at.Unix()
	claims := fmt.Sprintf(`{"exp":%d,"identity":"ann","iss":"pk_hs","kind":"standard","metadata":"m","name":"Ann","nbf":%d,"sub":"ann",`+
		`"video":{"room":"tea","roomJoin":true,"canPublishSources":["microphone","camera"],"agent":false},"sip":{}}`, nbf+600, nbf)
	v, bad := verifyToken(forge(`{"alg":"HS256","typ":"JWT"}`, claims, []byte(r.hs.Secret)), at, r.find)
	if bad != "" {
		t.Fatal(bad)
	}
	g := v.grant()
	if g.User != "ann" || g.Name != "Ann" || g.Metadata != "m" || g.KeyID != "pk_hs" || !g.IssuedAt.Equal(at) || g.Deny != MayShare|MayRename {
		t.Errorf("%+v", g)
	}
}

// TestTokenWithoutIDHasOne: so that it can be revoked, and whatever its signature.
func TestTokenWithoutIDHasOne(t *testing.T) {
	r := newRing()
	ids := map[string]bool{}
	for _, user := range []Subject{"ann", "bob", "ann"} {
		v, bad := verifyToken(r.edToken(t, func(c *Claims) { c.ID, c.Subject = "", user }), at, r.find)
		if bad != "" || len(v.id) != 32 {
			t.Fatalf("%q, id %q", bad, v.id)
		}
		ids[v.id] = true
	}
	if len(ids) != 2 {
		t.Errorf("%d ids of two tokens", len(ids))
	}
}

// FuzzToken: nothing but what a key has signed is taken, and what is taken is within
// its bounds.
func FuzzToken(f *testing.F) {
	r := fixedRing()
	f.Add(r.hsToken(f, nil), []byte(`{"alg":"HS256","kid":"pk_hs"}`), []byte(`{"sub":5,"exp":1796115600}`))
	f.Add(r.edToken(f, nil), []byte(`{"alg":"none"}`), []byte(`{"exp":1e9,"iat":-0,"video":{"canPublish":null}}`))
	f.Add("..", []byte(`{"kid":7,"crit":[]}`), []byte(`null`))
	f.Add(strings.Repeat(".", 99), []byte(`{`), []byte(`{"attributes":{"a":"b"},"role":""}`))
	genuine := []string{r.hsToken(f, nil), r.edToken(f, nil)}
	f.Fuzz(func(t *testing.T, token string, header, claims []byte) {
		if v, bad := verifyToken(token, at, r.find); bad != wire.CodeBadToken && !slices.Contains(genuine, token) {
			t.Fatalf("took a token of nobody: %q, %+v", bad, v.claims)
		}
		v, bad := verifyToken(forge(string(header), string(claims), []byte(r.hs.Secret)), at, r.find)
		if bad == wire.CodeBadToken {
			return
		}
		g := v.grant()
		if v.key != r.hs || v.id == "" || len(g.User) > MaxUser || len(g.Metadata) > MaxMetadata || g.Role.String() == "" {
			t.Fatalf("took %s %s as %+v", header, claims, g)
		}
		if bad == "" && g.IssuedAt.After(at.Add(leeway)) && v.claims.IssuedAt != 0 {
			t.Fatalf("took a token of the future: %s", claims)
		}
		if _, err := json.Marshal(&v.claims); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkToken(b *testing.B) {
	r := newRing()
	for name, token := range map[string]string{"HS256": r.hsToken(b, nil), "EdDSA": r.edToken(b, nil)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, bad := verifyToken(token, at, r.find); bad != "" {
					b.Fatal(bad)
				}
			}
		})
	}
}
