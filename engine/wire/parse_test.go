package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// valid holds one good message of every request type.
var valid = map[string]string{
	TypeJoin: `{"type":"join","id":1,"room":" Tea-Room.1 ","name":"  Ada   Lovelace ","identity":"k","offer":"v=0",` +
		`"sources":{"microphone":"0","camera":"1"},"seats":[{"audio":"2","video":"3"}],"unmuted":["camera"]}`,
	TypeResume:  `{"type":"resume","id":2,"token":"t","seq":0}`,
	TypeOffer:   `{"type":"offer","id":3,"offer":"v=0","sources":{},"seats":[]}`,
	TypeView:    `{"type":"view","id":4,"items":[{"participant":"p","source":"screen","width":640,"height":360}]}`,
	TypeMute:    `{"type":"mute","id":5,"source":"microphone","muted":true}`,
	TypeChat:    `{"type":"chat","id":6,"key":"k","text":"a\r\nb  "}`,
	TypeHand:    `{"type":"hand","id":7,"raised":false}`,
	TypeReact:   `{"type":"react","id":8,"emoji":"❤️"}`,
	TypeCaption: `{"type":"caption","id":9,"text":"","final":true}`,
	TypeRename:  `{"type":"rename","id":10,"name":"Ada"}`,
	TypePing:    `{"type":"ping","id":9007199254740991,"unknown":{"a":[1]}}`,
	TypeLeave:   `{"type":"leave","id":12}`,
}

func TestParseRequestTakesEveryType(t *testing.T) {
	for _, typ := range RequestTypes() {
		req, err := ParseRequest([]byte(valid[typ]))
		if err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		if req.RequestType() != typ || req.RequestID() == 0 {
			t.Errorf("%s: parsed as %q, id %d", typ, req.RequestType(), req.RequestID())
		}
	}
	if len(RequestTypes()) != len(requestKinds) {
		t.Errorf("%d request types are listed, %d are decoded", len(RequestTypes()), len(requestKinds))
	}
}

func TestParseRequestCleans(t *testing.T) {
	join, err := ParseRequest([]byte(valid[TypeJoin]))
	if err != nil {
		t.Fatal(err)
	}
	if j := join.(*Join); j.Room != "tea-room.1" || j.Name != "Ada Lovelace" {
		t.Errorf("room %q, name %q", j.Room, j.Name)
	}
	chat, err := ParseRequest([]byte(valid[TypeChat]))
	if err != nil {
		t.Fatal(err)
	}
	if c := chat.(*Chat); c.Text != "a\nb" {
		t.Errorf("text %q", c.Text)
	}
	echo, err := ParseRequest([]byte(`{"type":"join","id":1,"room":"../x","name":"a","echo":true}`))
	if err != nil {
		t.Fatal(err)
	}
	if j := echo.(*Join); j.Room != "" || !j.Echo {
		t.Errorf("echo join keeps room %q", j.Room)
	}
}

// replaceField returns the valid message of typ with a field set to raw JSON,
// or without it if raw is empty.
func replaceField(t *testing.T, typ, field, raw string) []byte {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(valid[typ]), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, field)
	if raw != "" {
		m[field] = json.RawMessage(raw)
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantRefused(t *testing.T, data []byte, code Code, id int64) {
	t.Helper()
	req, err := ParseRequest(data)
	var bad *RequestError
	if !errors.As(err, &bad) {
		t.Errorf("%.80s: got %v, %v; want %s", data, req, err, code)
		return
	}
	if bad.Code != code || bad.ID != id {
		t.Errorf("%.80s: got %s (id %d), want %s (id %d)", data, err, bad.ID, code, id)
	}
	if len(bad.Message) > 400 {
		t.Errorf("%.80s: the error repeats %d bytes of the input", data, len(bad.Message))
	}
}

func TestParseRequestMissingFields(t *testing.T) {
	for typ, kind := range requestKinds {
		var head Head
		if err := json.Unmarshal([]byte(valid[typ]), &head); err != nil {
			t.Fatal(err)
		}
		for _, f := range kind.required {
			wantRefused(t, replaceField(t, typ, f, ""), CodeMissingField, head.ID)
			wantRefused(t, replaceField(t, typ, f, "null"), CodeMissingField, head.ID)
		}
		for f := range goFields(t, reflect.TypeOf(kind.make()).Elem(), map[string]reflect.Type{}) {
			wantRefused(t, replaceField(t, typ, f, `[[{"no":"field is this"}]]`), CodeBadField, head.ID)
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	long := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	seats := func(n int) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`{"audio":"a` + strings.Repeat("1", i%30) + `","video":"v"}`)
		}
		return "[" + b.String() + "]"
	}
	items := "[" + strings.TrimSuffix(strings.Repeat(`{"participant":"p","source":"camera","width":1,"height":1},`, MaxViewItems+1), ",") + "]"
	for _, c := range []struct {
		name, data string
		code       Code
		id         int64
	}{
		{"empty", "", CodeBadJSON, 0},
		{"spaces", "  \n", CodeBadJSON, 0},
		{"not JSON", "hello", CodeBadJSON, 0},
		{"array", `[1]`, CodeBadJSON, 0},
		{"null", `null`, CodeBadJSON, 0},
		{"cut", `{"type":"ping","id":1`, CodeBadJSON, 0},
		{"cut behind the id", `{"type":"ping","id":1,`, CodeBadJSON, 1},
		{"two", `{"type":"ping","id":1}{}`, CodeBadJSON, 1},
		{"invalid UTF-8", "{\"type\":\"ping\",\"id\":1,\"x\":\"\xff\"}", CodeBadJSON, 1},
		{"deep", `{"type":"ping","id":1,"x":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, CodeTooDeep, 1},
		{"deep and never closed", strings.Repeat(`{"a":`, 60000), CodeTooDeep, 0},
		{"just too deep", `{"type":"ping","id":1,"x":[[[[[[[[1]]]]]]]]}`, CodeTooDeep, 1},
		{"no type", `{"id":5}`, CodeMissingField, 5},
		{"null type", `{"id":5,"type":null}`, CodeMissingField, 5},
		{"number as type", `{"id":5,"type":7}`, CodeBadField, 5},
		{"type in capitals", `{"id":5,"Type":"ping"}`, CodeMissingField, 5},
		{"another type in capitals", `{"id":5,"type":"join","Type":"ping","name":"a","echo":true}`, CodeBadField, 5},
		{"another field in Kelvins", `{"id":5,"type":"resume","token":"t","seq":1,"to\u212aen":"u"}`, CodeBadField, 5},
		{"another id in capitals", `{"id":5,"type":"ping","ID":-5}`, CodeBadField, 5},
		{"another field in capitals", `{"id":5,"type":"view","items":[],"Items":null}`, CodeBadField, 5},
		{"unknown type", `{"id":5,"type":"reboot"}`, CodeUnknownType, 5},
		{"long unknown type", `{"id":5,"type":` + long(50000) + `}`, CodeUnknownType, 5},
		{"no id", `{"type":"ping"}`, CodeMissingField, 0},
		{"id 0", `{"type":"ping","id":0}`, CodeBadField, 0},
		{"negative id", `{"type":"ping","id":-1}`, CodeBadField, 0},
		{"id 2^53", `{"type":"ping","id":9007199254740992}`, CodeBadField, 0},
		{"fraction as id", `{"type":"ping","id":1.5}`, CodeBadField, 0},
		{"string as id", `{"type":"ping","id":"1"}`, CodeBadField, 0},
		{"huge number", `{"type":"view","id":1,"items":` + strings.Repeat("9", 60000) + `}`, CodeBadField, 1},
		{"everything too large", `{"type":"join","id":1,"offer":` + long(MaxMessage) + `}`, CodeTooLarge, 1},
		{"small type too large", `{"type":"chat","id":1,"key":"k","text":` + long(MaxSmallMessage) + `}`, CodeTooLarge, 1},
		{"bad room", string(replaceField(t, TypeJoin, "room", `"a/b"`)), CodeBadRoom, 1},
		{"no room", string(replaceField(t, TypeJoin, "room", "")), CodeBadRoom, 1},
		{"long name", string(replaceField(t, TypeJoin, "name", long(10000))), CodeBadName, 1},
		{"huge name", string(replaceField(t, TypeJoin, "name", long(300000))), CodeBadName, 1},
		{"invisible name", string(replaceField(t, TypeRename, "name", `"\u202e\u200b "`)), CodeBadName, 10},
		{"long identity", string(replaceField(t, TypeJoin, "identity", long(MaxIdentity+1))), CodeBadField, 1},
		{"sections without offer", string(replaceField(t, TypeJoin, "offer", "")), CodeMissingField, 1},
		{"large SDP", string(replaceField(t, TypeJoin, "offer", long(MaxSDP+1))), CodeSDPTooLarge, 1},
		{"unknown source", string(replaceField(t, TypeJoin, "sources", `{"lidar":"0"}`)), CodeBadField, 1},
		{"mid used twice", string(replaceField(t, TypeJoin, "sources", `{"microphone":"2"}`)), CodeBadField, 1},
		{"empty mid", string(replaceField(t, TypeJoin, "sources", `{"microphone":""}`)), CodeBadField, 1},
		{"a new seat without sections", string(replaceField(t, TypeJoin, "seats", `[{"audio":"","video":""}]`)), CodeBadField, 1},
		{"null seat", string(replaceField(t, TypeJoin, "seats", `[null]`)), CodeBadField, 1},
		{"41 seats", string(replaceField(t, TypeJoin, "seats", seats(MaxSeats+1))), CodeTooManySeat, 1},
		{"unmuted without source", string(replaceField(t, TypeJoin, "unmuted", `["screen"]`)), CodeBadField, 1},
		{"empty offer", string(replaceField(t, TypeOffer, "offer", `""`)), CodeMissingField, 3},
		{"empty token", string(replaceField(t, TypeResume, "token", `""`)), CodeBadField, 2},
		{"1 KiB token", string(replaceField(t, TypeResume, "token", long(1024))), CodeBadField, 2},
		{"negative seq", string(replaceField(t, TypeResume, "seq", `-1`)), CodeBadField, 2},
		{"huge seq", string(replaceField(t, TypeResume, "seq", `18446744073709551615`)), CodeBadField, 2},
		{"257 items", string(replaceField(t, TypeView, "items", items)), CodeBadField, 4},
		{"view of a microphone", string(replaceField(t, TypeView, "items", `[{"participant":"p","source":"microphone"}]`)), CodeBadField, 4},
		{"view of nobody", string(replaceField(t, TypeView, "items", `[{"source":"camera"}]`)), CodeBadField, 4},
		{"null item", string(replaceField(t, TypeView, "items", `[null]`)), CodeBadField, 4},
		{"wide tile", string(replaceField(t, TypeView, "items", `[{"participant":"p","source":"camera","width":8193}]`)), CodeBadField, 4},
		{"negative tile", string(replaceField(t, TypeView, "items", `[{"participant":"p","source":"camera","height":-1}]`)), CodeBadField, 4},
		{"mute of nothing", string(replaceField(t, TypeMute, "source", `""`)), CodeBadField, 5},
		{"long text", string(replaceField(t, TypeChat, "text", long(MaxChatRunes+1))), CodeChatTooLong, 6},
		{"invisible text", string(replaceField(t, TypeChat, "text", `" \n\u200b\u202e\u0000"`)), CodeBadField, 6},
		{"empty key", string(replaceField(t, TypeChat, "key", `""`)), CodeBadField, 6},
		{"long key", string(replaceField(t, TypeChat, "key", long(MaxKey+1))), CodeBadField, 6},
		{"other emoji", string(replaceField(t, TypeReact, "emoji", `"💀"`)), CodeBadField, 8},
		{"long caption", string(replaceField(t, TypeCaption, "text", long(MaxCaptionRunes+1))), CodeBadField, 9},
	} {
		t.Run(c.name, func(t *testing.T) { wantRefused(t, []byte(c.data), c.code, c.id) })
	}
}

func TestParseRequestTakesTheLargest(t *testing.T) {
	chat := replaceField(t, TypeChat, "text", `"`+strings.Repeat("語", MaxChatRunes)+`"`)
	if _, err := ParseRequest(chat); err != nil {
		t.Errorf("a text of %d characters: %v", MaxChatRunes, err)
	}
	offer := replaceField(t, TypeOffer, "offer", `"`+strings.Repeat("a", MaxSDP)+`"`)
	if _, err := ParseRequest(offer); err != nil {
		t.Errorf("an offer of %d bytes: %v", MaxSDP, err)
	}
	if _, err := ParseRequest([]byte(`{"type":"ping","id":1,"x":[[[[[[["]]]]]]]]]]"]]]]]]]}`)); err != nil {
		t.Errorf("nested %d deep: %v", MaxDepth, err)
	}
}

func TestFrameHasTheTypeAndTheHeader(t *testing.T) {
	for typ, make := range newMessage {
		f := FrameOf(make())
		m, err := ParseMessage(f.Text())
		if err != nil || reflect.TypeOf(m) != reflect.TypeOf(make()) {
			t.Errorf("%s: came back as %T, %v", typ, m, err)
		}
	}
	if listed := len(replies) + len(events); listed != len(newMessage) {
		t.Errorf("%d messages are listed, %d have a type of their own", listed, len(newMessage))
	}
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 70000} {
		f := NewFrame(slices.Repeat([]byte{'x'}, n))
		if len(f.Text()) != n {
			t.Errorf("%d bytes became %d", n, len(f.Text()))
		}
		if got, want := frameLength(f.Bytes()), n; got != want {
			t.Errorf("header says %d bytes, want %d", got, want)
		}
	}
}

// frameLength reads the payload length of an unmasked frame, RFC 6455 §5.2.
func frameLength(b []byte) int {
	n, at := int(b[1]), 2
	size := map[int]int{126: 2, 127: 8}[n]
	if size > 0 {
		n = 0
		for _, c := range b[at : at+size] {
			n = n<<8 | int(c)
		}
		at += size
	}
	if len(b)-at != n {
		return -1
	}
	return n
}

func TestFrameKeepsMarkupAsItIs(t *testing.T) {
	f := FrameOf(&Chatted{Message: ChatMessage{Text: "<b>&"}})
	if !strings.Contains(string(f.Text()), `"<b>&"`) {
		t.Errorf("encoded as %s", f.Text())
	}
}

// exactHead reads id and type by their exact names only.
func exactHead(t *testing.T, data []byte) (head Head) {
	t.Helper()
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	head.Type, _ = fields["type"].(string)
	id, _ := fields["id"].(json.Number)
	head.ID = exactInteger(id)
	return head
}

// exactInteger is the value of a number that is an integer, 0 for another one.
func exactInteger(n json.Number) int64 {
	exact, ok := new(big.Rat).SetString(string(n))
	if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
		return 0
	}
	return exact.Num().Int64()
}

// A source's section is its mid, or an object with it; a seat needs no video, and
// keeps its place when a half of it, or both, have been stopped.
func TestSectionsHaveShortForms(t *testing.T) {
	const offer = `{"type":"offer","id":1,"offer":"v=0","sources":{"microphone":"0","camera":{"mid":"1","codec":"VP9","more":[1]},"screen":{"mid":"2"}},` +
		`"seats":[{"audio":"4","video":"5"},{"audio":"6","video":""},{"audio":"7"},{"audio":"8","video":null},` +
		`{"audio":"","video":"9"},{"audio":"","video":""}]}`
	req, err := ParseRequest([]byte(offer))
	if err != nil {
		t.Fatal(err)
	}
	got := req.(*Offer)
	if want := map[Source]SourceSection{Microphone: {MID: "0"}, Camera: {"1", "VP9"}, Screen: {MID: "2"}}; !maps.Equal(got.Sources, want) {
		t.Errorf("sources %+v", got.Sources)
	}
	if want := []SeatMIDs{{"4", "5"}, {Audio: "6"}, {Audio: "7"}, {Audio: "8"}, {Video: "9"}, {}}; !slices.Equal(got.Seats, want) {
		t.Errorf("seats %+v", got.Seats)
	}
	for _, bad := range []string{`{"camera":""}`, `{"camera":{}}`, `{"camera":null}`, `{"camera":["1"]}`, `{"camera":1}`, `{"camera":{"mid":"1","codec":7}}`,
		`{"camera":"1","screen":{"mid":"1"}}`, `{"camera":{"mid":"1","codec":"` + strings.Repeat("x", MaxCodec+1) + `"}}`} {
		if _, err := ParseRequest([]byte(`{"type":"offer","id":1,"offer":"v=0","sources":` + bad + `,"seats":[]}`)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	for _, bad := range []string{`[{"video":"5"},{"video":"5"}]`, `[{"audio":"4"},{"audio":"4"}]`, `[{"audio":"4","video":"4"}]`} {
		if _, err := ParseRequest([]byte(`{"type":"offer","id":1,"offer":"v=0","sources":{},"seats":` + bad + `}`)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	for _, typ := range RequestTypes() {
		f.Add([]byte(valid[typ]))
	}
	f.Add([]byte(`{"type":"view","id":1,"items":[null]}`))
	f.Add([]byte(`{"type":"offer","id":1,"offer":"v=0","sources":{"camera":{"mid":"1","codec":"VP9"},"screen":"2"},"seats":[{"audio":"3"}]}`))
	f.Add([]byte(`{"type":"view","id":1e3,"items":[{"participant":"p","source":"camera","width":640.0,"height":3.6E+2}]}`))
	f.Add([]byte(`{"type":"chat","id":1,"key":"\u0000","text":"\ud800"}`))
	f.Add([]byte(strings.Repeat(`{"a":`, 20)))
	f.Add([]byte(`{"id":7,"type":"join","Type":"ping","name":"a","echo":true}`))
	f.Add([]byte(`{"id":7,"type":"ping","ID":-5}`))
	f.Add([]byte(`{"id":7,"id":8,"type":"join","type":"ping"}`))
	f.Add([]byte(`{"id":7,"type":"offer","offer":"v=0","sources":{},"Sources":null,"\u017feats":[],"seats":[]}`))
	f.Add([]byte(`{"type":"join","id":1,"room":"tea","name":"Ada","offer":"v=0","sources":{},"seats":[],"unmuted":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, err := ParseRequest(data)
		if (req == nil) == (err == nil) {
			t.Fatalf("got %v and %v", req, err)
		}
		if err != nil {
			var bad *RequestError
			if !errors.As(err, &bad) || bad.Code == "" || bad.ID < 0 || bad.ID > MaxID {
				t.Fatalf("refused with %#v", err)
			}
			FrameOf(ErrorTo(bad.ID, bad.Code, bad.Message)).Bytes()
			return
		}
		if head := exactHead(t, data); req.RequestID() != head.ID || req.RequestType() != head.Type ||
			reflect.TypeOf(req) != reflect.TypeOf(requestKinds[head.Type].make()) {
			t.Fatalf("%s became a %T with type %q and id %d", data, req, req.RequestType(), req.RequestID())
		}
		// What was taken once is taken again, and says the same: cleaning is
		// idempotent.
		again, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseRequest(again)
		if err != nil {
			t.Fatalf("%s became %s: %v", data, again, err)
		}
		if join, ok := req.(*Join); ok {
			join.Title = join.Room // what is sent is now the key
		}
		if !reflect.DeepEqual(req, second) {
			t.Fatalf("%s became %#v, then %#v", data, req, second)
		}
		if _, err := CheckRequest(second); err != nil {
			t.Fatalf("%s became %#v, which is refused: %v", data, second, err)
		}
	})
}
