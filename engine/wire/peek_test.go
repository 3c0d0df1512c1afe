package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestPeekID(t *testing.T) {
	sdp := strings.Repeat(`a=candidate:1 \"1\" udp \\\r\n`, 100) + strings.Repeat(`a=x\r\n`, 40_000)
	for _, c := range []struct {
		name, data string
		want       int64
	}{
		{"first", `{"id":7,"type":"ping"}`, 7},
		{"second", `{"type":"ping","id":7}`, 7},
		{"the largest", `{"id":9007199254740991}`, MaxID},
		{"with space", " \t\r\n{ \"type\" : \"ping\" ,\n \"id\" : \t12 \r\n}", 12},
		{"before 200 KiB", `{"type":"offer","id":7,"offer":"` + sdp + `"}`, 7},
		{"behind 200 KiB", `{"type":"offer","offer":"` + sdp + `","id":7}`, 7},
		{"behind other values", `{"a":[1,{"id":3},"]"],"b":{"id":4},"c":null,"d":-1.5e3,"e":true,"id":7}`, 7},
		{"before nonsense", `{"id":7,"x":[[[[[[[[[[[[`, 7},
		{"before nothing", `{"id":7,`, 7},
		{"written as a fraction", `{"id":7.0}`, 7},
		{"written with an exponent", `{"id":1e3 ,"x":`, 1000},
		{"twice", `{"id":7,"id":8}`, 7},
		{"a backslash at the end of a string", `{"a":"\\","id":7}`, 7},
		{"a quote in a string", `{"a":"\",\"id\":3,\"","id":7}`, 7},

		{"empty", "", 0},
		{"none", `{"type":"ping"}`, 0},
		{"in a string", `{"type":"\"id\":7,"}`, 0},
		{"inside", `{"a":{"id":7}}`, 0},
		{"in an array", `[{"id":7}]`, 0},
		{"in capitals", `{"ID":7}`, 0},
		{"escaped", `{"\u0069d":7}`, 0},
		{"cut", `{"id":7`, 0},
		{"cut before", `{"id":`, 0},
		{"cut in a string", `{"type":"pi`, 0},
		{"0", `{"id":0}`, 0},
		{"leading 0", `{"id":07}`, 0},
		{"negative", `{"id":-7}`, 0},
		{"fraction", `{"id":7.5}`, 0},
		{"cut in an exponent", `{"id":7e`, 0},
		{"cut before an exponent's digits", `{"id":7e,"x":1}`, 0},
		{"string", `{"id":"7"}`, 0},
		{"null", `{"id":null}`, 0},
		{"2^53", `{"id":9007199254740992}`, 0},
		{"endless digits", `{"id":` + strings.Repeat("9", 100_000) + `}`, 0},
		{"two numbers", `{"id":7 7}`, 7}, // no JSON, but no doubt either
		{"no colon", `{"id" 7}`, 0},
		{"behind too much", `{"a":[` + strings.Repeat("1,", 5000) + `1],"id":7}`, 0},
		{"behind too many escapes", `{"a":"` + strings.Repeat(`\"`, 5000) + `","id":7}`, 0},
		{"behind too many backslashes", `{"a":"` + strings.Repeat(`\`, 10_000) + `","id":7}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := PeekID([]byte(c.data)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestPeekIDIsCheap: whatever the message, few bytes are looked at.
func TestPeekIDIsCheap(t *testing.T) {
	for _, part := range []string{`\`, `\"`, `"`, `"a":1,`, `{"a":`, `[`, ` `, `9`} {
		p := peeker{[]byte(`{"a":"` + strings.Repeat(part, MaxMessage/len(part))), peekSteps}
		p.eat('{')
		for range MaxMessage {
			if _, ok := p.text(); !ok || !p.eat(':') || !p.skip() || !p.eat(',') {
				break
			}
		}
		if p.steps < -8 {
			t.Errorf("%q: %d steps too many", part, -p.steps)
		}
	}
	data := []byte(`{"type":"offer","id":7,"offer":"v=0"}`)
	if n := testing.AllocsPerRun(100, func() { PeekID(data) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzPeekID: of a JSON object it is the first field of that name, or 0.
func FuzzPeekID(f *testing.F) {
	for _, typ := range RequestTypes() {
		f.Add([]byte(valid[typ]))
	}
	f.Add([]byte(`{"a":"\\\"","b":[{"id":1}],"id":2,"id":3}`))
	f.Add([]byte(`{"\u0069d":1,"ID":2,"id":3.0}`))
	f.Add([]byte(`{"id":07,"x":"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		id := PeekID(data)
		if id < 0 || id > MaxID {
			t.Fatalf("got %d", id)
		}
		if id == 0 || !json.Valid(data) {
			return
		}
		if first := firstID(t, data); first != id {
			t.Fatalf("%s: got %d, the first is %d", data, id, first)
		}
		// With one field whose name ends in d, what is peeked is what is parsed.
		if req, err := ParseRequest(data); err == nil && bytes.Count(data, []byte(`d"`)) == 1 && req.RequestID() != id {
			t.Fatalf("%s: got %d, parsed is %d", data, id, req.RequestID())
		}
	})
}

// firstID reads the first field id of an object with the library's decoder.
func firstID(t *testing.T, data []byte) int64 {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		t.Fatalf("%s: %v, %v", data, start, err)
	}
	for d.More() {
		at := d.InputOffset()
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		plain := bytes.HasSuffix(data[at:d.InputOffset()], []byte(`"id"`))
		var value any
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if key == "id" && plain {
			n, _ := value.(json.Number)
			return exactInteger(n)
		}
	}
	return 0
}
