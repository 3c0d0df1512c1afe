package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// TestFrameIsEncodedWhenAsked: who never asks for JSON never has it made, not even
// of what JSON has no word for.
func TestFrameIsEncodedWhenAsked(t *testing.T) {
	said := &Quality{Participants: []ParticipantQuality{{Participant: "a", UpLoss: math.NaN()}}}
	f := FrameOf(said)
	if f.Message() != Message(said) || said.Type != "quality" {
		t.Errorf("the frame says %#v", f.Message())
	}
	defer func() {
		if recover() == nil {
			t.Error("NaN became JSON")
		}
	}()
	f.Bytes()
}

// TestFrameIsEncodedOnce: all who ask get the same bytes, at once or later.
func TestFrameIsEncodedOnce(t *testing.T) {
	for range 100 {
		f := FrameOf(&Chatted{Message: ChatMessage{Text: strings.Repeat("tea ", 100)}})
		var got [8][]byte
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				f.Message()
				if got[i] = f.Bytes(); !bytes.HasSuffix(got[i], f.Text()) {
					t.Error("text and bytes differ")
				}
			})
		}
		all.Wait()
		for _, b := range got {
			if &b[0] != &got[0][0] {
				t.Fatal("encoded twice")
			}
		}
	}
}

// TestKeptFrames: what is kept of a frame is its bytes, and says the same.
func TestKeptFrames(t *testing.T) {
	for _, size := range []int{0, 100, 1000, 70_000} {
		said := &Chatted{Message: ChatMessage{ID: "1", Text: strings.Repeat("x", size)}}
		said.SetSeq(7)
		f := FrameOf(said)
		again := f.Keep().Frame()
		if &again.Bytes()[0] != &f.Bytes()[0] || !bytes.Equal(again.Text(), f.Text()) {
			t.Errorf("%d: other bytes", size)
		}
		if m := again.Message(); !reflect.DeepEqual(m, Message(said)) {
			t.Errorf("%d: says %#v", size, m)
		}
	}
	if m := NewFrame([]byte("hello")).Message(); m != nil {
		t.Errorf("hello says %#v", m)
	}
}

// TestCheckRequest: what did not come as JSON is held to the same.
func TestCheckRequest(t *testing.T) {
	head := Head{ID: 7}
	for _, c := range []struct {
		name string
		req  Request
		code Code
	}{
		{"a text", &Chat{Head: head, Key: "k", Text: " tea\r\n"}, ""},
		{"no id", &Chat{Key: "k", Text: "tea"}, CodeBadField},
		{"id 2^53", &Ping{Head{ID: MaxID + 1}}, CodeBadField},
		{"no text", &Chat{Head: head, Key: "k"}, CodeBadField},
		{"not UTF-8", &Chat{Head: head, Key: "k\xff", Text: "tea"}, CodeBadField},
		{"not UTF-8 deep inside", &Offer{Head: head, Offer: "v=0", Seats: []SeatMIDs{{Audio: "\xff"}}}, CodeBadField},
		{"not UTF-8 as a key", &Offer{Head: head, Offer: "v=0", Sources: map[Source]SourceSection{"\xff": {MID: "1"}}}, CodeBadField},
		{"a text of 64 KiB", &Chat{Head: head, Key: "k", Text: strings.Repeat("x", MaxSmallMessage)}, CodeTooLarge},
		{"too much of an offer", &Join{Head: head, Room: "tea", Name: "Ada", Offer: strings.Repeat("x", MaxMessage)}, CodeTooLarge},
		{"too much SDP", &Join{Head: head, Room: "tea", Name: "Ada", Offer: strings.Repeat("x", MaxSDP+1)}, CodeSDPTooLarge},
		{"no room", &Join{Head: head, Name: "Ada"}, CodeBadRoom},
		{"inferred", &Join{Head: head, Room: "tea", Name: "Ada", Offer: "v=0", Infer: true, Unmuted: []Source{Screen}}, ""},
		{"inferred from nothing", &Join{Head: head, Room: "tea", Name: "Ada", Infer: true}, CodeMissingField},
		{"inferred and unheard of", &Join{Head: head, Room: "tea", Name: "Ada", Offer: "v=0", Infer: true, Unmuted: []Source{"lidar"}}, CodeBadField},
		{"inferred and named", &Offer{Head: head, Offer: "v=0", Infer: true, Seats: []SeatMIDs{{Audio: "1"}}}, CodeBadField},
		{"somebody else's request", foreign{}, CodeUnknownType},
	} {
		size, err := CheckRequest(c.req)
		bad, _ := err.(*RequestError)
		switch {
		case c.code == "" && (err != nil || size == 0):
			t.Errorf("%s: %v, %d bytes", c.name, err, size)
		case c.code != "" && (bad == nil || bad.Code != c.code):
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		case c.code != "" && bad.ID != 0 && bad.ID != c.req.RequestID():
			t.Errorf("%s: refused as %d", c.name, bad.ID)
		}
	}
	join := &Join{Head: head, Room: " Tea-Room ", Name: "  Ada "}
	if _, err := CheckRequest(join); err != nil || join.Room != "tea-room" || join.Title != "Tea-Room" || join.Name != "Ada" || join.Type != TypeJoin {
		t.Errorf("%v: %+v", err, join)
	}
}

// TestTypedIsNoWiderThanJSON: what a door may hand in, whatever it made it of, could
// have come as JSON, and would have come to the same.
func TestTypedIsNoWiderThanJSON(t *testing.T) {
	taken := map[string]int{}
	for seed := range uint64(6_000) {
		rng := rand.New(rand.NewPCG(seed, 13))
		req := requests[seed%uint64(len(requests))].make()
		fillHostile(rng, reflect.ValueOf(req).Elem())
		if size, err := CheckRequest(req); err != nil || size > MaxMessage {
			continue
		}
		for _, infer := range []string{"Infer", "Title"} { // JSON has no word for them
			if f := reflect.ValueOf(req).Elem().FieldByName(infer); f.IsValid() {
				f.SetZero()
			}
		}
		text, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRequest(text)
		if bad, _ := err.(*RequestError); bad != nil && bad.Code == CodeTooLarge {
			continue // JSON has to escape some of it
		}
		if err != nil {
			t.Fatalf("seed %d: %.300s was taken, and is %v", seed, text, err)
		}
		if join, ok := again.(*Join); ok {
			join.Title = ""
		}
		if !reflect.DeepEqual(again, Request(req)) {
			t.Fatalf("seed %d: %.300s came to %#v, typed to %#v", seed, text, again, req)
		}
		taken[req.RequestType()]++
	}
	for _, kind := range RequestTypes() {
		if taken[kind] < 5 {
			t.Errorf("%s was taken %d times: nothing is shown by that", kind, taken[kind])
		}
	}
	echo := &Join{Head: Head{ID: 1}, Echo: true, Room: "tea", Title: "\u202etea", Name: "Ada"}
	if _, err := CheckRequest(echo); err != nil || echo.Room != "" || echo.Title != "" {
		t.Errorf("an echo room is called %q, %q; %v", echo.Room, echo.Title, err)
	}
}

// What fields are filled with: the first half is often right.
var (
	hostileTexts = []string{"", "a", "tea", " Tea ", "camera", "microphone", "screen", "0", "1", "👍", "VP8", "v=0", "abc-defg-hij", "\xff", "a\x00b", "\u202eevil", "\xed\xa0\xbd", "e\u0301",
		"../..", "<script>", "\r\n", strings.Repeat("x", 33), strings.Repeat("é", 65), strings.Repeat("😀", 4001), strings.Repeat("x", MaxSmallMessage), strings.Repeat("v", MaxSDP+1)}
	hostileNumbers = []int64{0, 1, 7, 720, 8192, 8193, -1, MaxID, MaxID + 1, math.MinInt64, math.MaxInt64}
)

// fillHostile fills v with what is right as often as not.
func fillHostile(rng *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostileTexts[rng.IntN(len(hostileTexts)>>rng.IntN(2))])
	case reflect.Int, reflect.Int64:
		v.SetInt(hostileNumbers[rng.IntN(len(hostileNumbers)>>rng.IntN(2))])
	case reflect.Uint64:
		v.SetUint(uint64(hostileNumbers[rng.IntN(len(hostileNumbers))]))
	case reflect.Bool:
		v.SetBool(rng.IntN(4) == 0)
	case reflect.Struct:
		for _, f := range v.Fields() {
			fillHostile(rng, f)
		}
	case reflect.Slice:
		n := []int{0, 0, 1, 2, MaxSeats + 1, MaxViewItems + 1}[rng.IntN(6)]
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fillHostile(rng, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rng.IntN(3) {
			key, item := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillHostile(rng, key)
			fillHostile(rng, item)
			v.SetMapIndex(key, item)
		}
	default:
		panic(v.Kind())
	}
}

// foreign is no request of this package.
type foreign struct{}

func (foreign) RequestID() int64    { return 7 }
func (foreign) RequestType() string { return TypePing }
