package portmux

import "testing"

// FuzzDecide: the verdict does not depend on how the bytes come in pieces, stays
// when more follow, and is there when all that may be looked at is.
func FuzzDecide(f *testing.F) {
	for _, seed := range []string{"", "G", "GET / HTTP/1.1", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\x16",
		"\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x42", "\x00\x14", "\xff\xff\xff", "get", "PRI * HTTP/2.0\r\n\r\n", "\r\nGET /"} {
		f.Add([]byte(seed))
	}
	never := func([]byte) Verdict { return More } // keeps those after it waiting
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), Peek)]
		for _, table := range [][]Matcher{
			{{Match: TLS}, {Match: HTTP}, {Match: framed}},
			{{Match: TLS}, {Match: Any}},
			{{Match: framed}, {Match: never}, {Match: HTTP}},
			{},
		} {
			wantWho, want := decide(table, b)
			for n := range b {
				who, v := decide(table, b[:n])
				if v == More && len(b) > 0 {
					continue
				}
				if v != want || v == Yes && who != wantWho {
					t.Fatalf("of %q the first %d say %d of %d, all say %d of %d", b, n, v, who, want, wantWho)
				}
			}
			if len(b) == Peek && want == More {
				t.Fatalf("%q is still not enough", b)
			}
		}
	})
}

func TestDecide(t *testing.T) {
	table := []Matcher{{Match: TLS}, {Match: HTTP}, {Match: framed}}
	for _, c := range []struct {
		head string
		who  int
		want Verdict
	}{
		{"", 0, More}, {"\x16", 0, Yes}, {"A", 1, Yes}, {"Z", 1, Yes}, {"\x00", 2, More}, {"\x00\x00\x03", 2, Yes},
		{"\x00\x00\x04", 0, No}, {"@", 2, More}, {"[", 2, More}, {"get", 0, No}, {"\x15", 2, More}, {"\x17", 2, More},
	} {
		if who, v := decide(table, []byte(c.head)); v != c.want || v != No && len(c.head) > 0 && who != c.who {
			t.Errorf("%q: %d of %d, want %d of %d", c.head, v, who, c.want, c.who)
		}
	}
}
