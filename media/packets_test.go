package media

import (
	"bufio"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// recorded is a packet that a browser sent.
type recorded struct {
	from    string // codec/browser or codec/browser/mode
	pkt     []byte
	header  Header
	payload []byte
	facts   Facts
}

// recordings returns the packets of testdata/packets.txt that are from there, in
// order; those of all origins that start with from, if that ends in a slash.
// They came out of an Opener.
func recordings(t testing.TB, from string) (list []recorded) {
	t.Helper()
	f, err := os.Open("testdata/packets.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if name != from && !(strings.HasSuffix(from, "/") && strings.HasPrefix(name, from)) {
			continue
		}
		r := recorded{from: name}
		if r.pkt, err = hex.DecodeString(text); err != nil {
			t.Fatal(err)
		}
		if err := ParseHeader(r.pkt, &r.header); err != nil {
			t.Fatal(err)
		}
		if r.payload, err = Payload(r.pkt, &r.header); err != nil {
			t.Fatal(err)
		}
		codec, _, _ := strings.Cut(name, "/")
		if err := ParseFacts(CodecByName(codec), r.payload, &r.facts); err != nil {
			t.Fatalf("%s: %v: %x", name, err, r.payload)
		}
		list = append(list, r)
	}
	if len(list) == 0 || lines.Err() != nil {
		t.Fatalf("%d packets of %s, %v", len(list), from, lines.Err())
	}
	return list
}
