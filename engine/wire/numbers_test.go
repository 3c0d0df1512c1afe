package wire

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

// An integer is one however it is written.
func TestIntegersHaveManySpellings(t *testing.T) {
	for _, spelling := range []string{"1000", "1e3", "1E3", "1.0e3", "1.000e+3", "1000.0", "10000e-1", "100000.00E-02", "0.001e6"} {
		req, err := ParseRequest([]byte(`{"type":"ping","id":` + spelling + `}`))
		if err != nil || req.RequestID() != 1000 {
			t.Errorf("id %s: %v, %v", spelling, req, err)
		}
		if id := PeekID([]byte(`{"id":` + spelling + `,`)); id != 1000 {
			t.Errorf("id %s: found %d", spelling, id)
		}
	}
	// Not in ids only.
	req, err := ParseRequest([]byte(`{"type":"view","id":2.0,"items":[{"participant":"p","source":"camera","width":6.4e2,"height":360.0}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if it := req.(*View).Items[0]; it.Width != 640 || it.Height != 360 {
		t.Errorf("tile %+v", it)
	}
	// And not in texts.
	text := `1e3 \" 2.0 \\`
	if req, err = ParseRequest([]byte(`{"type":"chat","key":"1.0","text":"` + text + `","id":1.0}`)); err != nil {
		t.Fatal(err)
	}
	if c := req.(*Chat); c.Key != "1.0" || c.Text != `1e3 " 2.0 \` {
		t.Errorf("chat %+v", c)
	}
}

func TestIntegerRefuses(t *testing.T) {
	for _, no := range []string{
		"", "-", ".", "e", "1.", ".5", "01", "1e", "1e+", "1.5", "1e-1", "10e-2", "+1", "--1", "1.0.0", "1e1e1", "0x1", "1 ",
		"9007199254740992", "1e16", "1e99999999999999999999", "5e-99999999999999999999", "0.1e-" + strings.Repeat("9", 1000),
	} {
		if v, ok := integer([]byte(no)); ok {
			t.Errorf("%.40q is taken for %d", no, v)
		}
	}
	for text, want := range map[string]int64{"0": 0, "-0.0": 0, "0e999999999999": 0, "-5e0": -5, "9007199254740991": MaxID, "90071992547409910e-1": MaxID} {
		if v, ok := integer([]byte(text)); !ok || v != want {
			t.Errorf("%s is taken for %d, %v", text, v, ok)
		}
	}
	for _, bad := range []string{`{"type":"ping","id":1.5}`, `{"type":"ping","id":1.}`, `{"type":"ping","id":0.0}`, `{"type":"ping","id":1e16}`} {
		if _, err := ParseRequest([]byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// FuzzPlainNumbers: what is JSON says the same afterwards, what is none stays so.
func FuzzPlainNumbers(f *testing.F) {
	for _, s := range []string{`{"a":1.0,"b":[1e3,-2.50e1,true,false,null,"1e3\"","\\"],"c":1.5}`, `1e`, `[1.0`, `"1.0`, `1.0e5 2.0`, `truE`, `0e10000000000000000000`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		plain := plainNumbers(data)
		if json.Valid(data) != json.Valid(plain) {
			t.Fatalf("%q became %q", data, plain)
		}
		if json.Valid(data) && !sameJSON(decodeExact(t, data), decodeExact(t, plain)) {
			t.Fatalf("%q became %q", data, plain)
		}
	})
}

func decodeExact(t *testing.T, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// exact is a number's value, nil if its exponent is beyond what big.Float knows.
// Of nothing that is no matter: zero times any power of ten is zero.
func exact(n json.Number) *big.Float {
	mantissa, _, _ := strings.Cut(strings.ToLower(string(n)), "e")
	if strings.Trim(mantissa, "-0.") == "" {
		return new(big.Float)
	}
	x, _ := new(big.Float).SetPrec(200).SetString(string(n))
	return x
}

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok || a == b {
			return ok
		}
		x, y := exact(a), exact(b)
		return x != nil && y != nil && x.Cmp(y) == 0
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if !sameJSON(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	return a == b
}
